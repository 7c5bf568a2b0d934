import { PoisonError } from "../errors.ts";
import { ballLabel, inningsNumber, placeInInnings, quoted, wholeNumber } from "./fields.ts";
import type { DeliveryPlace } from "./types.ts";

/** What names a ball in a row of either CSV. `nth`: of the original, whose labels do not. */
export interface BallNames {
  readonly innings: string | null;
  readonly ball: string | null;
  readonly nth: string | null;
}

/** @throws PoisonError with a reason a person understands. */
export function csvBallPlace({ innings, ball, nth }: BallNames): Omit<DeliveryPlace, "matchId"> {
  return {
    innings: inningsNumber(innings ?? "", 'column "innings"'),
    ...(nth === null ? ballLabel(ball ?? "", 'column "ball"') : countedPlace(ball ?? "", nth)),
  };
}

/**
 * The place of a ball of the original CSV: the label as in the file, which writes the tenth delivery of an over like its first
 * ("47.1"), and the delivery's number in its over, which the label must fit.
 * @throws PoisonError with a reason a person understands.
 */
export function countedPlace(label: string, nth: string): { over: number; ball: number } {
  const parts = /^(0|[1-9]\d*)\.(\d+)$/u.exec(label);
  if (parts === null) {
    throw new PoisonError(
      `column "ball" is ${quoted(label)}; expected <over from 0>.<delivery from 1>, such as 0.1 or 24.6`,
    );
  }
  const over = Number(parts[1]);
  const ball = wholeNumber(nth, 'column "nth"', 100);
  placeInInnings(over, ball, 'column "ball"');
  // Compared as the numbers that the file takes labels for: 47.10 and 47.1 are one.
  if (Number(`0.${parts[2]}`) !== Number(`0.${ball}`)) {
    throw new PoisonError(`column "ball" is ${quoted(label)}, but the delivery is number ${ball} of its over`);
  }
  return { over, ball };
}
