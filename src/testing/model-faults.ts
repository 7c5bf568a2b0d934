import { FencedError, RetryableError } from "../domain/errors.ts";
import { AbortRequiredError } from "../kafka/abort-required.ts";
import { IndefiniteCommitError } from "../kafka/indefinite.ts";
import type { ModelProcess } from "./model-process.ts";
import type { TransactionCoordinator } from "./model-transactions.ts";

/** The calls of the Log port. `append` is one record of a `write`, just before it reaches its partition. */
export type Operation =
  | "consumer.open"
  | "fetch"
  | "committed"
  | "seek"
  | "watermarks"
  | "consumer.close"
  | "producer.open"
  | "begin"
  | "write"
  | "append"
  | "sendOffsets"
  | "commit"
  | "abort"
  | "producer.close"
  | "reader.open"
  | "reader.fetch"
  | "reader.watermarks"
  | "reader.close"
  | "admin"
  | "admin.close";

export type Moment = "before" | "after";

export interface FaultCall {
  readonly operation: Operation;
  readonly moment: Moment;
  readonly client: Pick<ModelProcess, "clientId" | "kill" | "freeze" | "thaw">;
  /** Which call of this operation it is on this broker, from 1. */
  readonly nth: number;
  readonly producer: { readonly transactionalId: string; readonly epoch: number } | undefined;
}

/** May kill or freeze the client, wait, or throw what the call is to reject with. */
export type FaultHook = (call: FaultCall) => void | Promise<void>;

/** What became of a commit that got no definite answer. `lateByMs`: it was still on its way, and arrives then. */
export type CommitOutcome = "committed" | "not committed" | { readonly lateByMs: number };

export interface FaultTarget {
  /** Only calls of this client; any client if absent. */
  readonly clientId?: string;
  /** Lets this many such calls pass first; default 0. */
  readonly skip?: number;
}

/** Probabilities per call, 0 to 1; what is absent never happens. */
export interface FaultRates {
  /** A `RetryableError` without effect, on any call that may throw one. */
  readonly retryable?: number;
  /** An `AbortRequiredError` from write, sendOffsets or commit. */
  readonly abortRequired?: number;
  /** A `FencedError` from sendOffsets: the group moved on and the member has not heard of it. */
  readonly fenced?: number;
  /** An `IndefiniteCommitError` from commit or abort: done, not done, or done up to `lateByMsMax` later. */
  readonly indefinite?: number;
  readonly lateByMsMax?: number;
  /** An `IndefiniteCommitError` from begin: the producer died between two transactions. */
  readonly deadProducer?: number;
  /** The process dies, before or after the effect of any call, or between two records of a write. */
  readonly kill?: number;
  /** A fetch that returns fewer records than there are. */
  readonly shortFetch?: number;
}

/** Local calls, and ends of a transaction: those either say that it must be aborted or give no definite answer. */
const neverRetryable: ReadonlySet<Operation> = new Set([
  "begin",
  "append",
  "commit",
  "abort",
  "consumer.close",
  "producer.close",
  "reader.close",
  "admin.close",
]);

/** The faults of one broker, scripted call by call or drawn from a random source that the test owns. */
export class ModelFaults {
  readonly #transactions: TransactionCoordinator;
  readonly #later: (delayMs: number, run: () => void) => void;
  readonly #hooks = new Map<string, Set<FaultHook>>();
  readonly #calls = new Map<Operation, number>();
  readonly #fired = new Map<string, number>();
  #shortFetch: ((max: number) => number) | undefined;

  constructor(transactions: TransactionCoordinator, later: (delayMs: number, run: () => void) => void) {
    this.#transactions = transactions;
    this.#later = later;
  }

  /** How often each fault fired, by name: a test that means to meet one checks that it did. */
  get fired(): ReadonlyMap<string, number> {
    return this.#fired;
  }

  /** Runs `hook` before each such call has an effect. Returns what removes it. */
  before(operation: Operation | "*", hook: FaultHook): () => void {
    return this.#on("before", operation, hook);
  }

  /** Runs `hook` after each such call has had its effect, before the caller hears of it. Returns what removes it. */
  after(operation: Operation | "*", hook: FaultHook): () => void {
    return this.#on("after", operation, hook);
  }

