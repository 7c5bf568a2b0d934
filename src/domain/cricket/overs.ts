import type { ScoredBowler, ScoredInnings } from "./scored.ts";

/**
 * The balls that an innings has used of its overs. An over that another one followed is used up, also where the umpire miscounted
 * and five or seven balls were bowled; in the last one every legal ball counts, up to the over's length.
 */
export function usedOf(over: number, legalBalls: number, ballsPerOver: number): NonNullable<ScoredInnings["bowled"]> {
  const balls = over * ballsPerOver + Math.min(ballsPerOver, legalBalls);
  return { balls, overs: oversText(balls, ballsPerOver) };
}

/** Whether the last of so many legal balls counts against its over: an over that the umpire let go on is used up by then. */
export function countsIn(legalBalls: number, ballsPerOver: number): boolean {
  return legalBalls <= ballsPerOver;
}

/** What an over that has ended lacks of its length. Who bowled all of it has bowled an over. */
export function missingOf(legalBalls: number, ballsPerOver: number): number {
  return Math.max(0, ballsPerOver - legalBalls);
}

/** Balls of a bowler's overs; null where the format cannot tell wides. Of an over that two shared each has the balls he bowled. */
export function ballsBowled({ used, balls }: ScoredBowler): number | null {
  return used ?? balls;
}

/** Balls that count against the overs of an innings; null where the format cannot tell wides. */
export function ballsUsed({ bowled, legal_balls }: ScoredInnings): number | null {
  return bowled?.balls ?? legal_balls;
}

/** Overs as a scoreboard shows them, "19.3". The scored form has legal balls in sixes, which a miscounted over shifts. */
export function oversBowled({ bowled, overs }: ScoredInnings): string | null {
  return bowled?.overs ?? overs;
}

/** Balls as overs and balls: 117 is "19.3". */
export function oversText(balls: number, ballsPerOver: number): string {
  return `${Math.floor(balls / ballsPerOver)}.${balls % ballsPerOver}`;
}

/** Balls in overs of cricket notation: 17.4 is 17 overs and 4 balls. */
export function ballsIn(overs: number, ballsPerOver: number): number {
  const whole = Math.floor(overs);
  return whole * ballsPerOver + Math.round((overs - whole) * 10);
}
