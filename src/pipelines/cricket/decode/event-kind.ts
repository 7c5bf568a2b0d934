import type { Delivery, DeliveryPlace, Match } from "../../../domain/cricket/types.ts";

/** What a raw record says, whatever its format. `edition`: of its document, from the second on. */
export type CricketFact = { readonly edition?: number } & (
  | { readonly kind: "delivery"; readonly delivery: Delivery }
  | { readonly kind: "match"; readonly match: Match }
  /** The edition does not have this delivery any more. */
  | { readonly kind: "deletion"; readonly delivery: DeliveryPlace }
);

/** How the values of one event type are read. */
export interface EventKind {
  readonly contentType: Buffer;
  /** Values above it are poison unread: they would hold the whole partition up. */
  readonly bytesMax: number;
  /** @throws PoisonError with a reason for a person. */
  read(value: Buffer): CricketFact;
}

/** The longest ball of the archive has 500 bytes, in any format. */
export const DELIVERY_BYTES_MAX: number = 64 * 1024;
/** The longest record of a match has 6 KB (JSON with its registry of people). */
export const MATCH_BYTES_MAX: number = 1024 * 1024;

export const JSON_TYPE: Buffer = Buffer.from("application/json");
export const YAML_TYPE: Buffer = Buffer.from("application/yaml");
