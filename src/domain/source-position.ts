/** What every source says of itself: where it stands, and what it may have missed. */

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
