/** Documents of the T20I database as raw events: CloudEvents 1.0, binary mode. What they mean is for the review to say. */
import { BSON, type Document, ObjectId } from "mongodb";
import { CRICKET_EVENT } from "../../domain/cricket/topics.ts";
import { partitionFor } from "../../domain/partition.ts";
import type { WriteBatch } from "../../kafka/log.ts";
import type { T20iCollection } from "../../mongo/collections.ts";
import { cloudEventHeaders, keyProblem, orUnreadable, oversize, unreadableValue } from "../kit/index.ts";
import { relaxedJson } from "./relaxed-json.ts";

/** What is kept of a document of no known shape. */
const KEPT_BYTES = 64 * 1024;

export interface EventContext {
  /** CloudEvents id: the source's own position. */
  readonly id: string;
  readonly timeMs: number;
}

interface Payload {
  readonly type: string;
  readonly value: Buffer;
}

export class EventWriter {
  readonly #topic: string;
  readonly #partitions: number;
  readonly #source: string;

  constructor(options: { readonly topic: string; readonly partitions: number; readonly sourceId: string }) {
    this.#topic = options.topic;
    this.#partitions = options.partitions;
    this.#source = `mongodb/${options.sourceId}`;
  }

  /** Appends the event of one whole document. */
  append(batch: WriteBatch, collection: T20iCollection, document: Document, context: EventContext): void {
    const matchId = matchIdOf(document);
    const row = rowId(collection, document["_id"]);
    const payload = orUnreadable(
      () => payloadOf(collection, document),
      (problem) => unreadable(matchId, row, Buffer.alloc(0), problem),
    );
    this.#write(batch, matchId, row, payload, context);
  }

  /** A document that cannot even be fetched: all that is known is its id. */
  appendUnfetchable(
    batch: WriteBatch,
    collection: T20iCollection,
    _id: unknown,
    context: EventContext,
    problem: string,
  ): void {
    this.#write(batch, "", rowId(collection, _id), unreadable("", collection, Buffer.alloc(0), problem), context);
  }

  #write(batch: WriteBatch, matchId: string, row: string, payload: Payload, context: EventContext): void {
    const key = Buffer.from(matchId);
    const headers = cloudEventHeaders({
      ...context,
      source: this.#source,
      type: payload.type,
      subject: matchId,
      contentType: "application/json",
      rowId: row,
    });
    batch.append(this.#topic, partitionFor(key, this.#partitions), key, payload.value, headers);
  }
}

/** `deliveries/<ObjectId hex>`; an id of another type as Extended JSON. */
export function rowId(collection: string, _id: unknown): string {
  if (_id instanceof ObjectId) return `${collection}/${_id.toHexString()}`;
  return orUnreadable(
    () => `${collection}/${BSON.EJSON.stringify(_id, { relaxed: true })}`,
    (problem) => `${collection}/? (${problem})`,
  );
}

/** What a document of a collection is an event of, if it has the shape of one. */
export function eventTypeOf(collection: T20iCollection, document: Document): string {
  return isDeletion(collection, document) ? CRICKET_EVENT.t20iDeletion : TYPES[collection];
}

/** A delivery that an edition of the file does not have any more is a document among the others. */
function isDeletion(collection: T20iCollection, document: Document): boolean {
  return collection === "deliveries" && document["deleted"] === true;
}

const TYPES: Readonly<Record<T20iCollection, string>> = {
  deliveries: CRICKET_EVENT.t20iDelivery,
  matches: CRICKET_EVENT.t20iMatch,
  unreadable: CRICKET_EVENT.t20iUnreadable,
};

function payloadOf(collection: T20iCollection, { _id, ...document }: Document): Payload {
  const matchId = matchIdOf(document);
  const row = rowId(collection, _id);
  const text = relaxedJson(document);
  const problem = shapeProblem(collection, document);
  if (problem !== null) return unreadable(matchId, row, Buffer.from(text).subarray(0, KEPT_BYTES), problem);
  const value = Buffer.from(text);
  const excess = oversize(value, "the document as JSON");
  return excess === null
    ? { type: eventTypeOf(collection, document), value }
    : unreadable(matchId, row, excess.raw, excess.problem);
}

function unreadable(matchId: string, row: string, raw: Buffer, problem: string): Payload {
  return {
    type: CRICKET_EVENT.t20iUnreadable,
    value: unreadableValue({ matchId, file: row, line: 0, raw, problem }),
  };
}

/** "" for one that can be no key. */
function matchIdOf(document: Document): string {
  const id: unknown = document["match_id"];
  return typeof id === "string" && keyProblem(Buffer.byteLength(id)) === null ? id : "";
}

/** Why a document is none that the collection should hold; null when it is one. What its fields mean is checked later. */
function shapeProblem(collection: T20iCollection, document: Document): string | null {
  const matchId: unknown = document["match_id"];
  if (typeof matchId !== "string" || matchId === "") return `a document of ${collection} without match_id (a text)`;
  const tooLong = keyProblem(Buffer.byteLength(matchId));
  if (tooLong !== null) return tooLong;
  if (isDeletion(collection, document)) return null;
  if (collection === "deliveries" && !isObject(document["delivery"])) return "a delivery without the object delivery";
  if (collection === "matches" && !isObject(document["match"])) return "a match without the object match";
  return null;
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
