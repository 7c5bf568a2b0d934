import type { Command } from "commander";
import { UsageError } from "../errors.ts";
import { collect, type CrashSpec, parseCrash, parseDuration, parseInteger } from "../options.ts";

interface Options {
  readonly interval?: number;
  readonly live: string;
  readonly crash?: readonly CrashSpec[];
  readonly processors: number;
  readonly again?: boolean;
}

/** The World Cup final of 2019, tied twice: nobody would leave before its end. */
const LIVE_MATCH = "1144530";
/** The source repeats itself and errs as much as in the tests: what is on the screen is right all the same. */
const REPLAY_RATE = 0.3;
const CORRECTION_RATE = 0.02;

export function register(program: Command): void {
  program
    .command("run")
    .description("play the bundled matches: the finished ones at full speed, then one live, ball by ball")
    .option(
      "--interval <time>",
      "time between two balls of the live match (default: TU_LIVE_INTERVAL_MS, 5s)",
      parseDuration,
    )
    .option("--live <id>", "the match to play live", LIVE_MATCH)
    .option(
      "--crash <what:time>",
      "kill with SIGKILL that often, e.g. postgres:60s; may be repeated",
      collect(parseCrash),
    )
    .option("--processors <number>", "processes that share the work", parseInteger(1, 16), 1)
    .option("--again", "play matches once more that were played to their end")
    .addHelpText(
      "after",
      "\nThe source repeats rows and gets some wrong, on purpose. Ctrl-C stops everything cleanly; run it again to go on.",
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const [{ loadSettings }, { packageFile }, { listMatches }, { playAndReport }] = await Promise.all([
    import("../../settings.ts"),
    import("../../local/paths.ts"),
    import("../../feed/folder.ts"),
    import("./play.ts"),
  ]);
  const settings = loadSettings();
  const dir = packageFile("data", "odi");
  const ids = (await listMatches(dir)).map((match) => match.matchId);
  const { live } = options;
  if (!ids.includes(live)) {
    throw new UsageError(`match ${live} is not among the bundled ones`, `choose one of ${ids.join(", ")}`);
  }
  await playAndReport({
    dir,
    intervalMs: options.interval ?? settings.liveIntervalMs,
    seed: 1,
    replayRate: REPLAY_RATE,
    correctionRate: CORRECTION_RATE,
    crashes: options.crash ?? [],
    processors: options.processors,
    live: [live],
    matches: [],
    again: options.again ?? false,
    exitWhenDone: false,
    json: false,
  });
}
