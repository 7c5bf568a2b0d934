import type { JSX } from "preact";
import type { InningsView, MatchView } from "../../api.ts";
import { inningsName } from "../view/words.ts";
import { Chart } from "./chart.tsx";
import { manhattanOption } from "./manhattan-option.ts";

/** Runs of each over of one innings, wickets as dots above. */
export function Manhattan(props: { readonly view: MatchView; readonly innings: InningsView | undefined }): JSX.Element {
  const { view, innings } = props;
  const overs = innings?.manhattan ?? [];
  const name =
    innings === undefined
      ? ""
      : inningsName(
          { number: innings.number, team: innings.team, superOver: innings.card.super_over },
          view.match.scores,
        );
  const best = overs.reduce((most, over) => (over[1] > most[1] ? over : most), [0, 0, 0] as readonly [
    number,
    number,
    number,
  ]);
  const words =
    overs.length === 0
      ? "Manhattan: no over yet."
      : `Manhattan: runs of each over. ${name}, ${overs.length} overs, most in over ${best[0]}: ${best[1]}.`;
  return (
    <Chart
      id="manhattan"
      title="Manhattan"
      words={words}
      data={innings}
      option={(palette, isNarrow) => manhattanOption(innings, view.overs, palette, isNarrow)}
      legend={
        <ul class="keys">
          <li class={`key series-${(((innings?.number ?? 1) - 1) % 4) + 1}`}>
            <span class="key-line" aria-hidden="true" />
            {name}
          </li>
          <li class="key">
            <span class="key-dot" aria-hidden="true" />
            wicket
          </li>
        </ul>
      }
      table={() => (
        <table class="figures small">
          <thead>
            <tr>
              <th scope="col">Over</th>
              <th scope="col" class="n">
                Runs
              </th>
              <th scope="col" class="n">
                Wickets
              </th>
            </tr>
          </thead>
          <tbody>
            {overs.map(([over, runs, wickets]) => (
              <tr key={over}>
                <th scope="row">{over}</th>
                <td class="n">{runs}</td>
                <td class="n">{wickets}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    />
  );
}
