import type { SourceOptions } from "../kit/index.ts";
import type { SourceTables } from "./tables.ts";

export interface PostgresSourceOptions extends SourceOptions {
  /** `postgres://` address of the server itself: a pooler does not carry replication. */
  readonly connection: string;
  /** Name of the durable replication slot. It is this source's own: it is dropped and made anew when continuity is lost. */
  readonly slot: string;
  readonly publication: string;
  /** What is read of the database. */
  readonly rows: SourceTables;
  /** A Kafka transaction takes source transactions for this long … */
  readonly lingerMs?: number;
  /** … or up to this many events or bytes. Twice as much is held in memory at most, plus one row. */
  readonly maxEvents?: number;
  readonly maxBytes?: number;
  /**
   * Where the stream starts after a restart. `position` (default): at the persisted position, nothing repeats. `slot`: wherever the
   * server's slot stands, which after a crash of the server is further back: real replays, under the same event ids.
   */
  readonly startFrom?: "position" | "slot";
  /** Runs before each connection, e.g. to create the schema. Its errors are treated like those of the source itself. */
  readonly prepare?: () => Promise<void>;
}

const MIB = 1024 * 1024;

export const DEFAULTS: Readonly<Record<"lingerMs" | "maxEvents" | "maxBytes", number>> = {
  lingerMs: 50,
  maxEvents: 5000,
  maxBytes: 16 * MIB,
};
