import { parseCsv1Delivery, parseCsv1Match } from "../../domain/cricket/csv1.ts";
import { odiCsv1Delivery, odiCsv1Match } from "../../schemas/compiled.ts";
import { checkSchema } from "../../schemas/validate.ts";
import { DELIVERY_BYTES_MAX, type EventKind, JSON_TYPE, MATCH_BYTES_MAX } from "./event-kind.ts";
import { jsonDocument } from "./json-text.ts";
import type { Columns, MatchFile } from "./odi-csv2.ts";

/** A ball line of the original CSV. */
export const csv1Delivery: EventKind = {
  contentType: JSON_TYPE,
  bytesMax: DELIVERY_BYTES_MAX,
  read(value) {
    const columns = jsonDocument(value);
    checkSchema(odiCsv1Delivery, columns);
    return { kind: "delivery", delivery: parseCsv1Delivery(columns as Columns) };
  },
};

/** All other lines of an original CSV. */
export const csv1Match: EventKind = {
  contentType: JSON_TYPE,
  bytesMax: MATCH_BYTES_MAX,
  read(value) {
    const file = jsonDocument(value);
    checkSchema(odiCsv1Match, file);
    const { match_id: matchId, info } = file as MatchFile;
    return { kind: "match", match: parseCsv1Match(matchId, info) };
  },
};
