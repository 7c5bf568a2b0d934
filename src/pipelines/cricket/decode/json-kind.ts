import type { Delivery, DeliveryPlace, Match } from "../../../domain/cricket/types.ts";
import { checkSchema, type CompiledSchema } from "../../../schemas/validate.ts";
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

/** A deletion that comes as JSON, in the same way. */
export function jsonDeletionKind<D>(schema: CompiledSchema, parse: (document: D) => DeliveryPlace): EventKind {
  return {
    contentType: JSON_TYPE,
    bytesMax: DELIVERY_BYTES_MAX,
    read: (value) => {
      const document = checked<D & Edition>(schema, value);
      return { kind: "deletion", delivery: parse(document), ...editionOf(document) };
    },
  };
}

/** As the schema has it: a number, or its digits where all is text. */
interface Edition {
  readonly edition?: number | string;
}

function editionOf({ edition }: Edition): { readonly edition?: number } {
  return edition === undefined ? {} : { edition: Number(edition) };
}

function checked<D>(schema: CompiledSchema, value: Buffer): D {
  const document = jsonDocument(value);
  checkSchema(schema, document);
  // The schema has just said so.
  return document as D;
}
