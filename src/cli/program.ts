import { readFileSync } from "node:fs";
import { Command } from "commander";
import { exitCodeOf, failureLine, toFailure } from "./errors.ts";
import { addPipelineOptions, refuseOtherPipelines, remedyFor } from "./pipeline.ts";
import { requestShutdown } from "./shutdown.ts";

interface CommandFile {
  register(program: Command): void;
}

interface Entry {
  readonly group: string;
  readonly load: () => Promise<CommandFile>;
}

const PLAY = "Play:";
const LOOK = "Look:";
const STACK = "Servers:";
const KEEP = "Keep:";
const PARTS = "Parts, which play starts by itself:";

/** One file a command, in the order of `--help`. Loaded when called: a typo must not wait for native modules. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  run: { group: PLAY, load: () => import("./commands/run.ts") },
  play: { group: PLAY, load: () => import("./commands/play.ts") },
  fetch: { group: PLAY, load: () => import("./commands/fetch.ts") },
  scorecards: { group: LOOK, load: () => import("./commands/scorecards.ts") },
  watch: { group: LOOK, load: () => import("./commands/watch.ts") },
  sql: { group: LOOK, load: () => import("./commands/sql.ts") },
  verdicts: { group: LOOK, load: () => import("./commands/verdicts.ts") },
  quarantine: { group: LOOK, load: () => import("./commands/quarantine.ts") },
  state: { group: LOOK, load: () => import("./commands/state.ts") },
  audit: { group: LOOK, load: () => import("./commands/audit.ts") },
  up: { group: STACK, load: () => import("./commands/up.ts") },
  down: { group: STACK, load: () => import("./commands/down.ts") },
  status: { group: STACK, load: () => import("./commands/status.ts") },
  doctor: { group: STACK, load: () => import("./commands/doctor.ts") },
  "cloud-check": { group: STACK, load: () => import("./commands/cloud-check.ts") },
  export: { group: KEEP, load: () => import("./commands/export.ts") },
  rebuild: { group: KEEP, load: () => import("./commands/rebuild.ts") },
  resend: { group: KEEP, load: () => import("./commands/resend.ts") },
  reset: { group: STACK, load: () => import("./commands/reset.ts") },
  source: { group: PARTS, load: () => import("./commands/source.ts") },
  processor: { group: PARTS, load: () => import("./commands/processor.ts") },
  loader: { group: PARTS, load: () => import("./commands/loader.ts") },
  feed: { group: PARTS, load: () => import("./commands/feed.ts") },
  lambda: { group: PARTS, load: () => import("./commands/lambda.ts") },
};

/** Every name that `third-umpire NAME` knows. */
export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS);

/**
 * Builds the program with the command that `argv` names, or with all of them when it names none (help, a typo).
 * Nothing is printed by commander itself except help and version: errors come out as `CommanderError`.
 */
export async function buildProgram(argv: readonly string[]): Promise<Command> {
  const program = new Command("third-umpire")
    .description(
      "Reviews every record of a stream and gives exactly one verdict on it, in the same Kafka transaction as its output: " +
        "a source that crashes and repeats itself never puts a run on the board twice.",
    )
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .commandsGroup("Help:")
    .helpCommand("help [command]", "print the help of a command")
    .configureHelp({ showGlobalOptions: false })
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  addPipelineOptions(program);
  program.hook("preAction", (_, command) => refuseOtherPipelines(command));
  const wanted = Object.hasOwn(COMMANDS, argv[2] ?? "") ? COMMANDS[argv[2] ?? ""] : undefined;
  const files = await Promise.all(
    (wanted === undefined ? Object.values(COMMANDS) : [wanted]).map((entry) => entry.load()),
  );
  for (const file of files) file.register(program);
  for (const command of program.commands) {
    throwInsteadOfExit(command);
    command.helpGroup(COMMANDS[command.name()]?.group ?? PLAY);
  }
  program.addHelpText(
    "after",
    "\nExamples:\n" +
      "  third-umpire run                                   play the bundled matches, one of each source live\n" +
      "  third-umpire play --t20i data/t20i --interval 0    play a folder of matches as fast as possible\n" +
      "  third-umpire play --odi data/odi --test data/test --crash source:60s --replay-rate 0.3\n" +
      "  third-umpire scorecards                            the scorecards in the warehouse\n" +
      "  third-umpire verdicts --verdict correction         what was corrected, and what it replaced",
  );
  return program;
}

/**
 * Runs one command line and ends the process: exit code 0, 1 (it went wrong) or 2 (it was asked wrongly).
 * This is the one place where an error becomes a line on stderr; a stack trace needs TU_LOG_LEVEL=debug.
 */
export async function runMain(argv: readonly string[]): Promise<void> {
  process.stdout.on("error", endQuietlyWithoutReader);
  process.stderr.on("error", endQuietlyWithoutReader);
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  try {
    const program = await buildProgram(argv);
    await program.parseAsync([...argv]);
  } catch (error) {
    fail(error);
    return;
  }
  endWith(Number(process.exitCode ?? 0));
}

function fail(error: unknown): void {
  const failure = toFailure(error);
  if (failure !== undefined) {
    const remedy = failure.remedy === undefined ? undefined : remedyFor(process.argv, failure.remedy);
    process.stderr.write(`${failureLine({ ...failure, remedy })}\n`);
    const debug = ["debug", "trace"].includes(process.env["TU_LOG_LEVEL"] ?? "");
    if (debug && error instanceof Error) process.stderr.write(`${error.stack ?? ""}\n`);
  }
  endWith(exitCodeOf(error));
}

/** Ends once everything written has left: native clients keep threads that would hold the process open. */
function endWith(code: number): void {
  process.exitCode = code;
  process.stdout.write("", () => process.stderr.write("", () => leave(code)));
}

let isTerminalGone = false;

function leave(code: number): void {
  // Node puts the terminal back as it was, and crashes when there is none any more: a process that is done can be killed.
  if (isTerminalGone) process.kill(process.pid, "SIGKILL");
  else process.exit(code);
}

/**
 * `third-umpire verdicts | head` closes the pipe when it has seen enough, and a window is closed (EIO): that is no error.
 * What runs servers stops them first.
 */
function endQuietlyWithoutReader(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
  isTerminalGone ||= error.code === "EIO";
  if (!requestShutdown("the end of its output")) leave(0);
}

function throwInsteadOfExit(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => undefined });
  for (const child of command.commands) throwInsteadOfExit(child);
}

function packageVersion(): string {
  // From src/cli/ (tsx) the package is two folders up, from dist/src/cli/ three.
  for (const up of ["../../package.json", "../../../package.json"]) {
    try {
      const value: unknown = JSON.parse(readFileSync(new URL(up, import.meta.url), "utf8"));
      const version: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "version") : undefined;
      if (typeof version === "string") return version;
    } catch (error) {
      if (!(error instanceof Error) || Reflect.get(error, "code") !== "ENOENT") throw error;
    }
  }
  return "unknown";
}
