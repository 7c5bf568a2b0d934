import { liveLine } from "../../../domain/cricket/card.ts";
import { ballsBowled } from "../../../domain/cricket/overs.ts";
import type { ScoredInnings, ScoredMatch } from "../../../domain/cricket/scored.ts";
import { asOfNow } from "../../../domain/cricket/standing.ts";
import type { Delivery } from "../../../domain/cricket/types.ts";
import { bowlerOvers, peopleOf, resultText, type ShortName, shortNames } from "../../../domain/cricket/words.ts";
import type {
  BatterAtCrease,
  BowlerNow,
  CommentaryBall,
  InningsView,
  LiveMatch,
  MatchSummary,
  MatchView,
  WormPoint,
} from "../../api.ts";
import { chaseOf, lastInnings, standingText } from "./chase.ts";
import { commentaryBall } from "./commentary.ts";
import { inningsView, scoreLine } from "./innings.ts";
import { deliveriesOf, type MatchState } from "./match-state.ts";

const COMMENTARY_BALLS = 60;
const RECENT_BALLS = 12;

/** Everything a page shows of a match. */
export function matchView(state: MatchState): MatchView {
  const { match, hasRecord } = state;
  const scored = shownNow(state);
  const name = shortNames(peopleOf(scored, match));
  const innings = scored.innings.map((card) => inningsView(match, card, deliveriesOf(state, card.number), name));
  return {
    match: summary(state),
    line: liveLine(scored, match, state.deliveries.at(-1)),
    toss: match.toss === null ? null : `${match.toss.winner}, chose to ${match.toss.decision}`,
    playersOfMatch: mayTellResult(state) ? match.playersOfMatch : null,
    overs: match.overs,
    ballsPerOver: match.ballsPerOver,
    hasRecord,
    innings,
    chase: chaseOf(scored, match),
    standing: standingText(scored, match),
    commentary: commentary(state, innings, COMMENTARY_BALLS, name),
  };
}

export function summary(state: MatchState): MatchSummary {
  const { match, live } = state;
  const scored = shownNow(state);
  return {
    id: match.matchId,
    format: state.format,
    matchType: match.matchType,
    title: titleOf(match.teams),
    teams: match.teams.filter((team) => team !== ""),
    gender: match.gender,
    season: match.season,
    dates: match.dates,
    venue: match.venue,
    city: match.city,
    event: match.event,
    live,
    result: mayTellResult(state) ? resultText(scored) : null,
    scores: scored.innings.map(scoreLine),
    deliveries: state.deliveries.length,
  };
}

/** The record comes first and knows how the match ends: not a word of that before the last ball. */
function mayTellResult({ live, hasRecord, deliveries }: MatchState): boolean {
  return !live && hasRecord && deliveries.length > 0;
}

export function titleOf(teams: readonly string[]): string {
  return teams.filter((team) => team !== "").join(" v ");
}

/** `at`: when its last ball was committed, ms since the Unix epoch. */
export function liveMatch(state: MatchState, at: number): LiveMatch {
  const { match } = state;
  const scored = shownNow(state);
  const name = shortNames(peopleOf(scored, match));
  const last = state.deliveries.at(-1);
  const card = lastInnings(scored);
  const shown = card === undefined ? [] : [inningsView(match, card, deliveriesOf(state, card.number), name)];
  return {
    match: summary(state),
    line: liveLine(scored, match, last),
    innings: card === undefined ? null : scoreLine(card),
    batters: card === undefined || last === undefined ? [] : atCrease(card, last),
    bowler: card === undefined || last === undefined ? null : bowlerNow(card, last, match.ballsPerOver),
    recent: commentary(state, shown, RECENT_BALLS, name),
    chase: chaseOf(scored, match),
    standing: standingText(scored, match),
    updatedAt: at,
  };
}

/** The card of a match in play tells nothing that its record knows before it happened. */
function shownNow({ scored, live }: MatchState): ScoredMatch {
  return live ? { ...scored, innings: scored.innings.map((innings) => asOfNow(scored, innings)) } : scored;
}

/** Newest first. */
function commentary(
  state: MatchState,
  innings: readonly InningsView[],
  balls: number,
  name: ShortName,
): CommentaryBall[] {
  const byNumber = new Map(innings.map((one) => [one.number, one]));
  const lines: CommentaryBall[] = [];
  // The n-th delivery from the end of an innings has the n-th point from the end of its worm.
  const fromEnd = new Map<number, number>();
  for (let at = state.deliveries.length - 1; at >= 0 && lines.length < balls; at--) {
    const delivery = state.deliveries[at];
    const view = delivery === undefined ? undefined : byNumber.get(delivery.innings);
    if (delivery === undefined || view === undefined) continue;
    const n = (fromEnd.get(delivery.innings) ?? 0) + 1;
    fromEnd.set(delivery.innings, n);
    const point: WormPoint | undefined = view.worm.at(-n);
    if (point !== undefined) {
      lines.push(commentaryBall(delivery, view.card, { runs: point[1], wickets: point[2] }, name));
    }
  }
  return lines;
}

function atCrease(card: ScoredInnings, last: Delivery): BatterAtCrease[] {
  const gone = new Set(last.wickets.map(({ playerOut }) => playerOut));
  return card.batters
    .filter(({ name }) => (name === last.batter || name === last.nonStriker) && !gone.has(name))
    .map(({ name, runs, balls, fours, sixes }) => ({
      name,
      runs,
      balls,
      fours,
      sixes,
      onStrike: name === last.batter,
    }));
}

function bowlerNow(card: ScoredInnings, last: Delivery, ballsPerOver: number): BowlerNow | null {
  const bowler = card.bowlers.find(({ name }) => name === last.bowler);
  if (bowler === undefined) return null;
  const { name, maidens, runs, wickets } = bowler;
  const balls = ballsBowled(bowler);
  return { name, overs: balls === null ? null : bowlerOvers(balls, ballsPerOver), maidens, runs, wickets };
}

/** What is shown of the fold of a match: for what is sent ball by ball. */
export function inningsNow(state: MatchState, number: number): InningsView | null {
  const { match } = state;
  const scored = shownNow(state);
  const card = scored.innings.find((innings) => innings.number === number);
  if (card === undefined) return null;
  return inningsView(match, card, deliveriesOf(state, number), shortNames(peopleOf(scored, match)));
}
