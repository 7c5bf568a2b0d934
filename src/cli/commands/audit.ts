import type { Command } from "commander";
import type { AuditReport } from "../../audit/index.ts";
import type { Log } from "../../kafka/log.ts";
import type { Settings } from "../../settings.ts";
import { SilentExit } from "../errors.ts";

export function register(program: Command): void {
  program
    .command("audit")
    .description("compare sources, topics and the warehouse, record by record: every difference must have its verdict")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nWorks while everything runs (up to where it all stands at the start), and with Kafka and the sources alone." +
        "\nExit code 1 when a difference has no explanation.",
    )
    .action(audit);
}

export interface RunAuditOptions {
  readonly settings: Settings;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onProgress?: (doing: string) => void;
}

/** Audits every source that has run. @throws FatalError when Kafka, one of them or the warehouse cannot be read. */
export async function runAudit(options: RunAuditOptions): Promise<AuditReport> {
  const { auditCricket } = await import("../../audit/index.ts");
  const { settings, log, signal, onProgress } = options;
  return auditCricket({
    log,
    brokers: settings.brokers,
    postgresUrl: settings.postgresUrl,
    mongodbUrl: settings.mongodbUrl,
    objectStore: settings.objectStore,
    warehouseDir: settings.warehouseDir,
    signal,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
}

async function audit(options: { readonly json?: boolean }): Promise<void> {
  const [{ loadSettings }, { confluentLog }, { listenForShutdown }, { auditLines }, out] = await Promise.all([
    import("../../settings.ts"),
    import("../../kafka/confluent/index.ts"),
    import("../shutdown.ts"),
    import("../audit-lines.ts"),
    import("../output.ts"),
  ]);
  const settings = loadSettings();
  const shutdown = listenForShutdown();
  const log = confluentLog({ brokers: settings.brokers, clientId: "audit" });
  const isTalkative = process.stderr.isTTY && options.json !== true;
  let doing = "";
  const onProgress = (now: string): void => {
    if (isTalkative && now !== doing) process.stderr.write(`reading ${now}\n`);
    doing = now;
  };
  const report = await runAudit({ settings, log, signal: shutdown.signal, onProgress });
  shutdown.dispose();
  if (options.json === true) out.printJson(report);
  else out.print(...auditLines(report));
  if (report.unexplained > 0) throw new SilentExit(1);
}
