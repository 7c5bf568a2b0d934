import type { JSX } from "preact";
import type { MatchView } from "../../api.ts";
import { inningsName } from "../view/words.ts";
import { Chart } from "./chart.tsx";
import { wormLines, wormOption } from "./worm-option.ts";

/** Runs by over of each innings, wickets as dots. */
export function Worm({ view }: { readonly view: MatchView }): JSX.Element {
  const lines = wormLines(view);
  const words =
    lines.length === 0
      ? "Worm: no ball yet."
      : `Worm: runs by ${lines[0]?.unit ?? "ball"}. ${lines.map(({ name, total }) => `${name} ${total}`).join("; ")}.`;
  return (
    <Chart
      id="worm"
      title="Worm"
      words={words}
      data={view}
      option={(palette, isNarrow) => wormOption(view, palette, isNarrow)}
      legend={<Legend view={view} />}
      table={() => <WormTable view={view} />}
    />
  );
}

export function Legend({ view }: { readonly view: MatchView }): JSX.Element {
  return (
    <ul class="keys">
      {view.innings.map((innings) => (
        <li key={innings.number} class={`key series-${((innings.number - 1) % 4) + 1}`}>
          <span class="key-line" aria-hidden="true" />
          {inningsName(
            { number: innings.number, team: innings.team, superOver: innings.card.super_over },
            view.match.scores,
          )}
        </li>
      ))}
    </ul>
  );
}

/** Totals at the end of each over: a row a ball would be hundreds. */
function WormTable({ view }: { readonly view: MatchView }): JSX.Element {
  const overs = Math.max(0, ...view.innings.flatMap(({ manhattan }) => manhattan.map(([over]) => over)));
  const totals = view.innings.map(({ manhattan }) => {
    let [runs, wickets] = [0, 0];
    return new Map(
      manhattan.map(([over, more, fallen]) => {
        runs += more;
        wickets += fallen;
        return [over, `${runs}/${wickets}`] as const;
      }),
    );
  });
  return (
    <table class="figures small">
      <thead>
        <tr>
          <th scope="col">After over</th>
          {view.innings.map((innings) => (
            <th key={innings.number} scope="col" class="n">
              {inningsName(
                { number: innings.number, team: innings.team, superOver: innings.card.super_over },
                view.match.scores,
              )}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {Array.from({ length: overs }, (_, at) => (
          <tr key={at}>
            <th scope="row">{at + 1}</th>
            {totals.map((column, innings) => (
              <td key={innings} class="n">
                {column.get(at + 1) ?? ""}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
