/** Runs a program to its end, for installing and preparing the servers. */
import { spawn } from "node:child_process";
import { constants, accessSync } from "node:fs";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { FatalError } from "../domain/errors.ts";

export interface CommandOptions {
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads from standard input; nothing without it. */
  readonly input?: string;
  /** Called for each line of output. */
  readonly onLine?: (line: string) => void;
  /** Ends the program. */
  readonly signal?: AbortSignal;
}

/**
 * @returns everything it wrote to stdout and stderr.
 * @throws FatalError with its last lines when it cannot be started or does not exit with 0.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { onLine, env, input, ...spawnOptions } = options;
  const child = spawn(command, args, {
    ...spawnOptions,
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => undefined); // it ended before it had read all: its exit tells
  child.stdin.end(input ?? "");
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      onLine?.(line);
    });
  }
  const failure = await new Promise<string | null>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(code === 0 ? null : (signal ?? `exit code ${code}`)));
  });
  if (failure !== null) {
    const end = lines.filter((line) => line.trim() !== "").slice(-4);
    throw new FatalError([`${command} failed: ${failure}`, ...end].join("\n  "), {
      remedy: "third-umpire doctor names what is missing",
    });
  }
  return lines.join("\n");
}

/** The full path of a program on the PATH, or null. */
export function findProgram(name: string): string | null {
  for (const dir of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(dir, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      continue; // not here
    }
  }
  return null;
}

/** `java` of JAVA_HOME, otherwise of the PATH. */
export function findJava(): string | null {
  const home = process.env["JAVA_HOME"];
  return home === undefined || home === "" ? findProgram("java") : join(home, "bin", "java");
}
