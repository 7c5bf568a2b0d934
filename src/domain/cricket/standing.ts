import type { ScoredInnings, ScoredMatch } from "./scored.ts";
import type { Match } from "./types.ts";

/** Matches in which a side bats twice. MDM is Cricsheet's word for a multi-day match that is no Test. */
const TWO_INNINGS: ReadonlySet<string | null> = new Set(["Test", "MDM"]);

/** Whether each side has two innings, by the match's type or, where the format has none, by what was played. */
export function batsTwice(scored: ScoredMatch, match: Match): boolean {
  return TWO_INNINGS.has(match.matchType) || ordinary(scored).length > 2;
}

function ordinary(scored: ScoredMatch): readonly ScoredInnings[] {
  return scored.innings.filter(({ super_over }) => !super_over);
}

/**
 * An innings as it stands. The match record says before the first ball that it will be declared, or what penalty runs
 * will follow it; until the next innings begins nobody knows.
 */
export function asOfNow(scored: ScoredMatch, innings: ScoredInnings): ScoredInnings {
  const over = scored.innings.some(({ number, deliveries }) => number > innings.number && deliveries > 0);
  return over ? innings : { ...innings, declared: null, runs: innings.runs - innings.penalty_post };
}

/** Innings of the same side before this one, super overs apart. */
export function earlierInnings(scored: ScoredMatch, innings: ScoredInnings): readonly ScoredInnings[] {
  return ordinary(scored).filter(({ team, number }) => team === innings.team && number < innings.number);
}

/** Where a side stands: `need` runs to win, or ahead by `lead` runs (behind when negative); null: nothing to say yet. */
export type Standing =
  | { readonly kind: "chase"; readonly target: number; readonly need: number }
  | { readonly kind: "lead"; readonly lead: number }
  | null;

/**
 * How the side at bat stands against the other, as far as the innings tell. The target of a limited-overs match is the
 * record's (rain may have changed it); the fourth innings of a match is a chase of what the other side made, and so is
 * the second of two super overs.
 */
export function standingOf(scored: ScoredMatch, innings: ScoredInnings, match: Match): Standing {
  if (innings.super_over) return superOverStanding(scored, innings);
  if (innings.target !== null) return chase(innings.target.runs, innings.runs);
  if (!batsTwice(scored, match)) return null;
  const before = ordinary(scored).filter(({ number }) => number < innings.number);
  if (before.length === 0) return null;
  const sum = (own: boolean): number =>
    before.filter(({ team }) => (team === innings.team) === own).reduce((runs, other) => runs + other.runs, 0);
  const target = sum(false) - sum(true) + 1;
  return before.length >= 3 ? chase(target, innings.runs) : { kind: "lead", lead: innings.runs - target + 1 };
}

function chase(target: number, runs: number): Standing {
  return { kind: "chase", target, need: target - runs };
}

function superOverStanding(scored: ScoredMatch, innings: ScoredInnings): Standing {
  const all = scored.innings.filter(({ super_over }) => super_over);
  const at = all.findIndex(({ number }) => number === innings.number);
  const first = all[at - 1];
  return at % 2 === 0 || first === undefined ? null : chase(first.runs + 1, innings.runs);
}

/** Which super over an innings belongs to, from 1, and how many there are. */
export function superOverNumber(
  scored: ScoredMatch,
  innings: ScoredInnings,
): { readonly number: number; readonly of: number } {
  const all = scored.innings.filter(({ super_over }) => super_over);
  return {
    number: Math.floor(all.findIndex(({ number }) => number === innings.number) / 2) + 1,
    of: Math.ceil(all.length / 2),
  };
}

/** "lead by 12", "trail by 30", "scores level". */
export function leadText(lead: number): string {
  if (lead === 0) return "scores level";
  return lead > 0 ? `lead by ${lead}` : `trail by ${-lead}`;
}

/** "1st", "2nd", "3rd", "4th"; no match has twenty of anything that is counted so. */
export function ordinal(n: number): string {
  return `${n}${["th", "st", "nd", "rd"][n] ?? "th"}`;
}
