import { ballsBowled, ballsUsed, oversBowled, usedOf } from "../../../domain/cricket/overs.ts";
import { partnershipsOf } from "../../../domain/cricket/partnerships.ts";
import { printedInnings } from "../../../domain/cricket/scorecard.ts";
import type { ScoredInnings } from "../../../domain/cricket/scored.ts";
import type { Delivery, Match } from "../../../domain/cricket/types.ts";
import { isTeamWicket } from "../../../domain/cricket/wickets.ts";
import { howText, rate, type ShortName, totalText } from "../../../domain/cricket/words.ts";
import type { InningsScoreLine, InningsView, ManhattanOver, Partnership, WormPoint } from "../../api.ts";

/** An innings and its charts. `deliveries`: of this innings, in order of play. */
export function inningsView(
  match: Match,
  card: ScoredInnings,
  deliveries: readonly Delivery[],
  name: ShortName,
): InningsView {
  return {
    number: card.number,
    team: card.team,
    total: totalText(card),
    card: printedInnings(card),
    overs: oversBowled(card),
    bowled: card.bowlers.map(ballsBowled),
    dismissals: card.batters.map((batter) => howText(batter, name)),
    didNotBat: didNotBat(match, card),
    worm: worm(deliveries, card.penalty_pre, match.ballsPerOver),
    manhattan: manhattan(deliveries),
    partnerships: partnerships(deliveries),
    runRate: runRate(card.runs, ballsUsed(card), match.ballsPerOver),
  };
}

export function scoreLine(card: ScoredInnings): InningsScoreLine {
  return {
    number: card.number,
    team: card.team,
    superOver: card.super_over,
    runs: card.runs,
    wickets: card.wickets,
    overs: oversBowled(card),
    total: totalText(card),
  };
}

/** Runs per over, cut to two decimals as cards do; null where balls cannot be counted or none was bowled. */
export function runRate(runs: number, balls: number | null, ballsPerOver: number): number | null {
  const text = rate(runs, balls === null ? null : balls / ballsPerOver);
  return text === "-" ? null : Number(text);
}

/** Penalty runs given before the innings count from its first ball, those given after it are left out, as in the mart. */
export function worm(deliveries: readonly Delivery[], penaltyPre: number, ballsPerOver: number): WormPoint[] {
  const points: WormPoint[] = [];
  let runs = penaltyPre;
  let wickets = 0;
  let over = -1;
  let legal: number | null = 0;
  let known = true;
  for (const delivery of deliveries) {
    if (delivery.over !== over) {
      over = delivery.over;
      legal = 0;
    }
    const { extras } = delivery;
    known &&= extras !== null;
    if (extras !== null && extras.wides === 0 && extras.noballs === 0) legal++;
    const fallen = delivery.wickets.filter(({ kind }) => isTeamWicket(kind)).length;
    runs += delivery.runs.total;
    wickets += fallen;
    const at = Math.round((usedOf(over, legal, ballsPerOver).balls / ballsPerOver) * 1000) / 1000;
    points.push([points.length + 1, runs, wickets, fallen > 0 ? 1 : 0, known ? at : null]);
  }
  return points;
}

export function manhattan(deliveries: readonly Delivery[]): ManhattanOver[] {
  const overs: [over: number, runs: number, wickets: number][] = [];
  for (const { over, runs, wickets } of deliveries) {
    let bar = overs.at(-1);
    if (bar?.[0] !== over + 1) {
      bar = [over + 1, 0, 0];
      overs.push(bar);
    }
    bar[1] += runs.total;
    bar[2] += wickets.filter(({ kind }) => isTeamWicket(kind)).length;
  }
  return overs;
}

function partnerships(deliveries: readonly Delivery[]): Partnership[] {
  const stands = partnershipsOf(deliveries).map((stand) => ({ ...stand, contributions: [0, 0] as [number, number] }));
  // The deliveries again, stand by stand: one ends with a wicket, or when another pair is in.
  let at = -1;
  let ended = true;
  for (const { batter, nonStriker, runs, wickets } of deliveries) {
    const pair = stands[at]?.batters;
    const pairIsIn = pair !== undefined && pair.toSorted().join("\n") === [batter, nonStriker].toSorted().join("\n");
    if (ended || !pairIsIn) at++;
    const stand = stands[at];
    if (stand !== undefined) stand.contributions[stand.batters[0] === batter ? 0 : 1] += runs.batter;
    ended = wickets.some(({ kind }) => isTeamWicket(kind));
  }
  return stands;
}

/** Nobody "did not bat" in a super over: three bat at most. */
function didNotBat(match: Match, card: ScoredInnings): string[] {
  if (card.super_over) return [];
  const seen = new Set([...card.batters.map(({ name }) => name), ...card.absent_hurt]);
  return match.players.filter(({ team, name }) => team === card.team && !seen.has(name)).map(({ name }) => name);
}
