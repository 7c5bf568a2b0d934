import type { Delivery } from "./types.ts";
import { isTeamWicket } from "./wickets.ts";

/** A stand of two batters. */
export interface Partnership {
  /** Wicket they stood for, from 1. A batter who retires makes two stands for one wicket. */
  readonly wicket: number;
  /** The one who came in first stands first. */
  readonly batters: readonly [string, string];
  /** Of the team while they were in, extras included. */
  readonly runs: number;
  /** Balls faced, wides not counted; null where the format cannot tell. */
  readonly balls: number | null;
  /** No wicket ended it. */
  readonly unbroken: boolean;
}

interface Stand {
  readonly wicket: number;
  readonly batters: readonly [string, string];
  runs: number;
  balls: number | null;
  unbroken: boolean;
}

/**
 * The stands of an innings from its deliveries in order of play. Their runs are all runs of the deliveries: penalty
 * runs given before or after the innings belong to nobody's stand. A wicket without a ball between it and the one
 * before ("timed out") makes no stand.
 */
export function partnershipsOf(deliveries: readonly Delivery[]): readonly Partnership[] {
  const cameIn = new Set<string>();
  const stands: Stand[] = [];
  let current: Stand | undefined;
  let fallen = 0;
  for (const { batter, nonStriker, runs, extras, wickets } of deliveries) {
    cameIn.add(batter).add(nonStriker);
    if (current === undefined || !isPair(current, batter, nonStriker)) {
      current = { wicket: fallen + 1, batters: inOrder(cameIn, batter, nonStriker), runs: 0, balls: 0, unbroken: true };
      stands.push(current);
    }
    current.runs += runs.total;
    if (extras === null) current.balls = null;
    else if (current.balls !== null && extras.wides === 0) current.balls++;
    for (const { kind } of wickets) {
      if (!isTeamWicket(kind)) continue;
      fallen++;
      if (current !== undefined) current.unbroken = false;
      current = undefined;
    }
  }
  return stands;
}

function isPair({ batters: [first, second] }: Stand, one: string, other: string): boolean {
  return (first === one && second === other) || (first === other && second === one);
}

function inOrder(cameIn: ReadonlySet<string>, one: string, other: string): readonly [string, string] {
  for (const name of cameIn) if (name === one || name === other) return name === one ? [one, other] : [other, one];
  return [one, other];
}
