export { type LoaderOptions, runLoader } from "./loader.ts";
export { scoreStored, type TouchedMatch } from "./marts.ts";
export type { StoredMatch } from "./match-rows.ts";
export type { LoaderTopics } from "./plan.ts";
export { openForReading, readMatch, type ReadableWarehouse, readScorecards, type Scorecard } from "./read.ts";
export { restoreDamaged } from "./restore.ts";
export type { LoaderStatus } from "./status.ts";
export { type MatchSummary, readSummaries } from "./summaries.ts";
