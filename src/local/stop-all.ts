/** Stops what runs, from any terminal. */
import type { Settings } from "../settings.ts";
import { runDir } from "./paths.ts";
import { endProcess, isRunning } from "./processes.ts";
import type { ProcessRef, RunFile } from "./run-files.ts";
import { readRunFiles, writeRunFile } from "./run-files.ts";

/** A supervisor stops its processes one after the other, each with its own grace. */
const supervisorGraceMs = 60_000;

/**
 * Asks every supervisor to stop its processes in order; then ends what no supervisor watches, last started first.
 *
 * @returns names of the processes that ran.
 */
export async function stopEverything(settings: Settings): Promise<string[]> {
  const running = readRunFiles(runDir(settings)).filter(runs);
  for (const { pid, identity } of distinct(running.map((file) => file.supervisor))) {
    if (pid !== process.pid) await endProcess(pid, identity, "SIGTERM", supervisorGraceMs);
  }
  const leftovers = readRunFiles(runDir(settings)).filter(runs);
  for (const file of leftovers.toSorted((a, b) => (b.startedAt ?? 0) - (a.startedAt ?? 0))) {
    if (file.pid !== null && file.identity !== null) await endProcess(file.pid, file.identity, file.stopSignal, 15_000);
    writeRunFile(runDir(settings), { ...file, pid: null, identity: null, state: "stopped", lastExit: "stopped" });
  }
  return running.map((file) => file.name);
}

function runs(file: RunFile): boolean {
  if (file.pid !== null && file.identity !== null && isRunning(file.pid, file.identity)) return true;
  // Between two attempts it has no pid, but its supervisor is about to give it one.
  return (
    file.state !== "stopped" && file.state !== "failed" && isRunning(file.supervisor.pid, file.supervisor.identity)
  );
}

function distinct(refs: readonly ProcessRef[]): ProcessRef[] {
  return [...new Map(refs.map((ref) => [ref.pid, ref])).values()];
}
