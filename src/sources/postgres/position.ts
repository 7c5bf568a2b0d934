/** Where the Postgres source stands in the server's log, and which log that is. */
import type { PositionCodec } from "../kit/index.ts";
import type { Lsn } from "./lsn.ts";
import { formatLsn, parseLsn } from "./lsn.ts";
import type { Published } from "./published.ts";

/**
 * `snapshot`: rows that were there before the slot are still being copied; after a crash the copy starts over.
 * `stream`: everything that was committed before `lsn` is in Kafka.
 */
export interface PostgresPosition {
  readonly phase: "snapshot" | "stream";
  readonly lsn: Lsn;
  readonly slot: string;
  /** Identity of the database cluster: a restored or another one must not be mistaken for a continuation. */
  readonly systemId: string;
  readonly timeline: number;
  /** What is read (published.ts); undefined in a position of an earlier version, which did not know. */
  readonly published?: Published;
}

export const POSTGRES_POSITION: PositionCodec<PostgresPosition> = {
  describe({ phase, lsn, slot, systemId, timeline, published }) {
    return { phase, lsn: formatLsn(lsn), slot, systemId, timeline, ...published };
  },
  parse({ phase, lsn, slot, systemId, timeline, publication, tables }) {
    const isPosition =
      (phase === "snapshot" || phase === "stream") &&
      typeof lsn === "string" &&
      typeof slot === "string" &&
      typeof systemId === "string" &&
      typeof timeline === "number";
    if (!isPosition) throw new TypeError("fields are missing");
    const position: PostgresPosition = { phase, lsn: parseLsn(lsn), slot, systemId, timeline };
    return typeof publication === "string" && typeof tables === "string"
      ? { ...position, published: { publication, tables } }
      : position;
  },
};
