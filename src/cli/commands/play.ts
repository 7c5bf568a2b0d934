import type { Command } from "commander";
import type { AuditReport } from "../../audit/index.ts";
import type { Folders } from "../play/choose.ts";
import type { PlayOptions } from "../play/options.ts";
import type { PlaySummary } from "../play/play.ts";
import { SilentExit, UsageError } from "../errors.ts";
import { addFeedOptions, type FeedArguments, givenSources } from "../feed-options.ts";
import { collect, CRASH_TARGETS, type CrashSpec, parseCrash, parseInteger, parseRate } from "../options.ts";
import { SOURCE_IDS } from "../play/sources.ts";

interface Options extends FeedArguments, RunOptions {
  readonly exitWhenDone?: boolean;
  readonly superset?: boolean;
  readonly json?: boolean;
}

/** What `run` and `play` are told alike. */
export interface RunOptions {
  readonly crash?: readonly CrashSpec[];
  readonly lambdaFaults: number;
  readonly processors: number;
}

/** Adds these options to a command. */
export function addRunOptions(command: Command): Command {
  return command
    .option(
      "--crash <what:time>",
      `kill with SIGKILL that often, e.g. postgres:60s; may be repeated (${CRASH_TARGETS.join(", ")})`,
      collect(parseCrash),
    )
    .option(
      "--lambda-faults <share>",
      "of each way in which the Lambda function can fail, the share of invocations that do",
      parseRate,
      0,
    )
    .option("--processors <number>", "processes that share the work", parseInteger(1, 16), 1);
}

export function register(program: Command): void {
  const command = program
    .command("play")
    .description(
      "play folders of matches through their sources, Kafka and DuckDB, with sources as unreliable as you like",
    );
  addRunOptions(addFeedOptions(command))
    .option(
      "--exit-when-done",
      "end when everything is loaded and audited; exit code 1 if the audit finds an unexplained difference or a file was not played",
    )
    .option("--superset", "fetch and start Superset in the background, about 900 MB")
    .option("--json", "print a summary as JSON at the end (status lines go to stderr)")
    .addHelpText(
      "after",
      "\nOnly the sources that are given are installed and started." +
        "\nCtrl-C stops everything cleanly. Started again with the same folders, it goes on where it was.",
    )
    .action(action);
}

async function action(options: Options): Promise<void> {
  const [{ resolve }, { choosePlays }] = await Promise.all([import("node:path"), import("../play/choose.ts")]);
  const folders = givenSources(options).map(({ id, dirs }): Folders => ({ id, dirs: dirs.map((dir) => resolve(dir)) }));
  if (folders.length === 0) {
    throw new UsageError("nothing to play", `name a folder with ${SOURCE_IDS.map((id) => `--${id}`).join(", ")}`);
  }
  const choice = { intervalMs: options.interval, live: options.live ?? [], matches: options.match ?? [] };
  await playAndReport({
    sources: await choosePlays(folders, choice),
    seed: options.seed,
    replayRate: options.replayRate,
    correctionRate: options.correctionRate,
    lambdaFaults: options.lambdaFaults,
    crashes: options.crash ?? [],
    processors: options.processors,
    again: options.again ?? false,
    acceptDeletions: options.acceptDeletions ?? false,
    superset: options.superset ?? false,
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
  if (options.exitWhenDone && (!result.complete || result.refused.length > 0 || (result.audit?.unexplained ?? 0) > 0))
    throw new SilentExit(1);
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
    ...refusedLines(result.refused, count),
    result.complete
      ? "See them: third-umpire scorecards"
      : "Run it again to go on where it was; third-umpire scorecards shows what is in.",
  ];
}

const REFUSED_SHOWN = 20;

/** Every file that was asked for and is not in, as far as a screen holds them. */
function refusedLines(refused: readonly string[], count: (value: number) => string): string[] {
  if (refused.length === 0) return [];
  const more = refused.length - REFUSED_SHOWN;
  return [
    `Not played: ${count(refused.length)} ${refused.length === 1 ? "file" : "files"}.`,
    ...refused.slice(0, REFUSED_SHOWN).map((words) => `  ${words}`),
    ...(more > 0 ? [`  and ${count(more)} more; the logs of the feeds name them all`] : []),
  ];
}

function auditLine({ unexplained }: AuditReport, count: (value: number) => string): string {
  return unexplained === 0
    ? "Audit: every difference is explained by a verdict."
    : `Audit: ${count(unexplained)} differences without an explanation; third-umpire audit lists them.`;
}
