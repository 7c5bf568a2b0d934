import type { Delivery, Match } from "../../domain/cricket/types.ts";
import { parseDeletion } from "../../domain/cricket/deletion.ts";
import { checkSchema, type CompiledSchema } from "../../schemas/validate.ts";
import { DELIVERY_BYTES_MAX, type EventKind, JSON_TYPE, MATCH_BYTES_MAX } from "./event-kind.ts";
import { jsonDocument } from "./json-text.ts";

/** A delivery that comes as JSON: schema first, then the parser of its format. `D`: what the schema makes of a document. */
export function jsonDeliveryKind<D>(schema: CompiledSchema, parse: (document: D) => Delivery): EventKind {
  return {
    contentType: JSON_TYPE,
    bytesMax: DELIVERY_BYTES_MAX,
    read: (value) => {
      const document = checked<D & Edition>(schema, value);
      return { kind: "delivery", delivery: parse(document), ...editionOf(document) };
    },
  };
}

/** A match that comes as JSON, in the same way. */
export function jsonMatchKind<D>(schema: CompiledSchema, parse: (document: D) => Match): EventKind {
  return {
    contentType: JSON_TYPE,
    bytesMax: MATCH_BYTES_MAX,
    read: (value) => {
      const document = checked<D & Edition>(schema, value);
      return { kind: "match", match: parse(document), ...editionOf(document) };
    },
  };
}

/** A deletion, as every source writes it. */
export function jsonDeletionKind(schema: CompiledSchema): EventKind {
  return {
    contentType: JSON_TYPE,
    bytesMax: DELIVERY_BYTES_MAX,
    read: (value) => {
      const document = checked<Edition>(schema, value);
      return { kind: "deletion", delivery: parseDeletion(document), ...editionOf(document) };
    },
  };
}

interface Edition {
  readonly edition?: number;
}

function editionOf({ edition }: Edition): Edition {
  return edition === undefined ? {} : { edition };
}

function checked<D>(schema: CompiledSchema, value: Buffer): D {
  const document = jsonDocument(value);
  checkSchema(schema, document);
  // The schema has just said so.
  return document as D;
}
