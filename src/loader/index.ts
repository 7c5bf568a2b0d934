export { type LoaderOptions, runLoader } from "./loader.ts";
export type { LoaderTopics } from "./plan.ts";
export { type LoaderStatus } from "./status.ts";
export { openForReading, readMatch, type ReadableWarehouse, readScorecards, type Scorecard } from "./read.ts";
