import type { Command } from "commander";
import type { Folders } from "../play/choose.ts";
import { collect, parseDuration } from "../options.ts";
import { SOURCE_IDS, type SourceId } from "../play/sources.ts";
import { addRunOptions, type RunOptions } from "./play.ts";

interface Options extends RunOptions {
  readonly interval?: number;
  readonly live?: readonly string[];
  readonly again?: boolean;
  readonly superset: boolean;
}

/** Nobody would leave before the end of these: a final tied twice, one won by four sixes, and Headingley. */
const LIVE_MATCH: Readonly<Record<SourceId, string>> = { odi: "1144530", t20i: "951373", test: "1152848" };
/** The sources repeat themselves and err as much as in the tests: what is on the screen is right all the same. */
const REPLAY_RATE = 0.3;
const CORRECTION_RATE = 0.02;

export function register(program: Command): void {
  const command = program
    .command("run")
    .description("play the bundled matches of all three sources: finished ones at full speed, then one live of each")
    .option(
      "--interval <time>",
      "time between two balls of a live match (default: TU_LIVE_INTERVAL_MS, 5s)",
      parseDuration,
    )
    .option(
      "--live <id>",
      `a match to play live instead of its source's own (${Object.values(LIVE_MATCH).join(", ")}); may be repeated`,
      collect(String),
    );
  addRunOptions(command)
    .option("--again", "play matches once more that were played to their end")
    .option("--no-superset", "leave Superset out (it is fetched and started in the background, about 900 MB)")
    .addHelpText(
      "after",
      "\nThe sources repeat records and get some wrong, on purpose. Ctrl-C stops everything cleanly; run it again to go on.",
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const [{ loadSettings }, { packageFile }, { choosePlays }, { playAndReport }] = await Promise.all([
    import("../../settings.ts"),
    import("../../local/paths.ts"),
    import("../play/choose.ts"),
    import("./play.ts"),
  ]);
  const folders = SOURCE_IDS.map((id): Folders => ({ id, dirs: [packageFile("data", id)] }));
  const intervalMs = options.interval ?? loadSettings().liveIntervalMs;
  const chosen = await choosePlays(folders, { intervalMs, live: options.live ?? [], matches: [] });
  await playAndReport({
    sources: chosen.map((source) =>
      source.live.length > 0 ? source : { ...source, intervalMs, live: [LIVE_MATCH[source.id]] },
    ),
    seed: 1,
    replayRate: REPLAY_RATE,
    correctionRate: CORRECTION_RATE,
    lambdaFaults: options.lambdaFaults,
    crashes: options.crash ?? [],
    processors: options.processors,
    again: options.again ?? false,
    acceptDeletions: false,
    superset: options.superset,
    exitWhenDone: false,
    json: false,
  });
}
