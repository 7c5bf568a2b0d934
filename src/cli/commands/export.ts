import type { Command } from "commander";
import { parseDuration } from "../options.ts";

interface Options {
  readonly parquet: string;
  readonly closedAfter: number;
}

const DAY_MS = 86_400_000;

export function register(program: Command): void {
  program
    .command("export")
    .description("write the matches that are over as Parquet files: the record beyond what Kafka keeps")
    .requiredOption("--parquet <folder>", "where to write; a later export into the same folder goes on with it")
    .option(
      "--closed-after <time>",
      "a match with a result is over when nothing of it came for this long (default: 24h)",
      parseDuration,
      DAY_MS,
    )
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  third-umpire export --parquet archive                      all matches over for a day\n" +
        "  third-umpire export --parquet archive --closed-after 0     all matches with a result\n" +
        "  third-umpire rebuild --parquet archive                     a lost warehouse, made again from it",
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const [{ resolve }, { loadSettings }, { exportParquet }, { bytes, count, print }] = await Promise.all([
    import("node:path"),
    import("../../settings.ts"),
    import("../../export/index.ts"),
    import("../output.ts"),
  ]);
  const dir = resolve(options.parquet);
  const { manifest, from, written, unchanged } = await exportParquet({
    warehouseDir: loadSettings().warehouseDir,
    dir,
    closedAfterMs: options.closedAfter,
    now: Date.now(),
  });
  const files = [...manifest.partitions.flatMap((partition) => partition.files), ...manifest.streams];
  const rows = (table: string): string =>
    count(files.reduce((sum, file) => sum + (file.table === table ? file.rows : 0), 0));
  print(
    `${rows("matches")} matches with ${rows("deliveries")} deliveries, ${bytes(files.reduce((sum, file) => sum + file.bytes, 0))} in ${files.length} files, from ${from}`,
    `${written} partitions written, ${unchanged} unchanged, ${count(manifest.open.length)} matches still open`,
    dir,
  );
}
