import { join } from "node:path";
import type { Command } from "commander";
import { UsageError } from "../errors.ts";
import { chosenPipeline } from "../pipeline.ts";

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
    .action(async (options: { instance: string; acceptLoss?: boolean }, command: Command) => {
      if (!INSTANCE.test(options.instance)) {
        throw new UsageError(
          `"${options.instance}" cannot name an instance`,
          "letters, digits, dots, dashes and underscores, at most 61",
        );
      }
      await processor(options.instance, options.acceptLoss === true, command);
    });
}

async function processor(instance: string, acceptLoss: boolean, command: Command): Promise<void> {
  const [{ loadSettings }, { runAsProcess }, { runProcessor }, { confluentLog }, pipeline] = await Promise.all([
    import("../../settings.ts"),
    import("../process.ts"),
    import("../../processor/index.ts"),
    import("../../kafka/confluent/index.ts"),
    chosenPipeline(command),
  ]);
  const settings = loadSettings();
  await runAsProcess(instance, settings, (signal, onStatus) =>
    runProcessor({
      log: confluentLog({ brokers: settings.brokers, clientId: instance }),
      topology: pipeline.topology(settings),
      groupId: pipeline.groupId,
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
