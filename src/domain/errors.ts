/**
 * Errors are named by the reaction they ask for, not by their cause; the supervisor of a process
 * holds the only switch over them.
 *
 * - `RetryableError`: make the same call again, after a back-off.
 * - `FencedError`: another incarnation owns our work; drop the tasks, re-initialise, rejoin.
 * - `StateCorruptError`: state and committed offset disagree; stop, wipe, restore.
 * - `FatalError`: this process cannot go on; exit, the supervisor above restarts it.
 * - `PoisonError`: one record cannot be read; quarantine it and go on.
 */
export type Reaction = "retry" | "rejoin" | "restore" | "exit" | "quarantine";

abstract class ReactionError extends Error {
  abstract readonly reaction: Reaction;
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The same call may succeed later. The caller repeats it with back-off. */
export class RetryableError extends ReactionError {
  readonly reaction = "retry";
}

/** A newer incarnation holds our transactional id or our partitions. The caller drops its tasks and rejoins. */
export class FencedError extends ReactionError {
  readonly reaction = "rejoin";
}

/** State does not match the committed offset. The caller wipes it and restores, or stops and says which command rebuilds. */
export class StateCorruptError extends ReactionError {
  readonly reaction = "restore";
}

/** Nothing this process does will help; `remedy` tells a person what will. The caller exits non-zero. */
export class FatalError extends ReactionError {
  readonly reaction = "exit";
  readonly remedy: string | undefined;
  constructor(message: string, options?: ErrorOptions & { remedy?: string }) {
    super(message, options);
    this.remedy = options?.remedy;
  }
}

/** The exit code of a process that ended with a ReplacedError: no supervisor should start it again. */
export const EXIT_REPLACED = 3;

/** A newer process has our instance id and lives: it goes on, this one ends for good. */
export class ReplacedError extends FatalError {}

/** One record cannot be read. The engine quarantines it with this message as the reason and goes on. */
export class PoisonError extends ReactionError {
  readonly reaction = "quarantine";
}
