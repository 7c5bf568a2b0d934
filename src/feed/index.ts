/** The application server of the flagship: Cricsheet's files into the three sources, unreliable on demand. */
export { runFeed } from "./feed.ts";
export type { RunFeedOptions } from "./feed.ts";
export { t20iScripts } from "./formats/json.ts";
export type { T20iContent, T20iDelivery, T20iUnreadable } from "./formats/json.ts";
export { testScripts } from "./formats/yaml.ts";
export type { TestContent } from "./formats/yaml.ts";
export { odiScripts } from "./formats/odi.ts";
export type { OdiContent } from "./formats/odi-content.ts";
export type { FileNote } from "./folder.ts";
export type { FeedCounts, FeedOptions, FeedStatus, FeedSummary, FileCounts } from "./options.ts";
export type { MatchScript, PlanOptions, ScriptRow, Step } from "./plan.ts";
export { ensureOdiSchema } from "./schema.ts";
export type { FeedConnection, FeedTarget, Progress, StepPlace } from "./target.ts";
export { postgresTarget } from "./targets/postgres.ts";
export type { PostgresTargetOptions } from "./targets/postgres.ts";
