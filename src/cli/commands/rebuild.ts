import type { Command } from "commander";

interface Options {
  readonly parquet: string;
  readonly withoutTopics?: boolean;
}

export function register(program: Command): void {
  program
    .command("rebuild")
    .description("make a lost warehouse again from an export and from what the topics still keep (no loader may run)")
    .requiredOption("--parquet <folder>", "folder that `third-umpire export` wrote")
    .option("--without-topics", "from the export only; a loader that starts later reads what Kafka has")
    .action(run);
}

async function run(options: Options): Promise<void> {
  const [
    { resolve },
    { loadSettings },
    { rebuildWarehouse },
    { confluentLog },
    { CRICKET_TOPICS },
    { listenForShutdown },
    { count, print },
  ] = await Promise.all([
    import("node:path"),
    import("../../settings.ts"),
    import("../../export/index.ts"),
    import("../../kafka/confluent/index.ts"),
    import("../../domain/cricket/topics.ts"),
    import("../shutdown.ts"),
    import("../output.ts"),
  ]);
  const settings = loadSettings();
  const { deliveries, matches, verdicts, quarantine, gaps } = CRICKET_TOPICS;
  const shutdown = listenForShutdown();
  try {
    const report = await rebuildWarehouse({
      warehouseDir: settings.warehouseDir,
      dir: resolve(options.parquet),
      log: options.withoutTopics === true ? null : confluentLog({ brokers: settings.brokers, clientId: "rebuild" }),
      topics: { deliveries, matches, verdicts, quarantine, gaps },
      groupId: "cricket-loader",
      signal: shutdown.signal,
      onProgress: (line) => void process.stderr.write(`${line}\n`),
      now: Date.now,
    });
    const restored = (table: string): string => count(report.restored[table] ?? 0);
    print(
      `from the export of ${report.exportedAt}: ${restored("matches")} matches with ${restored("deliveries")} deliveries, ${restored("verdicts")} verdicts`,
      `from the topics: ${count(report.loaded)} records`,
    );
    if (report.missingTopics.length > 0) print(`not there any more: ${report.missingTopics.join(", ")}`);
    for (const { reason } of report.gaps) print(`lost: ${reason}`);
    for (const matchId of report.incomplete) print(`incomplete: match ${matchId}`);
    if (report.gaps.length === 0 && report.missingTopics.length === 0) print("nothing is missing");
  } finally {
    shutdown.dispose();
  }
}
