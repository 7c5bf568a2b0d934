/**
 * From one trouble to the next. The numbered order is what makes it safe:
 *
 * 1. Own the producer: opening it fences every older incarnation and ends its open transaction; read the position.
 * 2. Ask the function which store it stands before; decide. A new epoch begins with a gap event in the transaction of its first position.
 * 3. Poll from the position: one invoke at a time, the next batch fills while the last one commits.
 */
import { pause } from "../../pause.ts";
import { WriteBatch } from "../../kafka/log.ts";
import { RetryableError } from "../../domain/errors.ts";
import type { FunctionItem, ListAnswer } from "../../object-store/function.ts";
import type { SourceSession, StoredPosition } from "../kit/index.ts";
import { ContinuityLostError, gapEvent } from "../kit/index.ts";
import type { FunctionClient } from "./client.ts";
import { ObjectWriter, problemOf } from "./events.ts";
import type { LambdaSourceOptions } from "./options.ts";
import { DEFAULTS } from "./options.ts";
import type { LambdaPosition } from "./position.ts";
import { decideStart, LAMBDA_POSITION, lossOf } from "./position.ts";

/** Whatever the function says: no busy loop, and no silence for hours. */
const POLL_MS_MIN = 20;
const POLL_MS_MAX = 60_000;

interface Filled {
  readonly batch: WriteBatch;
  readonly position: StoredPosition<LambdaPosition>;
  readonly polls: number;
  readonly last: ListAnswer;
}

export class Session {
  readonly #o: LambdaSourceOptions;
  readonly #session: SourceSession<LambdaPosition>;
  readonly #function: FunctionClient;
  readonly #events: ObjectWriter;
  readonly #now: () => number;

  constructor(options: LambdaSourceOptions, session: SourceSession<LambdaPosition>, client: FunctionClient) {
    this.#o = options;
    this.#session = session;
    this.#function = client;
    this.#now = options.now ?? Date.now;
    this.#events = new ObjectWriter(options.objects, options, this.#now);
  }

  async run(): Promise<void> {
    await this.#session.ownership.acquire(); // step 1
    const facts = await this.#findStore();
    if (facts === null) return;
    const position = await this.#begin(facts); // step 2
    const { status, onStreaming } = this.#session;
    status.set({
      state: "streaming",
      message: `polling function ${this.#o.functionName}`,
      epoch: position.epoch,
      lag: { amount: facts.head - position.position.after, unit: "objects" },
    });
    onStreaming();
    await this.#poll(position); // step 3
  }

  /** Waits until there is a store; null when asked to stop first. */
  async #findStore(): Promise<ListAnswer | null> {
    const { ownership, status } = this.#session;
    while (!this.#o.signal.aborted) {
      const answer = await this.#function.list(ownership.position?.position.after ?? 0, 1);
      if (answer.store !== "") return answer;
      status.set({ state: "starting", message: "there is no object store yet; waiting for the feed to create it" });
      await ownership.beat();
      await this.#wait(answer);
    }
    return null;
  }

  async #begin(facts: ListAnswer): Promise<StoredPosition<LambdaPosition>> {
    const { ownership, distrust } = this.#session;
    const stored = ownership.position;
    const { from, gap } = decideStart(stored, facts, distrust);
    if (gap !== null) {
      const action = `reading all objects again, from the first one to ${facts.head}`;
      const { sourceId } = this.#o;
      const event = gapEvent({
        sourceId,
        codec: LAMBDA_POSITION,
        from: stored,
        to: from,
        reason: gap,
        action,
        nowMs: this.#now(),
      });
      await ownership.publish(new WriteBatch(), from, event);
    } else if (stored === null) {
      // So that there is a position to prove ownership with, however long the store stays empty.
      await ownership.publish(new WriteBatch(), from);
    }
    return from;
  }

  async #poll(start: StoredPosition<LambdaPosition>): Promise<void> {
    const { signal } = this.#o;
    const { ownership } = this.#session;
    let position = start;
    let committing: Promise<void> = Promise.resolve();
    try {
      while (!signal.aborted) {
        const filled = await this.#fill(position);
        await committing;
        if (filled.batch.length === 0) {
          await ownership.beat();
          await this.#wait(filled.last);
          continue;
        }
        position = filled.position;
        committing = this.#commit(filled);
        committing.catch(() => undefined); // whoever awaits it next gets the error
      }
    } finally {
      // That we were fenced matters more than whatever else went wrong: who forgets it would fence back.
      await committing;
    }
  }

  /** Polls until the batch is full or nothing is left. */
  async #fill(from: StoredPosition<LambdaPosition>): Promise<Filled> {
    const { maxEvents = DEFAULTS.maxEvents, maxBytes = DEFAULTS.maxBytes } = this.#o;
    const limit = Math.min(this.#o.pollObjects ?? DEFAULTS.pollObjects, maxEvents);
    const batch = new WriteBatch();
    const { store } = from.position;
    let { after } = from.position;
    for (let polls = 1; ; polls += 1) {
      const answer = await this.#function.list(after, limit);
      if (answer.store === "") throw new RetryableError("the object store is being made anew");
      const loss = lossOf({ store, after }, answer);
      if (loss !== null) throw new ContinuityLostError(loss);
      for (const item of answer.items) await this.#take(batch, item, store);
      after = answer.next;
      const isEnd = answer.items.length === 0 || after >= answer.head;
      if (isEnd || batch.length + limit > maxEvents || batch.bytes >= maxBytes || this.#o.signal.aborted) {
        const position = { ...from, events: from.events + batch.length, position: { store, after } };
        return { batch, position, polls, last: answer };
      }
    }
  }

  /** An object that is not what it says is asked for once more: it may have been hurt on its way. */
  async #take(batch: WriteBatch, item: FunctionItem, store: string): Promise<void> {
    let taken = item;
    let problem = problemOf(item);
    if (problem !== null) {
      const again = await this.#function.get(item.seq);
      if (again.item === null)
        throw new RetryableError(`function ${this.#o.functionName} lists object ${item.seq} and does not find it`);
      taken = again.item;
      problem = problemOf(taken);
    }
    this.#events.append(batch, taken, store, problem);
  }

  async #commit({ batch, position, polls, last }: Filled): Promise<void> {
    const { ownership, status } = this.#session;
    // Before it is published: the position becomes a record of the batch then.
    const events = batch.length;
    await ownership.publish(batch, position);
    const { after } = position.position;
    status.committed(events, polls, String(after), position.epoch, this.#now());
    status.set({ lag: { amount: Math.max(0, last.head - after), unit: "objects" } });
    await this.#o.at?.("acknowledged");
  }

  /** Not all callers of a function that was down should come back at the same instant. */
  async #wait({ pollAfterMs }: ListAnswer): Promise<void> {
    const random = this.#o.random ?? Math.random;
    const ms = Math.min(POLL_MS_MAX, Math.max(POLL_MS_MIN, pollAfterMs));
    await pause(ms * (0.75 + random() / 2), this.#o.signal);
  }
}
