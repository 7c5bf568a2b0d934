import type { JSX } from "preact";
import type { InningsView, ScoredBatter, ScoredBowler, ScoredInnings } from "../../api.ts";
import { bowlerOvers, rate } from "../../../domain/cricket/words.ts";
import { counted } from "./words.ts";

/** What a file format cannot tell. */
const UNKNOWN = "–";

/** Everybody has a row from the start, whoever bats: a new batter moves nothing. */
export function BattingCard({ innings }: { readonly innings: InningsView }): JSX.Element {
  const { card, dismissals, didNotBat } = innings;
  return (
    <section class="card" aria-labelledby="batting">
      <h3 id="batting">Batting</h3>
      <div class="scroll" tabIndex={0} role="group" aria-label="Batting card">
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">Batter</th>
              <th scope="col" class="wide">
                <span class="unseen">How out</span>
              </th>
              <NumberHead short="R" long="Runs" />
              <NumberHead short="B" long="Balls" />
              <NumberHead short="4s" long="Fours" />
              <NumberHead short="6s" long="Sixes" />
              <NumberHead short="SR" long="Strike rate: runs per hundred balls" />
            </tr>
          </thead>
          <tbody>
            {card.batters.map((batter, place) => (
              <BatterRow key={batter.name} batter={batter} how={dismissals[place] ?? batter.how} />
            ))}
            {didNotBat.map((name) => (
              <tr key={name} class="to-come">
                <th scope="row">{name}</th>
                <td class="wide" />
                <td colSpan={5} />
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">Extras</th>
              <td class="wide">{extrasText(card)}</td>
              <td class="n">{card.extras_total}</td>
              <td colSpan={4} />
            </tr>
            <tr class="sum">
              <th scope="row">Total</th>
              <td class="wide">
                {innings.overs === null ? counted(card.deliveries, "ball") : `${innings.overs} overs`}
                {innings.runRate === null ? "" : `, ${innings.runRate.toFixed(2)} an over`}
              </td>
              <td class="n" data-total={innings.total}>
                {card.runs}
              </td>
              <td colSpan={4} class="n">
                {card.wickets} wkts
              </td>
            </tr>
          </tfoot>
        </table>
      </div>
    </section>
  );
}

function NumberHead({ short, long }: { readonly short: string; readonly long: string }): JSX.Element {
  return (
    <th scope="col" class="n">
      <abbr title={long}>{short}</abbr>
    </th>
  );
}

function BatterRow({ batter, how }: { readonly batter: ScoredBatter; readonly how: string }): JSX.Element {
  return (
    <tr class={batter.out ? undefined : "in"}>
      <th scope="row">
        {batter.name}
        <span class="how-narrow">{how}</span>
      </th>
      <td class="wide">{how}</td>
      <td class="n strong">{batter.runs}</td>
      <td class="n">{batter.balls ?? UNKNOWN}</td>
      <td class="n">{batter.fours}</td>
      <td class="n">{batter.sixes}</td>
      <td class="n">{rate(batter.runs * 100, batter.balls)}</td>
    </tr>
  );
}

function extrasText({ extras }: ScoredInnings): string {
  if (extras === null) return "";
  const parts: readonly (readonly [number, string])[] = [
    [extras.byes, "b"],
    [extras.legbyes, "lb"],
    [extras.wides, "w"],
    [extras.noballs, "nb"],
    [extras.penalty, "pen"],
  ];
  return parts
    .filter(([runs]) => runs > 0)
    .map(([runs, word]) => `${word} ${runs}`)
    .join(", ");
}

export function BowlingCard(props: { readonly innings: InningsView; readonly ballsPerOver: number }): JSX.Element {
  return (
    <section class="card bowling" aria-labelledby="bowling">
      <h3 id="bowling">Bowling</h3>
      <div class="scroll" tabIndex={0} role="group" aria-label="Bowling card">
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">Bowler</th>
              <NumberHead short="O" long="Overs" />
              <NumberHead short="M" long="Maidens" />
              <NumberHead short="R" long="Runs" />
              <NumberHead short="W" long="Wickets" />
              <NumberHead short="Econ" long="Runs an over" />
              <NumberHead short="wd" long="Runs in wides" />
              <NumberHead short="nb" long="Runs in no-balls" />
            </tr>
          </thead>
          <tbody>
            {props.innings.card.bowlers.map((bowler, place) => (
              <BowlerRow
                key={bowler.name}
                bowler={bowler}
                balls={props.innings.bowled[place] ?? null}
                ballsPerOver={props.ballsPerOver}
              />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function BowlerRow({
  bowler,
  balls,
  ballsPerOver,
}: {
  readonly bowler: ScoredBowler;
  readonly balls: number | null;
  readonly ballsPerOver: number;
}): JSX.Element {
  const { name, maidens, runs, wickets, wides, noballs } = bowler;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td class="n">{balls === null ? UNKNOWN : bowlerOvers(balls, ballsPerOver)}</td>
      <td class="n">{maidens ?? UNKNOWN}</td>
      <td class="n">{runs ?? UNKNOWN}</td>
      <td class="n strong">{wickets}</td>
      <td class="n">{rate(runs === null ? null : runs * ballsPerOver, balls)}</td>
      <td class="n">{wides ?? UNKNOWN}</td>
      <td class="n">{noballs ?? UNKNOWN}</td>
    </tr>
  );
}
