import type { Delivery } from "../../src/domain/cricket/types.ts";

/** What a scoreboard counts, by its own arithmetic: over by over, and not ball by ball as the product does. */
export interface OversUsed {
  /** Balls that count against the overs of the innings. */
  readonly balls: number;
  /** Of each bowler's overs. */
  readonly bowlers: ReadonlyMap<string, number>;
}

/** Of one innings; null where one of its deliveries cannot tell wides. Every over but the last is used up. */
export function oversUsed(innings: readonly Delivery[], ballsPerOver: number): OversUsed | null {
  const overs = new Map<number, Delivery[]>();
  for (const delivery of innings) {
    if (delivery.extras === null) return null;
    overs.set(delivery.over, [...(overs.get(delivery.over) ?? []), delivery]);
  }
  const last = Math.max(-1, ...overs.keys());
  const bowlers = new Map<string, number>(innings.map(({ bowler }) => [bowler, 0]));
  let balls = 0;
  for (const [over, deliveries] of overs) {
    const legal = deliveries.filter(({ extras }) => extras?.wides === 0 && extras.noballs === 0).slice(0, ballsPerOver);
    if (over === last) balls = over * ballsPerOver + legal.length;
    const names = new Set(deliveries.map(({ bowler }) => bowler));
    for (const name of names) {
      const own = names.size === 1 && over !== last ? ballsPerOver : legal.filter((d) => d.bowler === name).length;
      bowlers.set(name, (bowlers.get(name) ?? 0) + own);
    }
  }
  return { balls, bowlers };
}

/** Balls in overs, "19.3". */
export function inOvers(balls: number, ballsPerOver: number): string {
  return `${Math.floor(balls / ballsPerOver)}.${balls % ballsPerOver}`;
}
