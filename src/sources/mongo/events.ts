/** Documents as raw events: relaxed Extended JSON without `_id`. What they mean is for the review to say. */
import { BSON, type Document, ObjectId } from "mongodb";
import type { WriteBatch } from "../../kafka/log.ts";
import { EventWriter, keyProblem, orUnreadable, oversize } from "../kit/index.ts";
import type { EventContext, EventTarget, SourceEvent, Unreadable } from "../kit/index.ts";
import { relaxedJson } from "./relaxed-json.ts";

/** What is kept of a document of no known shape. */
const KEPT_BYTES = 64 * 1024;

/** What a document is an event of, by its CloudEvents type; or why it is none that the collection should hold. */
export type Classified = { readonly type: string } | { readonly problem: string };

/** What the collections of a database are to a pipeline. */
export interface SourceCollections {
  /** The field of every document whose text is the record's key. */
  readonly keyName: string;
  /** By name, in the order in which they are copied. What the fields of a document mean is checked later. */
  readonly collections: Readonly<Record<string, (document: Document) => Classified>>;
  /** The event that says why a document could not go out as it is. */
  readonly unreadable: (what: Unreadable) => SourceEvent;
}

export class DocumentWriter {
  readonly #o: SourceCollections;
  readonly #events: EventWriter;

  constructor(collections: SourceCollections, target: EventTarget) {
    this.#o = collections;
    this.#events = new EventWriter("mongodb", target);
  }

  /** In the order in which they are copied. */
  get names(): readonly string[] {
    return Object.keys(this.#o.collections);
  }

  /** Appends the event of one whole document. */
  append(batch: WriteBatch, collection: string, document: Document, at: Omit<EventContext, "rowId">): void {
    const context = { ...at, rowId: rowId(collection, document["_id"]) };
    this.#events.append(batch, keyOf(this.#o, document), documentEvent(this.#o, collection, document), context);
  }

  /** A document that cannot even be fetched: all that is known is its id. */
  appendUnfetchable(
    batch: WriteBatch,
    collection: string,
    _id: unknown,
    at: Omit<EventContext, "rowId">,
    problem: string,
  ): void {
    const event = this.#o.unreadable({ key: "", file: collection, line: 0, raw: Buffer.alloc(0), problem });
    this.#events.append(batch, "", event, { ...at, rowId: rowId(collection, _id) });
  }
}

/** `orders/<ObjectId hex>`; an id of another type as Extended JSON. */
export function rowId(collection: string, _id: unknown): string {
  if (_id instanceof ObjectId) return `${collection}/${_id.toHexString()}`;
  return orUnreadable(
    () => `${collection}/${BSON.EJSON.stringify(_id, { relaxed: true })}`,
    (problem) => `${collection}/? (${problem})`,
  );
}

/** The event of a document: what its collection says of it, or an unreadable one with the reason. */
export function documentEvent(o: SourceCollections, collection: string, { _id, ...document }: Document): SourceEvent {
  const because = (raw: Buffer, problem: string): SourceEvent =>
    o.unreadable({ key: keyOf(o, document), file: rowId(collection, _id), line: 0, raw, problem });
  return orUnreadable(
    () => {
      const value = Buffer.from(relaxedJson(document));
      const classified = classify(o, collection, document);
      if ("problem" in classified) return because(value.subarray(0, KEPT_BYTES), classified.problem);
      const excess = oversize(value, "the document as JSON");
      if (excess !== null) return because(excess.raw, excess.problem);
      return { type: classified.type, contentType: "application/json", value };
    },
    (problem) => because(Buffer.alloc(0), problem),
  );
}

function classify({ keyName, collections }: SourceCollections, collection: string, document: Document): Classified {
  const key: unknown = document[keyName];
  if (typeof key !== "string" || key === "")
    return { problem: `a document of ${collection} without ${keyName} (a text)` };
  const tooLong = keyProblem(keyName, Buffer.byteLength(key));
  if (tooLong !== null) return { problem: tooLong };
  return collections[collection]?.(document) ?? { problem: `${collection} is no collection of ours` };
}

/** "" for one that can be no key. */
function keyOf({ keyName }: SourceCollections, document: Document): string {
  const key: unknown = document[keyName];
  return typeof key === "string" && keyProblem(keyName, Buffer.byteLength(key)) === null ? key : "";
}
