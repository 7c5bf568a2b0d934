import { eventIdText } from "../domain/review/identity.ts";
import type { RecordHeaders } from "../kafka/log.ts";
import type { Fill } from "./fill.ts";
import { type Frame, NO_STREAM_TIME } from "./task.ts";
import type { CommitContext, ProcessContext, StateStore, StoreSpec } from "./topology.ts";

/** What `beforeCommit` may do. */
export class FrameContext implements CommitContext {
  readonly #outputs: ReadonlySet<string>;
  fill: Fill;
  frame: Frame;

  constructor(fill: Fill, frame: Frame, outputs: ReadonlySet<string>) {
    this.fill = fill;
    this.frame = frame;
    this.#outputs = outputs;
  }

  get partition(): number {
    return this.frame.task.partition;
  }

  get streamTime(): number {
    return this.frame.streamTime;
  }

  store<V>(spec: StoreSpec<V>): StateStore<V> {
    // A view holds what was put through the same spec, so its values are of the spec's type.
    return this.frame.view(spec) as StateStore<V>;
  }

  changed(spec: StoreSpec<unknown>): Iterable<string> {
    return this.frame.overlayOf(spec).keys();
  }

  emit(topic: string, key: Buffer | null, value: Buffer | null, headers?: RecordHeaders): void {
    if (!this.#outputs.has(topic)) throw new RangeError(`"${topic}" is not among the topology's outputs`);
    this.fill.writes.append(topic, this.frame.task.partition, key, value, headers);
  }
}

/** One context serves all records: the hot path allocates nothing. */
export class RecordContext implements ProcessContext {
  readonly #identity: Uint32Array;
  readonly #outputs: ReadonlySet<string>;
  fill: Fill | undefined;
  frame: Frame | undefined;
  verdict: "accepted" | "correction" = "accepted";
  deleted = false;
  superseded: string | null = null;
  time: number = NO_STREAM_TIME;

  constructor(identity: Uint32Array, outputs: ReadonlySet<string>) {
    this.#identity = identity;
    this.#outputs = outputs;
  }

  eventId(): string {
    return eventIdText(this.#identity);
  }

  supersedes(): string | null {
    return this.superseded;
  }

  get partition(): number {
    return this.frame!.task.partition;
  }

  get streamTime(): number {
    return this.frame!.streamTime;
  }

  store<V>(spec: StoreSpec<V>): StateStore<V> {
    return this.frame!.view(spec) as StateStore<V>;
  }

  emit(topic: string, key: Buffer | null, value: Buffer | null, headers?: RecordHeaders): void {
    if (!this.#outputs.has(topic)) throw new RangeError(`"${topic}" is not among the topology's outputs`);
    this.fill!.writes.append(topic, this.frame!.task.partition, key, value, headers);
  }
}
