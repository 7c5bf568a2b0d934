/**
 * Pid files: one JSON file a process in `.local/run`, so that `status` and `down` work from any terminal and a
 * later start finds what an earlier one left behind.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FatalError } from "../domain/errors.ts";
import { endProcess, isRunning, processIdentity } from "./processes.ts";

export type ProcessState = "starting" | "ready" | "backing-off" | "stopped" | "failed";

export interface ProcessStatus {
  name: string;
  pid: number | null;
  state: ProcessState;
  restarts: number;
  /** ms since the Unix epoch. */
  startedAt: number | null;
  lastExit: string | null;
  logFile: string;
}

export interface ProcessRef {
  readonly pid: number;
  readonly identity: string;
}

export interface RunFile extends ProcessStatus {
  /** Tells the process from a later one with the same pid; null without a pid. */
  identity: string | null;
  /** The process that watches this one. */
  supervisor: ProcessRef;
  /** How this process likes to be asked to stop. */
  stopSignal: NodeJS.Signals;
}

const fileOf = (runDir: string, name: string): string => join(runDir, `${name}.json`);

export function thisProcess(): ProcessRef {
  return { pid: process.pid, identity: processIdentity(process.pid) ?? "?" };
}

/** Written under another name and renamed: a reader never sees half a file. */
export function writeRunFile(runDir: string, file: RunFile): void {
  mkdirSync(runDir, { recursive: true });
  const target = fileOf(runDir, file.name);
  const temporary = `${target}.${process.pid}.new`;
  writeFileSync(temporary, `${JSON.stringify(file, null, 2)}\n`);
  renameSync(temporary, target);
}

/** Every run file, by name. A file that cannot be read as one (disk full, edited) is left out. */
export function readRunFiles(runDir: string): RunFile[] {
  let names: string[];
  try {
    names = readdirSync(runDir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return names
    .filter((name) => name.endsWith(".json"))
    .toSorted()
    .map((name) => parse(join(runDir, name)))
    .filter((file) => file !== null);
}

/**
 * What runs now, whoever started it. A process that its file calls alive but that is gone is shown as
 * `backing-off` while its supervisor lives (it is about to start it again) and as `failed` otherwise.
 */
export function processStatuses(runDir: string): ProcessStatus[] {
  return readRunFiles(runDir).map(({ identity, supervisor, stopSignal: _, ...status }) => {
    if (status.pid === null || identity === null || isRunning(status.pid, identity)) return status;
    return isRunning(supervisor.pid, supervisor.identity)
      ? { ...status, pid: null, state: "backing-off" }
      : { ...status, pid: null, state: "failed", lastExit: "ended while nobody watched" };
  });
}

/**
 * Makes room for a process of this name: what an earlier supervisor left running is ended.
 *
 * @throws FatalError when another supervisor that is alive runs it.
 */
export async function endLeftover(runDir: string, name: string): Promise<void> {
  const file = readRunFiles(runDir).find((candidate) => candidate.name === name);
  if (file?.pid == null || file.identity === null || !isRunning(file.pid, file.identity)) return;
  const { supervisor } = file;
  if (supervisor.pid !== process.pid && isRunning(supervisor.pid, supervisor.identity)) {
    throw new FatalError(`${name} is running already (pid ${file.pid}, watched by pid ${supervisor.pid})`, {
      remedy: "stop it with: third-umpire down",
    });
  }
  await endProcess(file.pid, file.identity, file.stopSignal, 15_000);
}

function parse(path: string): RunFile | null {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return isRunFile(value) ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function isRunFile(value: unknown): value is RunFile {
  if (typeof value !== "object" || value === null) return false;
  const file = value as Partial<RunFile>;
  return (
    typeof file.name === "string" &&
    (file.pid === null || typeof file.pid === "number") &&
    typeof file.state === "string" &&
    typeof file.supervisor?.pid === "number"
  );
}
