/** The Postgres source: logical replication into Kafka, position and events in one transaction (EO-11, EO-13). */
export { runPostgresSource } from "./source.ts";
export type { PostgresSourceOptions } from "./options.ts";
export { POSTGRES_POSITION } from "./position.ts";
export type { PostgresPosition } from "./position.ts";
export type { Row, SourceTable, SourceTables } from "./tables.ts";
export type { SourceHook, SourcePoint, SourceStatus } from "../kit/index.ts";
