/** The fields of a stored position, as they are in Kafka. */
export type PositionFields = Readonly<Record<string, string | number>>;

/** The end of a source at one moment, after everything its feed has put there. */
export interface Mark {
  /** Rows, documents or objects that the source holds. */
  readonly records: number;
  /** Whether a position is at the mark or beyond. */
  readonly reachedBy: (position: PositionFields) => boolean;
}
