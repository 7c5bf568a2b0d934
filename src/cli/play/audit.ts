import { existsSync } from "node:fs";
import type { Log } from "../../kafka/log.ts";
import type { Settings } from "../../settings.ts";

/** What the end of a run needs to know of an audit. */
export interface AuditOutcome {
  /** Differences that no verdict explains. */
  readonly unexplained: number;
}

interface AuditModule {
  runAudit(options: { readonly settings: Settings; readonly log: Log; readonly signal: AbortSignal }): Promise<AuditOutcome>;
}

/** Runs the audit, where this build has one. */
export async function audit(options: Parameters<AuditModule["runAudit"]>[0]): Promise<AuditOutcome | null> {
  const file = new URL(`../commands/audit${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);
  if (!existsSync(file)) return null;
  const module = (await import(file.href)) as AuditModule;
  return module.runAudit(options);
}
