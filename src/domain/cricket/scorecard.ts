import { carriesInningsFlags, dateInForm } from "./formats.ts";
import { deliveryKey } from "./identity.ts";
import {
  type BatterScore,
  type BowlerScore,
  foldInnings,
  initialInnings,
  type InningsScore,
  maidenInProgress,
} from "./innings.ts";
import { oversText, usedOf } from "./overs.ts";
import type { ScoredBatter, ScoredBowler, ScoredInnings, ScoredMatch } from "./scored.ts";
import type { Delivery, InningsNote, Match } from "./types.ts";
import { isBowlersWicket, isTeamWicket } from "./wickets.ts";

export type { ScoredInnings, ScoredMatch } from "./scored.ts";

/**
 * The card of a match from all its deliveries, in any order. Each natural key may be there once.
 *
 * An innings without deliveries is listed only where the match's record says that it was forfeited: JSON and YAML do,
 * csv2 leaves it out. The other innings of a record come with their first ball.
 * @throws RangeError when a delivery is of another match, or two have the same key.
 */
export function scoreMatch(match: Match, deliveries: readonly Delivery[]): ScoredMatch {
  const byInnings = groupByInnings(match, deliveries);
  const notes = new Map(match.inningsNotes.map((note) => [note.innings, note]));
  const listed = match.inningsNotes.filter(({ forfeited }) => forfeited === true).map(({ innings }) => innings);
  const numbers = [...new Set([...byInnings.keys(), ...listed])].sort((a, b) => a - b);
  return {
    id: match.matchId,
    info: matchInfo(match),
    innings: numbers.map((number) => {
      const note = notes.get(number);
      const start = initialInnings(number, match.ballsPerOver, note?.penaltyPre ?? 0);
      return scoreInnings(match, note, foldInnings(start, byInnings.get(number) ?? []));
    }),
  };
}

/** The head of the card. */
export function matchInfo(match: Match): ScoredMatch["info"] {
  return {
    match_type: match.matchType,
    gender: match.gender,
    team_type: match.teamType,
    teams: match.teams,
    overs: match.overs,
    bpo: match.ballsPerOver,
    dates: match.dates.map((date) => dateInForm(match.format, date)),
    outcome: match.outcome,
  };
}

/** One innings of the card, also of an innings in progress. */
export function scoreInnings(match: Match, note: InningsNote | undefined, score: InningsScore): ScoredInnings {
  const { extrasKnown: known } = score;
  const penaltyPost = note?.penaltyPost ?? 0;
  const maiden = maidenInProgress(score);
  return {
    number: score.number,
    team: score.team ?? note?.team ?? "",
    super_over: isSuperOver(match, note, score),
    declared: carriesInningsFlags(match.format, match.version) ? (note?.declared ?? false) : (note?.declared ?? null),
    forfeited: note?.forfeited ?? false,
    absent_hurt: note?.absentHurt ?? [],
    target: note?.target ?? null,
    runs: score.runs + penaltyPost,
    wickets: score.wickets,
    overs: known ? oversText(score.legalBalls, score.ballsPerOver) : null,
    legal_balls: known ? score.legalBalls : null,
    ...(known && score.over !== null && { bowled: usedOf(score.over.over, score.over.legalBalls, score.ballsPerOver) }),
    deliveries: score.deliveries,
    extras: known ? score.extras : null,
    extras_total: score.extrasTotal + penaltyPost,
    penalty_pre: note?.penaltyPre ?? 0,
    penalty_post: penaltyPost,
    boundaries_exact: score.boundariesExact,
    batters: score.batters.map((batter) => scoredBatter(batter)),
    bowlers: score.bowlers.map((bowler) => scoredBowler(bowler, maiden)),
    fall: score.fall.map(({ wicket, runs, player, label }) => [wicket, runs, player, label] as const),
  };
}

/**
 * One line of `scorecards --jsonl`: keys sorted, a blank behind commas and colons, letters as they are, so that the
 * text of two scorers can be compared as well as their values.
 */
export function scoredMatchJson(scored: ScoredMatch): string {
  return sortedJson({ ...scored, innings: scored.innings.map(printedInnings) });
}

/** Without what is no part of the printed form. */
export function printedInnings({ bowled: _, bowlers, ...innings }: ScoredInnings): ScoredInnings {
  return { ...innings, bowlers: bowlers.map(({ used: __, ...figures }) => figures) };
}

function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}: ${sortedJson(member)}`).join(", ")}}`;
}

function groupByInnings(match: Match, deliveries: readonly Delivery[]): ReadonlyMap<number, readonly Delivery[]> {
  const seen = new Set<string>();
  const byInnings = new Map<number, Delivery[]>();
  for (const delivery of deliveries) {
    const key = deliveryKey(delivery);
    if (delivery.matchId !== match.matchId) throw new RangeError(`${key} is no delivery of match ${match.matchId}`);
    if (seen.has(key)) throw new RangeError(`two deliveries ${key}: a correction has to replace what it corrects`);
    seen.add(key);
    const list = byInnings.get(delivery.innings);
    if (list === undefined) byInnings.set(delivery.innings, [delivery]);
    else list.push(delivery);
  }
  return byInnings;
}

/** A super over is over after six legal balls; with this many deliveries it was an innings. */
const SUPER_OVER_DELIVERIES_MAX = 20;

/**
 * By the match's record where its format says. Elsewhere by what there is: an innings behind the second of a tie,
 * as short as one over, in a match too short for four innings.
 */
function isSuperOver(match: Match, note: InningsNote | undefined, score: InningsScore): boolean {
  if (note !== undefined && note.superOver !== null) return note.superOver;
  if (carriesInningsFlags(match.format, match.version)) return false;
  const tied = match.outcome.result === "tie" || match.outcome.eliminator !== undefined;
  return tied && score.number >= 3 && score.deliveries <= SUPER_OVER_DELIVERIES_MAX && match.dates.length <= 2;
}

function scoredBatter({ name, runs, balls, ballsKnown, fours, sixes, wicket }: BatterScore): ScoredBatter {
  return {
    name,
    runs,
    balls: ballsKnown === true ? balls : null,
    fours,
    sixes,
    out: wicket !== null && isTeamWicket(wicket.kind),
    how: wicket?.kind ?? "not out",
    bowler: wicket !== null && isBowlersWicket(wicket.kind) ? wicket.bowler : null,
    fielders: wicket?.fielders ?? [],
  };
}

function scoredBowler(bowler: BowlerScore, maiden: string | null): ScoredBowler {
  const { extrasKnown: known } = bowler;
  return {
    name: bowler.name,
    balls: known ? bowler.balls : null,
    ...(known && { used: bowler.used }),
    maidens: known ? bowler.maidens + (bowler.name === maiden ? 1 : 0) : null,
    runs: known ? bowler.runs : null,
    wickets: bowler.wickets,
    wides: known ? bowler.wides : null,
    noballs: known ? bowler.noballs : null,
  };
}
