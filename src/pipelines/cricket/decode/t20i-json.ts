import { parseDeletion } from "../../../domain/cricket/deletion.ts";
import { parseJsonDelivery, parseJsonMatch } from "../../../domain/cricket/json.ts";
import { deletion, t20iDelivery, t20iMatch } from "../../../schemas/compiled.ts";
import type { EventKind } from "./event-kind.ts";
import { jsonDeletionKind, jsonDeliveryKind, jsonMatchKind } from "./json-kind.ts";

/** One delivery of a Cricsheet JSON file, as MongoDB holds it. */
export const jsonDelivery: EventKind = jsonDeliveryKind(t20iDelivery, parseJsonDelivery);
/** The rest of a Cricsheet JSON file. */
export const jsonMatch: EventKind = jsonMatchKind(t20iMatch, parseJsonMatch);
/** A delivery that an edition of the file does not have any more. */
export const jsonDeletion: EventKind = jsonDeletionKind(deletion, parseDeletion);
