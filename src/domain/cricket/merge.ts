import { matchFacets } from "./identity.ts";
import {
  type CricketFormat,
  type Delivery,
  type InningsNote,
  type Match,
  MATCH_FACETS,
  type MatchFacet,
  type Outcome,
  type Player,
  type Wicket,
} from "./types.ts";

/**
 * What is known of a delivery when the next clean record of its key has come: what that says, and of what its format cannot
 * tell (null) what was known before, as far as it still holds. A null never takes anything away.
 *
 * Of a duplicate that knows more everything known still holds. Of a correction, kinds of extras hold for as many extras,
 * fielders for the same wicket, and a flag of the boundary for as many runs off the bat.
 */
export function mergeDelivery(known: Delivery, next: Delivery): Delivery {
  const sameFirst = sameWicket(known.wickets[0], next.wickets[0]);
  const fillsKinds = !knowsKinds(next) && known.runs.extras === next.runs.extras && sameFirst;
  const fillsBoundary = next.nonBoundary === null && known.runs.batter === next.runs.batter;
  const fillsFielders = next.wickets.some(({ fielders }) => fielders === null);
  if (!fillsKinds && !fillsBoundary && !fillsFielders) return next;
  const { moreWickets, ...said } = next;
  // Where another wicket may have fallen that the format has no room for: those that are known.
  const isWhole = fillsKinds && knowsKinds(known);
  const wickets = isWhole ? [...next.wickets, ...known.wickets.slice(1)] : next.wickets;
  return {
    ...said,
    ...(moreWickets === null && !isWhole && { moreWickets }),
    extras: next.extras ?? (fillsKinds ? known.extras : null),
    nonBoundary: fillsBoundary ? known.nonBoundary : next.nonBoundary,
    wickets: wickets.map((wicket) => withFielders(wicket, known.wickets)),
  };
}

/** The kinds of extras, and every wicket of the ball. */
function knowsKinds({ extras, moreWickets }: Delivery): boolean {
  return extras !== null && moreWickets !== null;
}

function withFielders(wicket: Wicket, known: readonly Wicket[]): Wicket {
  if (wicket.fielders !== null) return wicket;
  const same = known.find((other) => sameWicket(other, wicket));
  return same === undefined ? wicket : { ...wicket, fielders: same.fielders };
}

function sameWicket(a: Wicket | undefined, b: Wicket | undefined): boolean {
  return a?.kind === b?.kind && a?.playerOut === b?.playerOut;
}

/** The format that tells most comes last. */
const FORMATS: readonly CricketFormat[] = ["csv1", "csv2", "yaml", "json"];

/**
 * As `mergeDelivery`, for a match, facet by facet. Of a correction, a method and a tie break hold for the same result, and
 * players for the same teams. The form is that of the format that tells more, so that the order of arrival does not show.
 */
export function mergeMatch(known: Match, next: Match): Match {
  const before = matchFacets(known);
  const said = matchFacets(next);
  const takes = (facet: MatchFacet): boolean =>
    said[facet] === null && before[facet] !== null && holds(facet, known, next);
  const taken = MATCH_FACETS.filter(takes);
  if (taken.length === 0) return next;
  const from = (facet: MatchFacet): Match => (taken.includes(facet) ? known : next);
  const told = FORMATS.indexOf(known.format) > FORMATS.indexOf(next.format) ? known : next;
  const merged: Match = {
    ...next,
    format: told.format,
    version: told.version,
    matchType: from("matchType").matchType,
    gender: from("gender").gender,
    teamType: from("teamType").teamType,
    season: from("season").season,
    event: from("event").event,
    overs: from("overs").overs,
    ballsPerOver: from("ballsPerOver").ballsPerOver,
    outcome: outcomeOf(next.outcome, from("method").outcome, from("tieBreak").outcome),
    players: from("players") === known ? known.players : withIds(next.players, from("registry").players),
    inningsNotes: notesOf(known, next, from),
  };
  const also = MATCH_FACETS.filter((facet) => taken.includes(facet) || said[facet] !== null);
  return { ...merged, alsoKnown: also };
}

function holds(facet: MatchFacet, known: Match, next: Match): boolean {
  if (facet === "method" || facet === "tieBreak") return sameResult(known.outcome, next.outcome);
  if (facet !== "players" && facet !== "registry") return true;
  if (facet === "registry" && next.players.length > 0) return samePlayers(known.players, next.players);
  return sameTexts(known.teams, next.teams);
}

function sameResult(a: Outcome, b: Outcome): boolean {
  return (
    a.winner === b.winner &&
    a.result === b.result &&
    a.by?.runs === b.by?.runs &&
    a.by?.wickets === b.by?.wickets &&
    a.by?.innings === b.by?.innings
  );
}

function samePlayers(a: readonly Player[], b: readonly Player[]): boolean {
  const names = (players: readonly Player[]): string[] => players.map(({ team, name }) => `${team}\n${name}`);
  return sameTexts(names(a), names(b));
}

/** In any order. */
function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  const sorted = b.toSorted();
  return a.length === b.length && a.toSorted().every((text, at) => text === sorted[at]);
}

function outcomeOf(outcome: Outcome, method: Outcome, tieBreak: Outcome): Outcome {
  const { method: _method, eliminator: _eliminator, bowl_out: _bowlOut, ...result } = outcome;
  return {
    ...result,
    ...(method.method === undefined ? {} : { method: method.method }),
    ...(tieBreak.eliminator === undefined ? {} : { eliminator: tieBreak.eliminator }),
    ...(tieBreak.bowl_out === undefined ? {} : { bowl_out: tieBreak.bowl_out }),
  };
}

/** The players, with the register ids that `from` has of them. */
function withIds(players: readonly Player[], from: readonly Player[]): readonly Player[] {
  if (players === from) return players;
  const ids = new Map(from.map(({ team, name, registryId }) => [`${team}\n${name}`, registryId]));
  return players.map((player) => ({ ...player, registryId: ids.get(`${player.team}\n${player.name}`) ?? null }));
}

/** Every innings that either of them has a note of. */
function notesOf(known: Match, next: Match, from: (facet: MatchFacet) => Match): readonly InningsNote[] {
  const numbers = new Set([...known.inningsNotes, ...next.inningsNotes].map(({ innings }) => innings));
  return [...numbers]
    .sort((a, b) => a - b)
    .map((innings) => {
      const note = (facet: MatchFacet): InningsNote | undefined =>
        from(facet).inningsNotes.find((candidate) => candidate.innings === innings);
      return {
        innings,
        team: note("inningsTeams")?.team ?? null,
        superOver: note("superOvers")?.superOver ?? null,
        declared: note("declared")?.declared ?? null,
        forfeited: note("forfeited")?.forfeited ?? null,
        target: note("targets")?.target ?? null,
        absentHurt: note("absentHurt")?.absentHurt ?? [],
        penaltyPre: note("penalties")?.penaltyPre ?? 0,
        penaltyPost: note("penalties")?.penaltyPost ?? 0,
      };
    });
}
