/**
 * What the function is asked and what it answers. The contract is shared by the function itself and by the source that calls it.
 *
 *   {op: "list", after, limit}  →  ListAnswer     objects after number `after`
 *   {op: "get", seq, ifNoneMatch?}  →  GetAnswer  one object
 *
 * Lambda takes no answer over 6,291,556 bytes. A list ends before it would be larger than LIST_BYTES; an object that is larger
 * alone comes with `body: null` and is to be asked for by itself; one that does not fit even then has `body: null` there too.
 */
import type { ObjectReader, StoredObject } from "./store.ts";

/** Bytes of the items of a list, as JSON in UTF-8. */
export const LIST_BYTES: number = 4_500_000;
/** Bytes of one object, as JSON in UTF-8: the most that an answer can carry, with room for what surrounds it. */
export const GET_BYTES: number = 6_000_000;
export const LIST_LIMIT = 100;

/** One object, `body` as text. Its etag is over the bytes: a body that is no UTF-8 does not agree with it. */
export interface FunctionItem {
  readonly seq: number;
  readonly key: string;
  readonly etag: string;
  readonly at: string;
  readonly contentType: string;
  readonly size: number;
  readonly body: string | null;
}

export interface ListAnswer {
  readonly items: readonly FunctionItem[];
  /** The cursor for the next list. */
  readonly next: number;
  /** The last number in the store, as far as the store knows. */
  readonly head: number;
  /** How long to wait when nothing was left to read. */
  readonly pollAfterMs: number;
  /** Id of the store's incarnation; empty when nothing has been created yet. Numbers of two incarnations have nothing to do with each other. */
  readonly store: string;
}

export interface GetAnswer {
  /** null: no object has that number. */
  readonly item: FunctionItem | null;
  /** True when the etag is the one of `ifNoneMatch`: then `item.body` is null. */
  readonly notModified: boolean;
}

/** The event is no request of ours: the caller is wrong, and the same call again will be, too. */
export class BadRequestError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BadRequestError";
  }
}

export class FunctionRequests {
  readonly #reader: ObjectReader;
  readonly #pollAfterMs: number;

  constructor(reader: ObjectReader, pollAfterMs: number) {
    if (!Number.isSafeInteger(pollAfterMs) || pollAfterMs < 0)
      throw new RangeError("TU_POLL_AFTER_MS must be a whole number of ms");
    this.#reader = reader;
    this.#pollAfterMs = pollAfterMs;
  }

  /** @throws BadRequestError */
  async answer(event: unknown): Promise<ListAnswer | GetAnswer> {
    const request = fieldsOf(event);
    switch (request["op"]) {
      case "list":
        onlyKnown(request, ["op", "after", "limit"]);
        return await this.#list(
          wholeNumber(request, "after", 0, Number.MAX_SAFE_INTEGER),
          wholeNumber(request, "limit", 1, LIST_LIMIT, LIST_LIMIT),
        );
      case "get":
        onlyKnown(request, ["op", "seq", "ifNoneMatch"]);
        return await this.#get(
          wholeNumber(request, "seq", 1, Number.MAX_SAFE_INTEGER),
          optionalText(request, "ifNoneMatch"),
        );
      default:
        throw new BadRequestError(`op must be "list" or "get", and not ${shown(request["op"])}`);
    }
  }

  async #list(after: number, limit: number): Promise<ListAnswer> {
    const page = await this.#reader.list(after, limit, LIST_BYTES);
    const items: FunctionItem[] = [];
    let bytes = 0;
    for (const object of page.objects) {
      const item = fitting(object, LIST_BYTES);
      bytes += bytesOf(item);
      if (items.length > 0 && bytes > LIST_BYTES) break;
      items.push(item);
    }
    const { store, head } = page;
    return { items, next: items.at(-1)?.seq ?? after, head, pollAfterMs: this.#pollAfterMs, store };
  }

  async #get(seq: number, ifNoneMatch: string | null): Promise<GetAnswer> {
    const object = await this.#reader.get(seq, GET_BYTES);
    if (object === null) return { item: null, notModified: false };
    const notModified = object.etag === ifNoneMatch;
    return { item: notModified ? withoutBody(object) : fitting(object, GET_BYTES), notModified };
  }
}

/** With its body when the whole of it is not larger than `maxBytes` as JSON: escaped, text may be six times as long. */
function fitting(object: StoredObject, maxBytes: number): FunctionItem {
  if (object.body === null) return withoutBody(object);
  const item = { ...object, body: object.body.toString("utf8") };
  return bytesOf(item) <= maxBytes ? item : withoutBody(object);
}

function withoutBody(object: StoredObject): FunctionItem {
  return { ...object, body: null };
}

function bytesOf(item: FunctionItem): number {
  return Buffer.byteLength(JSON.stringify(item)) + 1;
}

function fieldsOf(event: unknown): Readonly<Record<string, unknown>> {
  if (typeof event !== "object" || event === null || Array.isArray(event))
    throw new BadRequestError(`a request is a JSON object with "op", and not ${shown(event)}`);
  return event as Record<string, unknown>;
}

function onlyKnown(request: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  const unknown = Object.keys(request).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new BadRequestError(
      `${shown(unknown)} is no field of ${String(request["op"])}: it takes ${known.join(", ")}`,
    );
}

function wholeNumber(
  request: Readonly<Record<string, unknown>>,
  name: string,
  min: number,
  max: number,
  ifAbsent?: number,
): number {
  const value = request[name] ?? ifAbsent;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new BadRequestError(`${name} must be a whole number from ${min} to ${max}, and not ${shown(value)}`);
}

function optionalText(request: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = request[name] ?? null;
  if (value === null || typeof value === "string") return value;
  throw new BadRequestError(`${name} must be a text, and not ${shown(value)}`);
}

function shown(value: unknown): string {
  return value === undefined ? "absent" : JSON.stringify(value).slice(0, 60);
}
