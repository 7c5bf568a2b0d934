import type { Command } from "commander";
import { SilentExit, UsageError } from "../errors.ts";
import { parseInteger } from "../options.ts";
import { chosenPipeline } from "../pipeline.ts";

export function register(program: Command): void {
  const command = program
    .command("state")
    .description("what the processors remember: known events of each partition, and whether they match the last commit")
    .option("-p, --partition <number>", "only this partition", parseInteger(0))
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExit code 1 when a partition's state is not the one that was committed with its offsets (EO-4).",
    )
    .action(state);
  command
    .command("rebuild")
    .description(
      "read the raw topics again and replace the processors' state (stop all processors first); nothing is emitted",
    )
    .option("--accept-loss", "go on although the first raw records have been deleted: what they said is forgotten")
    .option(
      "--judge-again",
      "where offsets and verdicts are gone: go on behind the newest record that state and quarantine know",
    )
    .action(rebuild);
}

async function rebuild(
  options: { readonly acceptLoss?: boolean; readonly judgeAgain?: boolean },
  command: Command,
): Promise<void> {
  const [{ loadSettings }, { confluentLog }, { rebuildState }, pipeline, out] = await Promise.all([
    import("../../settings.ts"),
    import("../../kafka/confluent/index.ts"),
    import("../../processor/rebuild.ts"),
    chosenPipeline(command),
    import("../output.ts"),
  ]);
  const settings = loadSettings();
  await rebuildState({
    log: confluentLog({ brokers: settings.brokers, clientId: "state-rebuild" }),
    topology: pipeline.topology(settings),
    groupId: pipeline.groupId,
    ...(settings.sessionTimeoutMs === null ? {} : { sessionTimeoutMs: settings.sessionTimeoutMs }),
    acceptLoss: options.acceptLoss === true,
    judgeAgain: options.judgeAgain === true,
    onProgress: (message) => out.print(message),
  });
  out.print("The state is rebuilt; start the processors again.");
}

async function state(
  options: { readonly partition?: number; readonly json?: boolean },
  command: Command,
): Promise<void> {
  const [{ loadSettings }, { confluentLog }, { describeState }, { stateLines }, { partitionsOf }, pipeline, out] =
    await Promise.all([
      import("../../settings.ts"),
      import("../../kafka/confluent/index.ts"),
      import("../../processor/inspect.ts"),
      import("../state-report.ts"),
      import("../read-topic.ts"),
      chosenPipeline(command),
      import("../output.ts"),
    ]);
  const settings = loadSettings();
  const log = confluentLog({ brokers: settings.brokers, clientId: "state" });
  const topology = pipeline.topology(settings);
  const partitions = (await partitionsOf(log, topology.topics.dedupe)).slice(0, topology.partitions);
  const { partition } = options;
  if (partition !== undefined && !partitions.includes(partition)) {
    throw new UsageError(`there is no partition ${partition}`, `choose one from 0 to ${partitions.length - 1}`);
  }
  const states = await describeState(
    log,
    topology,
    pipeline.groupId,
    partition === undefined ? partitions : [partition],
  );
  if (options.json === true) out.printJson(states);
  else out.print(...stateLines(states));
  if (states.some((one) => one.sound === false)) throw new SilentExit(1);
}
