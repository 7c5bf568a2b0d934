import type { JSX } from "preact";
import type { Chase, CommentaryBall, LiveMatch, MatchFormat } from "../../api.ts";
import { FORMATS } from "../state/model.ts";
import { choiceHash } from "../state/choice.ts";
import type { Part } from "./app.tsx";
import { BallDot } from "./ball.tsx";
import { counted, FORMAT_NAMES, teamLines } from "./words.ts";

/** Balls of the strip; as many places are there before as after they were bowled. */
const STRIP = 8;

export function Scoreboards({ state }: Part): JSX.Element {
  const { live, choice } = state;
  return (
    <nav class="boards" aria-label="Live matches">
      {FORMATS.map((format) => (
        <Scoreboard
          key={format}
          format={format}
          live={live.value?.[format] ?? null}
          isKnown={live.value !== null}
          isChosen={choice.kind === "follow" ? choice.format === format : live.value?.[format]?.match.id === choice.id}
        />
      ))}
    </nav>
  );
}

interface BoardProps {
  readonly format: MatchFormat;
  readonly live: LiveMatch | null;
  readonly isKnown: boolean;
  readonly isChosen: boolean;
}

function Scoreboard({ format, live, isKnown, isChosen }: BoardProps): JSX.Element {
  return (
    <a
      class={`board card${isChosen ? " chosen" : ""}`}
      href={choiceHash({ kind: "follow", format })}
      aria-current={isChosen ? "true" : undefined}
      data-format={format}
      data-match={live?.match.id}
      data-deliveries={live?.match.deliveries}
    >
      <span class="board-head">
        <span class={`chip chip-${format}`}>{FORMAT_NAMES[format]}</span>
        <span class="board-event">{live === null ? "" : (live.match.event ?? live.match.venue ?? "")}</span>
        {live !== null && <StateOfPlay live={live} />}
      </span>
      {live === null ? <Empty isKnown={isKnown} /> : <Scores live={live} />}
    </a>
  );
}

function StateOfPlay({ live }: { readonly live: LiveMatch }): JSX.Element {
  return live.match.live ? (
    <span class="playing">
      <span class="lamp" aria-hidden="true" />
      live
    </span>
  ) : (
    <span class="over">finished</span>
  );
}

function Empty({ isKnown }: { readonly isKnown: boolean }): JSX.Element {
  return (
    <span class="board-empty">
      {isKnown ? "No ball has been loaded yet. The first one shows here by itself." : "Waiting for the server…"}
    </span>
  );
}

function Scores({ live }: { readonly live: LiveMatch }): JSX.Element {
  return (
    <>
      <span class="board-teams">
        {teamLines(live.match, live.innings).map(({ team, totals, overs, isBatting }) => (
          <span key={team} class={`board-team${isBatting ? " batting" : ""}`}>
            <span class="board-name">{team}</span>
            <span class="board-overs">{overs}</span>
            <span class="board-total">{totals === "" ? "–" : totals}</span>
          </span>
        ))}
      </span>
      <span class="board-people">
        <span class="board-batters">{batterText(live)}</span>
        <span class="board-bowler">{bowlerText(live)}</span>
      </span>
      <span class="board-foot">
        <span class="board-need">{live.match.result ?? shortNeed(live.chase, live.standing)}</span>
        <Strip balls={live.recent} />
      </span>
    </>
  );
}

function batterText({ batters }: LiveMatch): string {
  return batters
    .map(
      ({ name, runs, balls, onStrike }) =>
        `${name} ${runs}${onStrike ? "*" : ""}${balls === null ? "" : ` (${balls})`}`,
    )
    .join("  ·  ");
}

function bowlerText({ bowler }: LiveMatch): string {
  if (bowler === null) return "";
  const { name, overs, maidens, runs, wickets } = bowler;
  return `${name} ${[overs, maidens, runs, wickets].map((figure) => figure ?? "–").join("-")}`;
}

/** As `needText`, in the room of a scoreboard: "92 off 79 · RRR 6.98". */
function shortNeed(chase: Chase | null, standing: string | null): string {
  if (chase === null || chase.ballsLeft === null || chase.requiredRate === null) return needText(chase, standing);
  return `${chase.need} off ${chase.ballsLeft} · RRR ${chase.requiredRate.toFixed(2)}`;
}

/** "Needs 92 from 79 balls", "Lead by 12". */
export function needText(chase: Chase | null, standing: string | null): string {
  if (chase === null) return standing === null ? "First innings" : capital(standing);
  if (chase.need <= 0) return "Target reached";
  if (chase.ballsLeft === 0) return chase.need === 1 ? "Scores level" : `${counted(chase.need - 1, "run")} short`;
  const from = chase.ballsLeft === null ? "" : ` from ${counted(chase.ballsLeft, "ball")}`;
  return `Needs ${chase.need}${from}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The last balls, the newest to the right. Places are fixed, so that a new ball moves nothing. */
function Strip({ balls }: { readonly balls: readonly CommentaryBall[] }): JSX.Element {
  const shown = balls.slice(0, STRIP).toReversed();
  const empty = STRIP - shown.length;
  const words = shown.map(({ mark }) => mark).join(", ");
  return (
    <span class="strip">
      <span class="unseen">{words === "" ? "" : `Last balls: ${words}`}</span>
      {Array.from({ length: STRIP }, (_, place) => (
        <BallDot key={place} ball={shown[place - empty]} isLast={place === STRIP - 1} />
      ))}
    </span>
  );
}
