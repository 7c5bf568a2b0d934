/** The application server of the flagship: Cricsheet csv2 files into Postgres, unreliable on demand. */
export { runFeed } from "./feed.ts";
export type { FeedCounts, FeedOptions, FeedStatus, FeedSummary } from "./options.ts";
export { CSV2_COLUMNS, ODI_PUBLICATION, ODI_TABLES, ensureOdiSchema } from "./schema.ts";
export type { Csv2Column } from "./schema.ts";
