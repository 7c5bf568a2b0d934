/** Connects to whatever the settings name and says, source by source, what works and what is missing. Changes nothing anywhere. */
import type { Log } from "../kafka/log.ts";
import type { Settings } from "../settings.ts";
import { type CheckLine, runSourceCheck } from "./check.ts";
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
}

/** Never throws: what cannot be checked is a finding. Lines of one source stand together. */
export async function cloudCheck(options: CloudCheckOptions): Promise<CheckLine[]> {
  const { settings, openLog, timeoutMs } = options;
  const checks = [
    postgresCheck(settings),
    mongodbCheck(settings),
    lambdaCheck(settings),
    kafkaCheck(settings, openLog),
  ];
  const lines = await Promise.all(checks.map((check) => runSourceCheck(check, timeoutMs)));
  return lines.flat();
}
