import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { InningsView, MatchView } from "../../api.ts";
import { chosenId } from "../state/model.ts";
import type { Part } from "./app.tsx";
import { BattingCard, BowlingCard } from "./cards.tsx";
import { Commentary } from "./commentary.tsx";
import { Manhattan } from "../charts/manhattan.tsx";
import { Worm } from "../charts/worm.tsx";
import { FallOfWickets, Partnerships } from "./stands.tsx";
import { needText } from "./scoreboards.tsx";
import { datesText, FORMAT_NAMES, inningsName, placeText, teamLines } from "./words.ts";

/** The chosen match, large. */
export function MatchSection({ state, dispatch }: Part): JSX.Element {
  const { value, error, busy } = state.match;
  return (
    <section class="match" id="match" tabIndex={-1} aria-label="The chosen match" aria-busy={busy && value === null}>
      {value !== null ? (
        <Match key={value.match.id} view={value} />
      ) : (
        <div class="card hollow">
          {error !== null ? (
            <>
              <p>
                <strong>This match cannot be shown.</strong> {error}
              </p>
              <button type="button" class="tool" onClick={() => dispatch({ type: "retry-match" })}>
                Try again
              </button>
            </>
          ) : (
            <p>{chosenId(state) === null ? <Waiting state={state} dispatch={dispatch} /> : "Fetching the match…"}</p>
          )}
        </div>
      )}
    </section>
  );
}

function Waiting({ state }: Part): JSX.Element {
  const { choice, live } = state;
  if (live.error !== null) return <>The live matches cannot be shown. {live.error}</>;
  if (live.value === null || choice.kind === "match") return <>Waiting for the server…</>;
  return (
    <>
      No {FORMAT_NAMES[choice.format]} match has been loaded yet. As soon as its source sends a ball, worm, Manhattan
      and cards are drawn here.
    </>
  );
}

function Match({ view }: { readonly view: MatchView }): JSX.Element {
  const latest = view.innings.findLast(({ worm }) => worm.length > 0)?.number ?? view.innings[0]?.number ?? 1;
  const [chosen, choose] = useState<number | null>(null);
  // A new innings is what everybody looks at; an older one that somebody looks at stays until then.
  useEffect(() => choose(null), [latest]);
  const innings = view.innings.find(({ number }) => number === (chosen ?? latest)) ?? view.innings[0];
  return (
    <>
      <Heading view={view} />
      <div class="charts">
        <Worm view={view} />
        <Manhattan view={view} innings={innings} />
      </div>
      <InningsTabs view={view} chosen={innings?.number ?? 1} onChoose={choose} />
      <div class="under">
        {innings === undefined ? (
          <div class="card hollow">
            <p>No ball has been bowled yet.</p>
          </div>
        ) : (
          <InningsCards view={view} innings={innings} />
        )}
        <Commentary balls={view.commentary} isLive={view.match.live} />
      </div>
    </>
  );
}

function Heading({ view }: { readonly view: MatchView }): JSX.Element {
  const { match } = view;
  const current = view.innings.findLast(({ worm }) => worm.length > 0);
  const score = match.scores.find(({ number }) => number === current?.number) ?? null;
  const facts = [match.event, placeText(match), datesText(match.dates)].filter((text) => text !== null && text !== "");
  return (
    <div class="card heading">
      <p class="facts">
        <span class={`chip chip-${match.format}`}>{FORMAT_NAMES[match.format]}</span>
        <span class="facts-text">{facts.join(" · ")}</span>
      </p>
      <h2 class="unseen">{match.title}</h2>
      <div class="totals">
        {teamLines(match, score).map(({ team, totals, overs, isBatting }) => (
          <p key={team} class={`total${isBatting ? " batting" : ""}`} data-team={team}>
            <span class="total-team">{team}</span>
            <span class="total-runs">{totals === "" ? "–" : totals}</span>
            <span class="total-overs">{overs === "" ? " " : overs}</span>
          </p>
        ))}
      </div>
      <p class="verdict-line" data-result={match.result !== null}>
        {match.result ?? needText(view.chase, view.standing)}
      </p>
      <p class="sub">{subText(view)}</p>
    </div>
  );
}

function subText({ match, toss, playersOfMatch, chase, hasRecord, innings }: MatchView): string {
  const current = innings.findLast(({ worm }) => worm.length > 0);
  const rates = [
    current?.runRate == null || !match.live ? "" : `Run rate ${current.runRate.toFixed(2)}`,
    chase?.requiredRate == null ? "" : `required ${chase.requiredRate.toFixed(2)}`,
  ];
  const parts = [
    ...rates,
    toss === null ? "" : `Toss: ${toss}`,
    playersOfMatch === null || playersOfMatch.length === 0 ? "" : `Player of the match: ${playersOfMatch.join(", ")}`,
    hasRecord ? "" : "The match’s own record has not come yet.",
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

interface TabsProps {
  readonly view: MatchView;
  readonly chosen: number;
  readonly onChoose: (number: number) => void;
}

function InningsTabs({ view, chosen, onChoose }: TabsProps): JSX.Element {
  return (
    <div class="tabs" role="group" aria-label="Innings">
      {view.match.scores.map((innings) => (
        <button
          key={innings.number}
          type="button"
          class={`tab series-${((innings.number - 1) % 4) + 1}`}
          aria-pressed={innings.number === chosen}
          onClick={() => onChoose(innings.number)}
        >
          <span class="tab-key" aria-hidden="true" />
          <span class="tab-name">{inningsName(innings, view.match.scores)}</span>
          <span class="tab-total">{innings.total}</span>
        </button>
      ))}
    </div>
  );
}

function InningsCards({ view, innings }: { readonly view: MatchView; readonly innings: InningsView }): JSX.Element {
  return (
    <div class="cards">
      <BattingCard innings={innings} />
      <div class="pair">
        <Partnerships innings={innings} />
        <FallOfWickets innings={innings} />
      </div>
      <BowlingCard innings={innings} ballsPerOver={view.ballsPerOver} />
    </div>
  );
}
