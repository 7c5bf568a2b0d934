/** A bowler of one innings. */
export interface BowlerScore {
  readonly name: string;
  /** false once a delivery of his gave no kinds of extras: nothing but wickets can be told of him then. */
  readonly extrasKnown: boolean;
  readonly balls: number;
  /** Balls of his overs as a scoreboard counts them, see overs.ts: whole overs that the umpire miscounted are whole. */
  readonly used: number;
  /** Of overs that another over followed; `maidenInProgress` has the last one. */
  readonly maidens: number;
  readonly runs: number;
  readonly wickets: number;
  readonly wides: number;
  readonly noballs: number;
}

/** Before his first ball. */
export function newBowler(name: string): BowlerScore {
  return { name, extrasKnown: true, balls: 0, used: 0, maidens: 0, runs: 0, wickets: 0, wides: 0, noballs: 0 };
}
