import { ballsIn, ballsUsed } from "../../../domain/cricket/overs.ts";
import type { ScoredInnings, ScoredMatch } from "../../../domain/cricket/scored.ts";
import { leadText, standingOf } from "../../../domain/cricket/standing.ts";
import type { Match } from "../../../domain/cricket/types.ts";
import type { Chase } from "../../api.ts";
import { runRate } from "./innings.ts";

/** What the last innings needs; null when it chases nothing. */
export function chaseOf(scored: ScoredMatch, match: Match): Chase | null {
  const innings = lastInnings(scored);
  if (innings === undefined) return null;
  const target = targetOf(scored, innings, match);
  if (target === null) return null;
  const need = Math.max(0, target - innings.runs);
  const all = ballsOf(innings, match);
  const used = ballsUsed(innings);
  const ballsLeft = all === null || used === null ? null : Math.max(0, all - used);
  const over = innings.wickets + innings.absent_hurt.length >= (innings.super_over ? 2 : 10);
  return {
    innings: innings.number,
    team: innings.team,
    target,
    need,
    ballsLeft,
    requiredRate:
      need === 0 || over || ballsLeft === null || ballsLeft === 0 ? null : runRate(need, ballsLeft, match.ballsPerOver),
    currentRate: runRate(innings.runs, used, match.ballsPerOver),
    rateAtStart: all === null ? null : runRate(target, all, match.ballsPerOver),
  };
}

/** "lead by 12": of a match of two innings a side, while it is no chase. */
export function standingText(scored: ScoredMatch, match: Match): string | null {
  const innings = lastInnings(scored);
  if (innings === undefined) return null;
  const standing = standingOf(scored, innings, match);
  return standing?.kind === "lead" ? leadText(standing.lead) : null;
}

/**
 * Whether nothing more can be bowled, as far as the innings tell: a chase that got there or ended, a side all out behind
 * with nothing to follow. A draw, rain and an innings victory by declaration they do not tell.
 */
export function isDecided(scored: ScoredMatch, match: Match): boolean {
  const innings = lastInnings(scored);
  if (innings === undefined) return false;
  const ended =
    innings.wickets + innings.absent_hurt.length >= (innings.super_over ? 2 : 10) || hasNoBallLeft(innings, match);
  const standing = standingOf(scored, innings, match);
  if (standing?.kind === "lead") {
    const ordinary = scored.innings.filter(({ super_over, deliveries }) => !super_over && deliveries > 0);
    return ordinary.length === 3 && ended && standing.lead < 0;
  }
  const target = targetOf(scored, innings, match);
  if (target === null) return false;
  if (innings.runs >= target) return true;
  // One run short at the end is a tie, and a super over may follow.
  return ended && target - innings.runs > 1;
}

/** The innings in which the last ball was bowled. */
export function lastInnings(scored: ScoredMatch): ScoredInnings | undefined {
  return scored.innings.findLast(({ deliveries }) => deliveries > 0);
}

/**
 * Runs to win. The record's target where it names one; else what the other side made, in a match of limited overs that no
 * method such as D/L decided.
 */
function targetOf(scored: ScoredMatch, innings: ScoredInnings, match: Match): number | null {
  const standing = standingOf(scored, innings, match);
  if (standing !== null) return standing.kind === "chase" ? standing.target : null;
  const first = scored.innings.find(({ number }) => number === 1);
  const plain = innings.number === 2 && !innings.super_over && match.overs !== null;
  return plain && match.outcome.method === undefined && first !== undefined ? first.runs + 1 : null;
}

/** Balls of the innings as far as its overs go; null when it has no end by overs. */
function ballsOf({ target, super_over }: ScoredInnings, match: Match): number | null {
  const overs = super_over ? 1 : (target?.overs ?? match.overs);
  return overs === null ? null : ballsIn(overs, match.ballsPerOver);
}

function hasNoBallLeft(innings: ScoredInnings, match: Match): boolean {
  const all = ballsOf(innings, match);
  const used = ballsUsed(innings);
  return all !== null && used !== null && used >= all;
}
