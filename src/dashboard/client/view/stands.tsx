import type { JSX } from "preact";
import type { InningsView, Partnership } from "../../api.ts";
import { ordinal } from "./words.ts";

/** Wickets of an innings: so many places there are, whether they have fallen or not. */
const WICKETS = 10;

export function Partnerships({ innings }: { readonly innings: InningsView }): JSX.Element {
  const { partnerships, number } = innings;
  const most = Math.max(50, ...partnerships.map(({ runs }) => runs));
  const empty = Math.max(0, WICKETS - partnerships.length);
  return (
    <section class="card" aria-labelledby="partnerships">
      <h3 id="partnerships">Partnerships</h3>
      <ol class={`stands series-${((number - 1) % 4) + 1}`}>
        {partnerships.map((stand, place) => (
          <Stand key={place} stand={stand} most={most} />
        ))}
        {Array.from({ length: empty }, (_, place) => (
          <li key={`empty ${place}`} class="stand" aria-hidden="true" />
        ))}
      </ol>
    </section>
  );
}

function Stand({ stand, most }: { readonly stand: Partnership; readonly most: number }): JSX.Element {
  const { wicket, batters, runs, balls, contributions, unbroken } = stand;
  const extras = Math.max(0, runs - contributions[0] - contributions[1]);
  const figures = `${runs}${unbroken ? "*" : ""}${balls === null ? "" : ` (${balls})`}`;
  const words = `${ordinal(wicket)} wicket: ${figures}. ${batters[0]} ${contributions[0]}, ${batters[1]} ${contributions[1]}`;
  return (
    <li class="stand">
      <span class="unseen">{words}</span>
      <span class="stand-names" aria-hidden="true">
        <span>{batters[0]}</span>
        <span>{batters[1]}</span>
      </span>
      <svg class="stand-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">
        <rect class="stand-ground" width="100" height="6" rx="0" />
        <rect class="stand-first" width={share(contributions[0], most)} height="6" />
        <rect class="stand-extras" x={share(contributions[0], most)} width={share(extras, most)} height="6" />
        <rect
          class="stand-second"
          x={share(contributions[0] + extras, most)}
          width={share(contributions[1], most)}
          height="6"
        />
      </svg>
      <span class="stand-runs" aria-hidden="true">
        {figures}
      </span>
    </li>
  );
}

function share(runs: number, most: number): number {
  return Math.max(0, Math.round((runs / most) * 1000) / 10);
}

export function FallOfWickets({ innings }: { readonly innings: InningsView }): JSX.Element {
  const { fall } = innings.card;
  const empty = Math.max(0, WICKETS - fall.length);
  return (
    <section class="card" aria-labelledby="fall">
      <h3 id="fall">Fall of wickets</h3>
      <ol class="fall">
        {fall.map(([wicket, runs, player, label]) => (
          <li key={wicket}>
            <span class="fall-score">
              {runs}/{wicket}
            </span>
            <span class="fall-name">{player}</span>
            <span class="fall-over">{label}</span>
          </li>
        ))}
        {Array.from({ length: empty }, (_, place) => (
          <li key={`empty ${place}`} aria-hidden="true" />
        ))}
      </ol>
    </section>
  );
}
