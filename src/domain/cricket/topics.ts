/** Names of the flagship pipeline's topics, sources and CloudEvents types, in one place. */
export const CRICKET_GROUP = "cricket";

export const CRICKET_TOPICS = {
  /** What the sources emit: their own payload, key = match id, CloudEvents 1.0 binary headers. */
  odiRaw: "cricket.odi.raw",
  /** Clean stream: `CleanDelivery` and `CleanMatch` as JSON, key = match id. */
  deliveries: "cricket.deliveries",
  matches: "cricket.matches",
  /** Verdict blocks (src/domain/review/verdict-block.ts), key = `<topic>/<partition>`. */
  verdicts: "cricket.verdicts",
  /** Original key, value and headers of poison records, plus `tu_*` headers. */
  quarantine: "cricket.quarantine",
  /** Packed dedupe segments, compacted. */
  dedupe: "cricket.dedupe",
  /** Source positions, compacted, key = source id, value = `SourcePosition` as JSON. */
  positions: "cricket.positions",
  /** Gap events (EO-13), key = source id, value = `GapEvent` as JSON. */
  gaps: "cricket.gaps",
} as const;

export const CRICKET_EVENT = {
  /** Value: one delivery row as a JSON object, column name → text (a column that is null or absent is left out). */
  odiDelivery: "cricket.odi.delivery.v1",
  /** Value: JSON `{"match_id": text, "info": text}`; `info` is the whole `<id>_info.csv`. */
  odiMatch: "cricket.odi.match.v1",
  /** Value: JSON `{"match_id","file","line","raw","problem"}`; a line the feed could not map to columns, `raw` in base64. */
  odiUnreadable: "cricket.odi.unreadable.v1",
} as const;

/** The persisted position of a source (EO-11). `position` is the source's own, opaque to everyone else. */
export interface SourcePosition {
  readonly sourceId: string;
  /** Rises by one whenever continuity with what came before cannot be proved. */
  readonly epoch: number;
  readonly position: Readonly<Record<string, string | number>>;
  /** Events emitted so far, over all epochs. */
  readonly events: number;
}

/** A gap that a source cannot rule out: an explicit event, never silence (EO-13). */
export interface GapEvent {
  readonly sourceId: string;
  readonly epoch: number;
  /** The last position known in the previous epoch. */
  readonly from: Readonly<Record<string, string | number>> | null;
  /** Where the new epoch begins. */
  readonly to: Readonly<Record<string, string | number>>;
  readonly reason: string;
  /** What was done about it, e.g. "snapshot of 12,345 rows". */
  readonly action: string;
  /** ISO 8601 UTC. */
  readonly at: string;
}
