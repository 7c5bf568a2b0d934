import { type Command, Option } from "commander";
import { collect, parseDuration, parseInteger, parseRate } from "../options.ts";

interface Options {
  readonly odi: string;
  readonly interval: number;
  readonly seed: number;
  readonly replayRate: number;
  readonly correctionRate: number;
  readonly live?: readonly string[];
  readonly match?: readonly string[];
  readonly again?: boolean;
}

export function register(program: Command): void {
  program
    .command("feed")
    .description("the application server: insert a folder of matches into Postgres, one row a transaction")
    .requiredOption("--odi <dir>", "folder of Cricsheet csv2 files: ID.csv and ID_info.csv")
    .addOption(
      new Option("--interval <time>", "time between two balls of a live match; 0 = as fast as possible")
        .argParser(parseDuration)
        .default(5000, "5s"),
    )
    .option(
      "--live <id>",
      "play only this match live and the others first, at full speed; may be repeated",
      collect(String),
    )
    .option("--match <id>", "play only this match of the folder; may be repeated", collect(String))
    .option(
      "--seed <number>",
      "seed of everything the source does wrong: the same seed does the same",
      parseInteger(0, 0xffff_ffff),
      1,
    )
    .option("--replay-rate <share>", "share of rows inserted again under a new primary key", parseRate, 0)
    .option(
      "--correction-rate <share>",
      "share of rows that come wrong first, are corrected, and come wrong once more",
      parseRate,
      0,
    )
    .option("--again", "play finished matches once more, from their first row")
    .action(feed);
}

async function feed(options: Options): Promise<void> {
  const [{ resolve }, { loadSettings }, { runAsProcess }, { odiScripts, postgresTarget, runFeed }] = await Promise.all([
    import("node:path"),
    import("../../settings.ts"),
    import("../process.ts"),
    import("../../feed/index.ts"),
  ]);
  const settings = loadSettings();
  await runAsProcess("feed", settings, async (signal, onStatus) => {
    await runFeed({
      scripts: await odiScripts([resolve(options.odi)]),
      target: postgresTarget({ connection: settings.postgresUrl }),
      intervalMs: options.interval,
      seed: options.seed,
      replayRate: options.replayRate,
      correctionRate: options.correctionRate,
      again: options.again ?? false,
      ...(options.live === undefined ? {} : { live: options.live }),
      ...(options.match === undefined ? {} : { matches: options.match }),
      signal,
      onStatus,
    });
  });
}
