import type { Command } from "commander";
import type { LoaderStatus } from "../../loader/status.ts";

interface Options {
  readonly acceptGaps?: boolean;
  readonly restore?: boolean;
}

export function register(program: Command): void {
  program
    .command("loader")
    .description(
      "load the clean stream into the warehouse, publish snapshots of it and serve the live page (one process at a time)",
    )
    .option("--accept-gaps", "go on where Kafka deleted records before they were loaded; the table gaps says which")
    .option("--restore", "if the warehouse file is damaged, set it aside and go on from the newest snapshot")
    .action(load);
}

async function load(options: Options): Promise<void> {
  const { tuneGarbageCollection } = await import("../../loader/node-options.ts");
  tuneGarbageCollection();
  const [{ loadSettings }, { runAsProcess }, { restoreDamaged, runLoader }, { wireReadingLog }, { CRICKET_TOPICS }] =
    await Promise.all([
      import("../../settings.ts"),
      import("../process.ts"),
      import("../../loader/index.ts"),
      import("../../kafka/confluent/index.ts"),
      import("../../domain/cricket/topics.ts"),
    ]);
  const settings = loadSettings();
  const { deliveries, matches, verdicts, quarantine, gaps } = CRICKET_TOPICS;
  if (options.restore === true) {
    const done = await restoreDamaged(settings.warehouseDir);
    process.stderr.write(`${done ?? "the warehouse file is sound: nothing to restore"}\n`);
  }
  const { servePage } = await import("../play/serve-page.ts");
  await runAsProcess<LoaderStatus>("loader", settings, async (signal, onStatus, logger) => {
    const page = await servePage(settings, signal, logger);
    try {
      await runLoader({
        log: wireReadingLog({ brokers: settings.brokers, clientId: "loader" }),
        warehouseDir: settings.warehouseDir,
        topics: { deliveries, matches, verdicts, quarantine, gaps },
        groupId: "cricket-loader",
        signal,
        onStatus: (status) => {
          onStatus(status);
          page.dashboard.status(status);
        },
        acceptGaps: options.acceptGaps === true,
        observer: page.dashboard,
      });
    } finally {
      await page.close();
    }
  });
}
