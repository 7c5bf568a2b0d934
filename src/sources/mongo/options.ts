import type { SourceOptions } from "../kit/index.ts";
import type { SourceCollections } from "./events.ts";

export interface MongoSourceOptions extends SourceOptions {
  /** `mongodb://` or `mongodb+srv://` address that names the database. */
  readonly connection: string;
  /** What is read of the database. */
  readonly documents: SourceCollections;
  /** Events of a Kafka transaction, at most. The server ends a batch at 16 MiB besides; two batches are in memory at most. */
  readonly maxEvents?: number;
  /** A position that only moved is persisted this often, ms: a quiet collection must not fall off the end of a busy server's log. */
  readonly idlePositionMs?: number;
  /** A server that has not answered for so long is given up, ms. */
  readonly watchdogMs?: number;
  /** Runs before each connection. Its errors are treated like those of the source itself. */
  readonly prepare?: () => Promise<void>;
}

export const DEFAULTS: Readonly<Record<"maxEvents" | "idlePositionMs" | "watchdogMs", number>> = {
  maxEvents: 1000,
  idlePositionMs: 2000,
  watchdogMs: 60_000,
};
