/**
 * What an unreliable function does, drawn from a seed: the n-th invocation of an endpoint meets the same fate in every run.
 */
import { seededBy } from "../../domain/random.ts";

export interface FaultRates {
  readonly seed: number;
  /** Share of invocations whose function throws, 0 … 1. */
  readonly throwRate: number;
  /** … that find no warm environment: the one there was is killed first. */
  readonly coldRate: number;
  /** … whose answer is lost on its way: the function has run, the connection breaks, and the caller's client invokes again. */
  readonly repeatRate: number;
  /** … that take SLOW_MS longer. */
  readonly slowRate: number;
}

export const NO_FAULTS: FaultRates = { seed: 1, throwRate: 0, coldRate: 0, repeatRate: 0, slowRate: 0 };

export const SLOW_MS = 1500;

export interface Fate {
  readonly throws: boolean;
  readonly cold: boolean;
  readonly repeat: boolean;
  readonly slow: boolean;
}

/** The fate of invocation `number`, from 1. */
export function fateOf(rates: FaultRates, number: number): Fate {
  const random = seededBy(rates.seed, `lambda/${number}`);
  // Always all four, so that one rate does not move the others' draws.
  const [throws, cold, repeat, slow] = [random(), random(), random(), random()];
  return {
    throws: throws < rates.throwRate,
    cold: cold < rates.coldRate,
    repeat: repeat < rates.repeatRate,
    slow: slow < rates.slowRate,
  };
}
