import type { Delivery, Match } from "../../domain/cricket/types.ts";
import { checkSchema, type CompiledSchema } from "../../schemas/validate.ts";
import { DELIVERY_BYTES_MAX, type EventKind, JSON_TYPE, MATCH_BYTES_MAX } from "./event-kind.ts";
import { jsonDocument } from "./json-text.ts";

/** A delivery that comes as JSON: schema first, then the parser of its format. `D`: what the schema makes of a document. */
export function jsonDeliveryKind<D>(schema: CompiledSchema, parse: (document: D) => Delivery): EventKind {
  return {
    contentType: JSON_TYPE,
    bytesMax: DELIVERY_BYTES_MAX,
    read: (value) => ({ kind: "delivery", delivery: parse(checked<D>(schema, value)) }),
  };
}

/** A match that comes as JSON, in the same way. */
export function jsonMatchKind<D>(schema: CompiledSchema, parse: (document: D) => Match): EventKind {
  return {
    contentType: JSON_TYPE,
    bytesMax: MATCH_BYTES_MAX,
    read: (value) => ({ kind: "match", match: parse(checked<D>(schema, value)) }),
  };
}

function checked<D>(schema: CompiledSchema, value: Buffer): D {
  const document = jsonDocument(value);
  checkSchema(schema, document);
  // The schema has just said so.
  return document as D;
}
