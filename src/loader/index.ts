export { runLoader } from "./loader.ts";
export { scoreStored } from "./marts.ts";
export type { LoaderTopics } from "./plan.ts";
export { openForReading, type ReadableWarehouse, readMatch, readScorecards } from "./read.ts";
export { restoreDamaged } from "./restore.ts";
export type { LoaderStatus } from "./status.ts";
export { type MatchSummary, readSummaries } from "./summaries.ts";
