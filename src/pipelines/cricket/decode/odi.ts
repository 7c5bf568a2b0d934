import { parseCsv1Delivery, parseCsv1Match } from "../../../domain/cricket/csv1.ts";
import { parseCsvDeletion } from "../../../domain/cricket/deletion.ts";
import { parseCsv2Delivery, parseCsv2Info } from "../../../domain/cricket/csv2.ts";
import { withoutWithdrawn } from "../../../domain/cricket/withdrawn.ts";
import { odiCsv1Delivery, odiCsv1Match, odiDeletion, odiDelivery, odiMatch } from "../../../schemas/compiled.ts";
import type { EventKind } from "./event-kind.ts";
import { jsonDeletionKind, jsonDeliveryKind, jsonMatchKind } from "./json-kind.ts";

interface MatchFile {
  readonly match_id: string;
  readonly info: string;
  readonly withdrawn?: string;
}

/** A row of Cricsheet's second CSV. */
export const csv2Delivery: EventKind = jsonDeliveryKind(odiDelivery, parseCsv2Delivery);
/** A `<match>_info.csv`. */
export const csv2Match: EventKind = jsonMatchKind<MatchFile>(odiMatch, (file) =>
  withoutWithdrawn(parseCsv2Info(file.match_id, file.info), file.withdrawn ?? ""),
);
/** A ball line of the original CSV. */
export const csv1Delivery: EventKind = jsonDeliveryKind(odiCsv1Delivery, parseCsv1Delivery);
/** All other lines of an original CSV. */
export const csv1Match: EventKind = jsonMatchKind<MatchFile>(odiCsv1Match, (file) =>
  withoutWithdrawn(parseCsv1Match(file.match_id, file.info), file.withdrawn ?? ""),
);
/** A ball of either that an edition of its file does not have any more. */
export const csvDeletion: EventKind = jsonDeletionKind(odiDeletion, parseCsvDeletion);
