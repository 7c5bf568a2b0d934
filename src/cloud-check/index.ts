/** Connects to whatever the settings name and says, source by source, what works and what is missing. Changes nothing anywhere. */
import type { Log } from "../kafka/log.ts";
import type { Settings } from "../settings.ts";
import { type CheckLine, runSourceCheck, type SourceCheck } from "./check.ts";
import { kafkaCheck } from "./kafka.ts";
import { lambdaCheck } from "./lambda.ts";
import { mongodbCheck } from "./mongodb.ts";
import { postgresCheck } from "./postgres.ts";

export type { CheckLine, CheckState } from "./check.ts";

export interface CloudCheckOptions {
  readonly settings: Settings;
  readonly openLog: () => Promise<Log>;
  /** For each source; they are checked side by side. */
  readonly timeoutMs: number;
  /** Which to check (default: all). */
  readonly sources?: readonly CheckedSource[];
}

export const CHECKED_SOURCES = ["postgres", "mongodb", "lambda", "kafka"] as const;
export type CheckedSource = (typeof CHECKED_SOURCES)[number];

/** Never throws: what cannot be checked is a finding. Lines of one source stand together. */
export async function cloudCheck(options: CloudCheckOptions): Promise<CheckLine[]> {
  const { settings, openLog, timeoutMs, sources = CHECKED_SOURCES } = options;
  const checks: Readonly<Record<CheckedSource, SourceCheck>> = {
    postgres: postgresCheck(settings),
    mongodb: mongodbCheck(settings),
    lambda: lambdaCheck(settings),
    kafka: kafkaCheck(settings, openLog),
  };
  const wanted = CHECKED_SOURCES.filter((source) => sources.includes(source));
  const lines = await Promise.all(wanted.map((source) => runSourceCheck(checks[source], timeoutMs)));
  return lines.flat();
}
