/** Objects as raw events: what the pipeline makes of them, or, when one could not be taken, something for the quarantine with the reason. */
import type { WriteBatch } from "../../kafka/log.ts";
import type { FunctionItem } from "../../object-store/function.ts";
import { etagOf } from "../../object-store/store.ts";
import { EventWriter, keyProblem, orUnreadable, oversize, statedTime } from "../kit/index.ts";
import type { EventTarget, SourceEvent, Unreadable } from "../kit/index.ts";

/** What the objects of a store are to a pipeline. */
export interface SourceObjects {
  /** What the record's key is called, for people. */
  readonly keyName: string;
  /** The record's key, of an object's key. */
  readonly keyOf: (objectKey: string) => string;
  /** Of a whole and sound object. What it throws makes the object unreadable. */
  readonly toEvent: (body: Buffer) => SourceEvent;
  /** The event that says why an object could not be taken as it was. */
  readonly unreadable: (what: Unreadable) => SourceEvent;
}

/** Why an object is not what it says it is; null when it is. */
export function problemOf(item: FunctionItem): string | null {
  if (item.body === null) return `the object is ${item.size} bytes, more than the function can answer`;
  const digest = etagOf(item.body);
  return digest === item.etag ? null : `the object's SHA-256 is ${digest} and its etag ${item.etag}`;
}

export class ObjectWriter {
  readonly #objects: SourceObjects;
  readonly #events: EventWriter;
  readonly #now: () => number;

  constructor(objects: SourceObjects, target: EventTarget, now: () => number) {
    this.#objects = objects;
    this.#events = new EventWriter("lambda", target);
    this.#now = now;
  }

  /** Appends the event of one object of incarnation `store`. `problem`: of `problemOf`, asked again. */
  append(batch: WriteBatch, item: FunctionItem, store: string, problem: string | null): void {
    const { keyName, keyOf, toEvent, unreadable } = this.#objects;
    const name = keyOf(item.key);
    const tooLong = keyProblem(keyName, Buffer.byteLength(name));
    const key = tooLong === null ? name : "";
    const body = Buffer.from(item.body ?? "");
    const excess = oversize(body, "the object");
    const reason = problem ?? tooLong ?? excess?.problem ?? null;
    const because = (why: string): SourceEvent =>
      unreadable({ key, file: item.key, line: item.seq, raw: excess?.raw ?? body, problem: why });
    const event = reason === null ? orUnreadable(() => toEvent(body), because) : because(reason);
    this.#events.append(batch, key, event, {
      id: `lambda:${store}:${item.seq}`,
      timeMs: statedTime(Date.parse(item.at), this.#now()),
      rowId: `objects/${item.seq}`,
    });
  }
}
