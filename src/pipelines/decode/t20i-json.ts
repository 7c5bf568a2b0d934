import { parseJsonDelivery, parseJsonMatch } from "../../domain/cricket/json.ts";
import { t20iDelivery, t20iMatch } from "../../schemas/compiled.ts";
import { checkSchema } from "../../schemas/validate.ts";
import { DELIVERY_BYTES_MAX, type EventKind, JSON_TYPE, MATCH_BYTES_MAX } from "./event-kind.ts";
import { jsonDocument } from "./json-text.ts";

/** One delivery of a Cricsheet JSON file, as MongoDB holds it. */
export const jsonDelivery: EventKind = {
  contentType: JSON_TYPE,
  bytesMax: DELIVERY_BYTES_MAX,
  read(value) {
    const document = jsonDocument(value);
    checkSchema(t20iDelivery, document);
    return { kind: "delivery", delivery: parseJsonDelivery(document) };
  },
};

/** The rest of a Cricsheet JSON file. */
export const jsonMatch: EventKind = {
  contentType: JSON_TYPE,
  bytesMax: MATCH_BYTES_MAX,
  read(value) {
    const document = jsonDocument(value);
    checkSchema(t20iMatch, document);
    return { kind: "match", match: parseJsonMatch(document) };
  },
};
