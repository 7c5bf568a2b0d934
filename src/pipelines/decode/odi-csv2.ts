import { parseCsv2Delivery, parseCsv2Info } from "../../domain/cricket/csv2.ts";
import { odiDelivery, odiMatch } from "../../schemas/compiled.ts";
import { checkSchema } from "../../schemas/validate.ts";
import { DELIVERY_BYTES_MAX, type EventKind, JSON_TYPE, MATCH_BYTES_MAX } from "./event-kind.ts";
import { jsonDocument } from "./json-text.ts";

/** Column name → text. */
export type Columns = Readonly<Record<string, string>>;
export interface MatchFile {
  readonly match_id: string;
  readonly info: string;
}

/** A row of Cricsheet's second CSV. */
export const csv2Delivery: EventKind = {
  contentType: JSON_TYPE,
  bytesMax: DELIVERY_BYTES_MAX,
  read(value) {
    const columns = jsonDocument(value);
    checkSchema(odiDelivery, columns);
    return { kind: "delivery", delivery: parseCsv2Delivery(columns as Columns) };
  },
};

/** A `<match>_info.csv`. */
export const csv2Match: EventKind = {
  contentType: JSON_TYPE,
  bytesMax: MATCH_BYTES_MAX,
  read(value) {
    const file = jsonDocument(value);
    checkSchema(odiMatch, file);
    const { match_id: matchId, info } = file as MatchFile;
    return { kind: "match", match: parseCsv2Info(matchId, info) };
  },
};
