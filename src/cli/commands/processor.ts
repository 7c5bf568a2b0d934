import { join } from "node:path";
import type { Command } from "commander";
import { UsageError } from "../errors.ts";

const INSTANCE = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,60}$/u;

export function register(program: Command): void {
  program
    .command("processor")
    .description("review the raw records and write the clean stream (one member of the consumer group)")
    .option(
      "--instance <name>",
      "name of this member; a restart with the same name gets its partitions back at once",
      "processor-1",
    )
    .option(
      "--accept-loss",
      "go on although raw records were deleted before they were judged; which ones is said in the status",
    )
    .action(async (options: { instance: string; acceptLoss?: boolean }) => {
      if (!INSTANCE.test(options.instance)) {
        throw new UsageError(
          `"${options.instance}" cannot name an instance`,
          "letters, digits, dots, dashes and underscores, at most 61",
        );
      }
      await processor(options.instance, options.acceptLoss === true);
    });
}

async function processor(instance: string, acceptLoss: boolean): Promise<void> {
  const [
    { loadSettings },
    { runAsProcess },
    { runProcessor },
    { cricketTopology },
    { confluentLog },
    { CRICKET_GROUP },
  ] = await Promise.all([
    import("../../settings.ts"),
    import("../process.ts"),
    import("../../processor/index.ts"),
    import("../../pipelines/cricket/topology.ts"),
    import("../../kafka/confluent/index.ts"),
    import("../../domain/cricket/topics.ts"),
  ]);
  const settings = loadSettings();
  await runAsProcess(instance, settings, (signal, onStatus) =>
    runProcessor({
      log: confluentLog({ brokers: settings.brokers, clientId: instance }),
      topology: cricketTopology(settings),
      groupId: CRICKET_GROUP,
      instanceId: instance,
      stateDir: join(settings.stateDir, instance),
      acceptLoss,
      signal,
      onStatus,
      commitIntervalMs: settings.commitIntervalMs,
      commitMaxRecords: settings.commitMaxRecords,
      ...(settings.sessionTimeoutMs === null ? {} : { sessionTimeoutMs: settings.sessionTimeoutMs }),
      transactionTimeoutMs: settings.transactionTimeoutMs,
    }),
  );
}