  /** The next such call rejects with `error` and has no effect. */
  failNext(operation: Operation, error: Error, target?: FaultTarget): void {
    this.#once("before", operation, target, () => {
      this.#count(error.name);
      throw error;
    });
  }

  /** The client that makes the next such call dies before or after its effect. */
  killNext(moment: Moment, operation: Operation, target?: FaultTarget): void {
    this.#once(moment, operation, target, ({ client }) => {
      this.#count("kill");
      client.kill();
    });
  }

  /** The next commit rejects with `IndefiniteCommitError`; `outcome` is what really happened. */
  indefiniteCommit(outcome: CommitOutcome, target?: FaultTarget): void {
    const moment = outcome === "committed" ? "after" : "before";
    this.#once(moment, "commit", target, (call) => this.#giveNoAnswer(call, outcome));
  }

  /** Draws faults with the given rates from `random` (uniform in [0, 1), seeded by the test). Returns what ends it. */
  random(random: () => number, rates: FaultRates): () => void {
    const happens = (rate: number | undefined): boolean => rate !== undefined && rate > 0 && random() < rate;
    const hook = (call: FaultCall): void => {
      const { operation, moment, client } = call;
      if (happens(rates.kill)) {
        this.#count("kill");
        client.kill();
        return;
      }
      const isEnd = operation === "commit" || operation === "abort";
      if (isEnd && happens((rates.indefinite ?? 0) / 2)) {
        if (moment === "after") this.#giveNoAnswer(call, "committed");
        const late = random() < 0.5 && (rates.lateByMsMax ?? 0) > 0;
        this.#giveNoAnswer(call, late ? { lateByMs: random() * rates.lateByMsMax! } : "not committed");
      }
      if (moment === "after") return;
      if (operation === "write" || operation === "sendOffsets" || operation === "commit") {
        if (happens(rates.abortRequired))
          this.#fail(new AbortRequiredError("injected: the transaction must be aborted"));
      }
      if (operation === "begin" && happens(rates.deadProducer))
        this.#fail(new IndefiniteCommitError("injected: the producer is dead"));
      if (operation === "sendOffsets" && happens(rates.fenced))
        this.#fail(new FencedError("injected: stale generation"));
      if (!neverRetryable.has(operation) && happens(rates.retryable)) {
        this.#fail(new RetryableError(`injected: ${operation} did not get through`));
      }
    };
    const shortFetch = (max: number): number =>
      happens(rates.shortFetch) ? 1 + Math.floor(random() * Math.min(max, 8)) : max;
    this.#shortFetch = shortFetch;
    const removers = [this.before("*", hook), this.after("*", hook)];
    if (rates.kill !== undefined) removers.push(this.before("append", hook));
    return () => {
      for (const remove of removers) remove();
      if (this.#shortFetch === shortFetch) this.#shortFetch = undefined;
    };
  }

  /** How many records a fetch may return at most. For the model's own use. */
  fetchLimit(max: number): number {
    return this.#shortFetch?.(max) ?? max;
  }

  /** Whether anything listens to each record of a write. For the model's own use. */
  get listensToAppends(): boolean {
    return (this.#hooks.get("before append")?.size ?? 0) > 0;
  }

  /** Runs the hooks of one call, in the order in which they were added. For the model's own use. */
  async run(
    moment: Moment,
    operation: Operation,
    client: ModelProcess,
    producer: FaultCall["producer"],
  ): Promise<void> {
    const nth = (this.#calls.get(operation) ?? 0) + (moment === "before" ? 1 : 0);
    this.#calls.set(operation, nth);
    for (const name of operation === "append" ? [operation] : [operation, "*"]) {
      const hooks = this.#hooks.get(`${moment} ${name}`);
      if (hooks === undefined || hooks.size === 0) continue;
      for (const hook of [...hooks]) {
        await hook({ operation, moment, client, nth, producer });
        client.assertAlive();
      }
    }
  }

  #giveNoAnswer(call: FaultCall, outcome: CommitOutcome): never {
    const { producer, operation } = call;
    if (typeof outcome === "object" && producer !== undefined) {
      const { transactionalId, epoch } = producer;
      this.#later(outcome.lateByMs, () => this.#transactions.endLate(transactionalId, epoch, operation === "commit"));
    }
    return this.#fail(new IndefiniteCommitError(`injected: ${operation} got no definite answer`));
  }

  #fail(error: Error): never {
    this.#count(error.name);
    throw error;
  }

  #count(name: string): void {
    this.#fired.set(name, (this.#fired.get(name) ?? 0) + 1);
  }

  #on(moment: Moment, operation: Operation | "*", hook: FaultHook): () => void {
    const name = `${moment} ${operation}`;
    const hooks = this.#hooks.get(name) ?? new Set();
    this.#hooks.set(name, hooks.add(hook));
    return () => hooks.delete(hook);
  }

  #once(moment: Moment, operation: Operation, target: FaultTarget | undefined, hook: FaultHook): void {
    let skip = target?.skip ?? 0;
    const remove = this.#on(moment, operation, (call) => {
      if (target?.clientId !== undefined && call.client.clientId !== target.clientId) return undefined;
      if (skip > 0) {
        skip -= 1;
        return undefined;
      }
      remove();
      return hook(call);
    });
  }
}
