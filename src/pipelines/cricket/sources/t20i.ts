/** T20 internationals: documents of three collections in MongoDB. */
import type { Document } from "mongodb";
import { CRICKET_EVENT } from "../../../domain/cricket/topics.ts";
import type { Classified, SourceCollections } from "../../../sources/mongo/index.ts";
import { unreadableEvent } from "./unreadable.ts";

export type T20iCollection = "matches" | "deliveries" | "unreadable";

/** Matches before their deliveries: a reader of a copy knows a match when its first ball comes. */
export const T20I_COLLECTIONS: readonly T20iCollection[] = ["matches", "deliveries", "unreadable"];

const COLLECTIONS: Readonly<Record<T20iCollection, (document: Document) => Classified>> = {
  matches: (document) =>
    isObject(document["match"]) ? { type: CRICKET_EVENT.t20iMatch } : { problem: "a match without the object match" },
  deliveries: (document) => {
    // A delivery that an edition of the file does not have any more is a document among the others.
    if (document["deleted"] === true) return { type: CRICKET_EVENT.t20iDeletion };
    return isObject(document["delivery"])
      ? { type: CRICKET_EVENT.t20iDelivery }
      : { problem: "a delivery without the object delivery" };
  },
  unreadable: () => ({ type: CRICKET_EVENT.t20iUnreadable }),
};

export const T20I_DOCUMENTS: SourceCollections = {
  keyName: "match_id",
  collections: COLLECTIONS,
  unreadable: (what) => unreadableEvent(CRICKET_EVENT.t20iUnreadable, what),
};

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
