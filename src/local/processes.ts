/**
 * What the operating system knows of a process. A pid alone is not an identity: it is used again, so every
 * pid we write down goes with the start time of its process, and we end only what still has both.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** A text that no other process of this machine ever has, or null when there is no such process. */
export function processIdentity(pid: number): string | null {
  if (process.platform === "linux") {
    const stat = procStat(pid);
    return stat === null ? null : `${bootId()}:${stat.startTicks}`;
  }
  try {
    const started = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return started === "" ? null : started;
  } catch {
    return null; // ps exits 1 when the pid is unknown
  }
}

/** Whether the process with this pid and identity still runs. A zombie has ended: it only waits to be reaped. */
export function isRunning(pid: number, identity: string): boolean {
  return processIdentity(pid) === identity && procStat(pid)?.state !== "Z";
}

/** Whether the pid is in the process table at all, zombies included. */
function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * Waits until the pid has left the process table. A killed child of a dead parent can stay there as a zombie
 * until init reaps it, and servers that read a pid file (Postgres) take it for alive so long.
 *
 * @returns false when it is still there after the time.
 */
export async function waitUntilGone(pid: number, identity: string, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (pidExists(pid) && processIdentity(pid) === identity) {
    if (Date.now() >= deadline) return false;
    await delay(20);
  }
  return true;
}

/**
 * Ends a process that is not our child: `signal`, after `graceMs` SIGKILL, both to its whole process group when
 * it leads one.
 */
export async function endProcess(
  pid: number,
  identity: string,
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<void> {
  if (!isRunning(pid, identity)) return;
  signalGroup(pid, signal);
  const deadline = Date.now() + graceMs;
  while (isRunning(pid, identity) && Date.now() < deadline) await delay(20);
  if (isRunning(pid, identity)) signalGroup(pid, "SIGKILL");
  await waitUntilGone(pid, identity, 5000);
}

/** Sends to the process group, or to the process alone when it leads none. A process that is gone is no error. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

interface ProcStat {
  readonly state: string;
  readonly startTicks: string;
}

/** proc(5): `pid (comm) state ppid …`, start time is field 22; comm may hold spaces and parentheses. */
function procStat(pid: number): ProcStat | null {
  if (process.platform !== "linux") return null;
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "?", startTicks: fields[19] ?? "?" };
  } catch {
    return null; // the process ended, or ends while we look
  }
}

let cachedBootId: string | undefined;

function bootId(): string {
  cachedBootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return cachedBootId;
}
