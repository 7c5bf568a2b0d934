import { type Command, Option } from "commander";
import type { AuditReport } from "../../audit/index.ts";
import type { PlayOptions } from "../play/options.ts";
import type { PlaySummary } from "../play/play.ts";
import { SilentExit, UsageError } from "../errors.ts";
import {
  collect,
  CRASH_TARGETS,
  type CrashSpec,
  parseCrash,
  parseDuration,
  parseInteger,
  parseRate,
} from "../options.ts";

interface Options {
  readonly odi: string;
  readonly interval: number;
  readonly seed: number;
  readonly replayRate: number;
  readonly correctionRate: number;
  readonly crash?: readonly CrashSpec[];
  readonly processors: number;
  readonly live?: readonly string[];
  readonly match?: readonly string[];
  readonly again?: boolean;
  readonly exitWhenDone?: boolean;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command("play")
    .description(
      "play one-day internationals through Postgres, Kafka and DuckDB, with a source as unreliable as you like",
    )
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
    .option(
      "--crash <what:time>",
      `kill with SIGKILL that often, e.g. postgres:60s; may be repeated (${CRASH_TARGETS.join(", ")})`,
      collect(parseCrash),
    )
    .option("--processors <number>", "processes that share the work", parseInteger(1, 16), 1)
    .option("--again", "play finished matches once more, from their first row")
    .option(
      "--exit-when-done",
      "end when everything is loaded and audited; exit code 1 if the audit finds an unexplained difference",
    )
    .option("--json", "print a summary as JSON at the end (status lines go to stderr)")
    .addHelpText(
      "after",
      "\nCtrl-C stops everything cleanly. Started again with the same folder, it goes on where it was.",
    )
    .action(action);
}

async function action(options: Options): Promise<void> {
  const { resolve } = await import("node:path");
  const dir = resolve(options.odi);
  await requireFolder(dir);
  await playAndReport({
    dir,
    intervalMs: options.interval,
    seed: options.seed,
    replayRate: options.replayRate,
    correctionRate: options.correctionRate,
    crashes: options.crash ?? [],
    processors: options.processors,
    live: options.live ?? [],
    matches: options.match ?? [],
    again: options.again ?? false,
    exitWhenDone: options.exitWhenDone ?? false,
    json: options.json ?? false,
  });
}

/** Plays, says how it went, and fails when the audit did. Shared with `run`. */
export async function playAndReport(options: PlayOptions): Promise<void> {
  const [{ loadSettings }, { play }, out] = await Promise.all([
    import("../../settings.ts"),
    import("../play/play.ts"),
    import("../output.ts"),
  ]);
  const result = await play(loadSettings(), options);
  if (options.json) out.printJson(result);
  else out.print(...summaryLines(result, out));
  if (options.exitWhenDone && (!result.complete || (result.audit?.unexplained ?? 0) > 0)) throw new SilentExit(1);
}

function summaryLines(result: PlaySummary, { count, span }: typeof import("../output.ts")): string[] {
  const { verdicts } = result;
  const judged = Object.values(verdicts).reduce((sum, value) => sum + value, 0);
  const others = Object.entries(verdicts)
    .filter(([, value]) => value > 0)
    .map(([verdict, value]) => `${count(value)} ${verdict}`);
  const kills = Object.entries(result.kills).map(([name, times]) => `${name} ${times}×`);
  return [
    `${result.complete ? "Done" : "Stopped"} after ${span(result.seconds * 1000)}: ${count(judged)} records judged${others.length === 0 ? "" : ` (${others.join(", ")})`}, ${count(result.loaded)} loaded in this run.`,
    ...(kills.length === 0 ? [] : [`Killed on purpose: ${kills.join(", ")}.`]),
    ...(result.audit === null ? [] : [auditLine(result.audit, count)]),
    result.complete
      ? "See them: third-umpire scorecards"
      : "Run it again to go on where it was; third-umpire scorecards shows what is in.",
  ];
}

function auditLine({ unexplained }: AuditReport, count: (value: number) => string): string {
  return unexplained === 0
    ? "Audit: every difference is explained by a verdict."
    : `Audit: ${count(unexplained)} differences without an explanation; third-umpire audit lists them.`;
}

async function requireFolder(dir: string): Promise<void> {
  const { readdir } = await import("node:fs/promises");
  const names = await readdir(dir).catch((error: unknown) => {
    const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
    throw new UsageError(
      `${dir} ${code === "ENOTDIR" ? "is no folder" : "cannot be read"}`,
      "give the folder that holds the csv2 files",
    );
  });
  if (!names.some((name) => name.endsWith(".csv"))) {
    throw new UsageError(
      `${dir} holds no csv files`,
      "unpack Cricsheet's csv2 archive there (cricsheet.org, ODIs, male)",
    );
  }
}
