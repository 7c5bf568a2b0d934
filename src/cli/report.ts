import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What a process tells the one that started it. */
export interface StatusMessage {
  readonly type: "status";
  readonly name: string;
  readonly status: unknown;
}

/** `<run dir>/<name>.status.json`: the same for `third-umpire status` in another terminal. */
export interface StatusFile {
  readonly name: string;
  readonly pid: number;
  /** ms since the Unix epoch. */
  readonly at: number;
  readonly status: unknown;
}

export interface Reporter<S> {
  /** Passes a status on, at most every `intervalMs`; the latest one always arrives. */
  report(status: S): void;
  /** Sends what is still waiting. */
  close(): void;
}

export interface ReporterOptions {
  readonly name: string;
  /** Folder of the status file; without it only the parent is told. */
  readonly runDir?: string;
  readonly intervalMs?: number;
  readonly send?: (message: StatusMessage) => void;
  readonly now?: () => number;
}

const INTERVAL_MS = 200;

/** Reports a process's status to its parent (over IPC, when there is one) and into its status file. */
export function statusReporter<S extends object>(options: ReporterOptions): Reporter<S> {
  const send = options.send ?? sendToParent;
  const now = options.now ?? Date.now;
  const intervalMs = options.intervalMs ?? INTERVAL_MS;
  const { name, runDir } = options;
  let waiting: S | undefined;
  let lastState: unknown;
  let lastAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting === undefined) return;
    const status = waiting;
    waiting = undefined;
    lastAt = now();
    send({ type: "status", name, status });
    if (runDir !== undefined) writeStatusFile(runDir, { name, pid: process.pid, at: lastAt, status });
  };
  return {
    report: (status) => {
      waiting = status;
      const state: unknown = Reflect.get(status, "state");
      // A change of state is news and is not held back; figures can wait.
      if (state !== lastState || now() - lastAt >= intervalMs) {
        lastState = state;
        flush();
      } else if (timer === undefined) {
        timer = setTimeout(flush, intervalMs);
        timer.unref();
      }
    },
    close: flush,
  };
}

/** True for a message of the form that `statusReporter` sends. */
export function isStatusMessage(message: unknown): message is StatusMessage {
  return (
    typeof message === "object" &&
    message !== null &&
    Reflect.get(message, "type") === "status" &&
    typeof Reflect.get(message, "name") === "string" &&
    Reflect.has(message, "status")
  );
}

/** Reads a process's status file; undefined when there is none or it is no status. */
export function readStatusFile(runDir: string, name: string): StatusFile | undefined {
  let text: string;
  try {
    text = readFileSync(statusPath(runDir, name), "utf8");
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, "code") === "ENOENT") return undefined;
    throw error;
  }
  const value: unknown = JSON.parse(text);
  const isStatus = typeof value === "object" && value !== null && Reflect.has(value, "status");
  return isStatus ? (value as StatusFile) : undefined;
}

function writeStatusFile(runDir: string, file: StatusFile): void {
  const path = statusPath(runDir, file.name);
  mkdirSync(runDir, { recursive: true });
  // Written beside and renamed, so that a reader never sees half of it.
  const draft = `${path}.${file.pid}`;
  writeFileSync(draft, `${JSON.stringify(file)}\n`);
  renameSync(draft, path);
}

function statusPath(runDir: string, name: string): string {
  return join(runDir, `${name}.status.json`);
}

function sendToParent(message: StatusMessage): void {
  // The callback takes the error of a parent that went away meanwhile: the shutdown helper hears of it by itself.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}
