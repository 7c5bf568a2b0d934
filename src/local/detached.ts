/**
 * `up` returns while the servers run on: they are watched by a small process of their own, which is this program once
 * more (`up --foreground`). It reports to the terminal that started it until the servers are ready.
 */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { FatalError } from "../domain/errors.ts";
import type { Settings } from "../settings.ts";
import type { Progress } from "./kafka.ts";
import { logDir } from "./paths.ts";

export type UpMessage =
  | { readonly type: "progress"; readonly line: string }
  | { readonly type: "ready" }
  | { readonly type: "failed"; readonly message: string; readonly remedy: string | null };

/**
 * Starts the watching process, with these further options, and waits until it says that the servers are ready. Ctrl-C
 * meanwhile stops it.
 *
 * @throws FatalError with what it says went wrong.
 */
export async function startDetached(
  settings: Settings,
  progress: Progress,
  options: readonly string[] = [],
): Promise<void> {
  mkdirSync(logDir(settings), { recursive: true });
  const logFile = join(logDir(settings), "up.log");
  const log = openSync(logFile, "a");
  const main = process.argv[1] ?? "";
  const child = spawn(process.execPath, [...process.execArgv, main, "up", "--foreground", ...options], {
    detached: true,
    stdio: ["ignore", log, log, "ipc"],
  });
  closeSync(log);
  const interrupt = (): void => {
    child.kill("SIGTERM");
  };
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  try {
    await new Promise<void>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (_, signal) => {
        const how = signal === null ? "" : `: ${signal} killed it`;
        reject(new FatalError(`the start was broken off${how}`, { remedy: `see ${logFile}` }));
      });
      child.on("message", (message: UpMessage) => {
        if (message.type === "progress") progress(message.line);
        else if (message.type === "ready") resolve();
        else reject(new FatalError(message.message, message.remedy === null ? {} : { remedy: message.remedy }));
      });
    });
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
    child.removeAllListeners();
    if (child.connected) child.disconnect();
    child.unref();
  }
}

/** Tells the terminal that started us, if one still listens. */
export function reportUp(message: UpMessage): void {
  if (process.connected) process.send?.(message, () => undefined); // a terminal that was closed needs no report
}
