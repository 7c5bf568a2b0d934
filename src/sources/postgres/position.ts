/** Where the Postgres source stands in the server's log, and which log that is. */
import type { PositionCodec } from "../kit/index.ts";
import type { Lsn } from "./lsn.ts";
import { formatLsn, parseLsn } from "./lsn.ts";

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
}

export const POSTGRES_POSITION: PositionCodec<PostgresPosition> = {
  describe({ phase, lsn, slot, systemId, timeline }) {
    return { phase, lsn: formatLsn(lsn), slot, systemId, timeline };
  },
  parse({ phase, lsn, slot, systemId, timeline }) {
    const isPosition =
      (phase === "snapshot" || phase === "stream") &&
      typeof lsn === "string" &&
      typeof slot === "string" &&
      typeof systemId === "string" &&
      typeof timeline === "number";
    if (!isPosition) throw new TypeError("fields are missing");
    return { phase, lsn: parseLsn(lsn), slot, systemId, timeline };
  },
};
