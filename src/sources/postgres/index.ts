/** The Postgres source: logical replication into Kafka, position and events in one transaction (DESIGN 8, EO-11, EO-13). */
export { runPostgresSource } from "./source.ts";
export type { PostgresSourceOptions } from "./options.ts";
export type { SourceStatus } from "./status.ts";
export type { SourceHook, SourcePoint } from "./publisher.ts";
