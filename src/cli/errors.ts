import { CommanderError } from "commander";
import { EXIT_REPLACED, ReplacedError } from "../domain/errors.ts";
import { tellsOfFullDisk } from "../loader/duckdb-errors.ts";

/** What a person is told when a command fails, and what the shell is told. */
export interface Failure {
  readonly message: string;
  readonly remedy: string | undefined;
  /** 1 = it went wrong, 2 = it was asked wrongly, 3 = a newer process of the same instance id goes on in its place. */
  readonly exitCode: number;
}

export const EXIT_FAILURE = 1;
export const EXIT_USAGE = 2;

/** The command was asked for something that cannot be: wrong argument, unknown partition, no such match. */
export class UsageError extends Error {
  readonly remedy: string | undefined;
  constructor(message: string, remedy?: string) {
    super(message);
    this.name = "UsageError";
    this.remedy = remedy;
  }
}

/** The command has already said everything there is to say; only the exit code is left. */
export class SilentExit extends Error {
  readonly exitCode: number;
  constructor(exitCode: number) {
    super(`exit ${exitCode}`);
    this.name = "SilentExit";
    this.exitCode = exitCode;
  }
}

const REFUSED = "start the local stack with `third-umpire up`, or check the address in .env";

const REMEDY_BY_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: REFUSED,
  // The Kafka client's own: no connection, no broker, no name, no answer in time.
  "-195": REFUSED,
  "-187": REFUSED,
  "-193": REFUSED,
  "-185": REFUSED,
  ENOTFOUND: "check the host name in .env",
  EADDRINUSE: "`third-umpire doctor` shows who holds the port; ports are set in .env",
  EACCES: "check who owns the file or folder, then run it again",
  ENOSPC: "free some disk space; `third-umpire doctor` shows how much is needed",
  ENOENT: "check the path",
};

/**
 * Turns anything thrown into one line for a person. Returns undefined for what is no failure
 * (`--help`, `--version`), which commander throws too.
 */
export function toFailure(error: unknown): Failure | undefined {
  if (error instanceof CommanderError) return fromCommander(error);
  if (error instanceof SilentExit) return undefined;
  if (error instanceof UsageError) {
    return { message: oneLine(error.message), remedy: error.remedy, exitCode: EXIT_USAGE };
  }
  if (error instanceof AggregateError && error.errors.length > 0) return toFailure(error.errors[0]);
  if (!(error instanceof Error)) return { message: oneLine(String(error)), remedy: undefined, exitCode: EXIT_FAILURE };
  const codes = codesOf(error);
  const known = codes.find((code) => code in REMEDY_BY_CODE);
  const remedy = stringProperty(error, "remedy") ?? (known === undefined ? undefined : REMEDY_BY_CODE[known]);
  const text = oneLine(error.message);
  const exitCode = error instanceof ReplacedError ? EXIT_REPLACED : EXIT_FAILURE;
  return { message: text === "" ? (codes[0] ?? error.name) : text, remedy, exitCode };
}

/** Codes of an error and of what caused it, nearest first. */
function codesOf(error: Error): readonly string[] {
  const code: unknown = Reflect.get(error, "code");
  const own =
    typeof code === "string" || typeof code === "number"
      ? [String(code)]
      : tellsOfFullDisk(error.message)
        ? ["ENOSPC"]
        : [];
  return error.cause instanceof Error ? [...own, ...codesOf(error.cause)] : own;
}

/** The line itself, without a line break at its end. */
export function failureLine(failure: Failure): string {
  const remedy = failure.remedy === undefined ? "" : ` (remedy: ${oneLine(failure.remedy)})`;
  return `error: ${failure.message}${remedy}`;
}

/** The exit code that belongs to anything thrown. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof SilentExit) return error.exitCode;
  // Help that was printed because a subcommand is missing is no answer to what was asked.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  return toFailure(error)?.exitCode ?? 0;
}

function fromCommander(error: CommanderError): Failure | undefined {
  // exitCode 0 is help or version; "commander.help" is help shown because a subcommand is missing, already printed.
  if (error.exitCode === 0 || error.code === "commander.help") return undefined;
  const [first = "", ...rest] = error.message.replace(/^error: /u, "").split("\n");
  const hint = rest
    .join(" ")
    .trim()
    .replace(/^\((?<inner>.*)\)$/u, "$<inner>");
  const remedy = hint === "" ? "`--help` lists what there is" : hint.replace(/^Did/u, "did");
  return { message: first.trim(), remedy, exitCode: EXIT_USAGE };
}

function stringProperty(value: object, name: string): string | undefined {
  const found: unknown = Reflect.get(value, name);
  return typeof found === "string" ? found : undefined;
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/gu, "; ");
}
