import { ballsBowled, ballsUsed, oversBowled } from "../domain/cricket/overs.ts";
import type { Partnership } from "../domain/cricket/partnerships.ts";
import type { ScoredInnings } from "../domain/cricket/scorecard.ts";
import type { Row } from "./rows.ts";

export function inningsRow(matchId: string, innings: ScoredInnings): Row {
  const { extras, target } = innings;
  return [
    matchId,
    innings.number,
    innings.team,
    innings.super_over,
    innings.declared,
    innings.forfeited,
    target?.runs ?? null,
    target?.overs ?? null,
    innings.runs,
    innings.wickets,
    innings.overs,
    innings.legal_balls,
    innings.deliveries,
    extras?.wides ?? null,
    extras?.noballs ?? null,
    extras?.byes ?? null,
    extras?.legbyes ?? null,
    extras?.penalty ?? null,
    innings.extras_total,
    innings.penalty_pre,
    innings.penalty_post,
    innings.boundaries_exact,
    JSON.stringify(innings.absent_hurt),
    JSON.stringify(innings.fall),
    oversBowled(innings),
    ballsUsed(innings),
  ];
}

export function battingRows(matchId: string, innings: ScoredInnings): Row[] {
  return innings.batters.map((batter, index) => [
    matchId,
    innings.number,
    index + 1,
    innings.team,
    batter.name,
    batter.runs,
    batter.balls,
    batter.fours,
    batter.sixes,
    batter.out,
    batter.how,
    batter.bowler,
    JSON.stringify(batter.fielders),
  ]);
}

export function bowlingRows(matchId: string, innings: ScoredInnings): Row[] {
  return innings.bowlers.map((bowler, index) => [
    matchId,
    innings.number,
    index + 1,
    innings.team,
    bowler.name,
    bowler.balls,
    bowler.maidens,
    bowler.runs,
    bowler.wickets,
    bowler.wides,
    bowler.noballs,
    ballsBowled(bowler),
  ]);
}

export function partnershipRows(matchId: string, innings: number, partnerships: readonly Partnership[]): Row[] {
  return partnerships.map(({ wicket, batters, runs, balls, unbroken }, index) => [
    matchId,
    innings,
    index + 1,
    wicket,
    ...batters,
    runs,
    balls,
    unbroken,
  ]);
}

export function fallRows(matchId: string, innings: ScoredInnings): Row[] {
  return innings.fall.map((fall) => [matchId, innings.number, ...fall]);
}
