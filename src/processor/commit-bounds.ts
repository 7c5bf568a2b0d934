import { FatalError } from "../domain/errors.ts";

/** When a transaction is committed: at the first bound that it comes to. */
export interface CommitBounds {
  readonly commitIntervalMs: number;
  readonly commitMaxRecords: number;
  readonly commitMaxBytes: number;
}

const DEFAULTS: CommitBounds = { commitIntervalMs: 100, commitMaxRecords: 10_000, commitMaxBytes: 32 * 1024 * 1024 };

/**
 * The bounds that were asked for, or their defaults. Throws FatalError on one that no commit comes to, or that asks Kafka for no
 * records: the processor would run and judge nothing.
 */
export function commitBoundsOf(asked: { readonly [K in keyof CommitBounds]?: number | undefined }): CommitBounds {
  const bound = (name: keyof CommitBounds, least: number): number => {
    const value = asked[name] ?? DEFAULTS[name];
    if (Number.isInteger(value) && value >= least) return value;
    throw new FatalError(`${name} is ${value}`, {
      remedy: `give ${name} a whole number of ${least} or more, or leave it out: it is ${DEFAULTS[name]} then`,
    });
  };
  return {
    commitIntervalMs: bound("commitIntervalMs", 0),
    commitMaxRecords: bound("commitMaxRecords", 1),
    commitMaxBytes: bound("commitMaxBytes", 1),
  };
}
