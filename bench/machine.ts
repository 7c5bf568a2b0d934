import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";

/** proc(5) counts in these; 100 a second on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
/** Of util-linux. Where it is missing, nothing is pinned, and the report says so. */
const pinner = "taskset";

/** Which command to put before another so that it stays on its cores; empty where that cannot be done. */
export interface Pinning {
  /** One core, for the program under test alone. */
  readonly program: readonly string[];
  /** The other cores: broker and harness. */
  readonly rest: readonly string[];
}

/** One core for the program under test, the others for everything else, and this process among these. */
export function pinCores(): Pinning {
  const cores = availableParallelism();
  const onCores = (list: string): [command: string, ...args: string[]] => [pinner, "-c", list];
  const [program, rest] = [onCores(String(cores - 1)), onCores(`0-${cores - 2}`)];
  if (cores < 2 || !succeeds([...program, "true"])) return { program: [], rest: [] };
  succeeds([pinner, "-apc", `0-${cores - 2}`, String(process.pid)]);
  return { program, rest };
}

function succeeds([command, ...args]: [command: string, ...args: string[]]): boolean {
  return spawnSync(command, args).status === 0;
}

/** CPU seconds, user and system, of all threads of a process; undefined when it is gone. */
export function cpuSecondsOf(pid: number): number | undefined {
  return cpuSecondsIn(`${pid}/stat`);
}

/** The same of one thread; the main thread of a process has the process's own number. */
export function threadCpuSecondsOf(pid: number, thread: number): number | undefined {
  return cpuSecondsIn(`${pid}/task/${thread}/stat`);
}

function cpuSecondsIn(file: string): number | undefined {
  const text = procFile(file);
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** The most memory that a process has ever had resident, bytes; undefined when it is gone. */
export function peakRssOf(pid: number): number | undefined {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(procFile(`${pid}/status`) ?? "")?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1_024;
}

/** CPU seconds that all cores have been busy since the machine started, what the host took (steal) included. */
function busySeconds(): number {
  const [user, nice, system, , , irq, softirq, steal] = (procFile("stat") ?? "")
    .slice(0, 500)
    .split("\n")[0]!
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user! + nice! + system! + irq! + softirq! + steal!) / TICKS_PER_SECOND;
}

/** One line for the head of a report. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() || "unknown processor";
  return `${cpus().length} cores (${model}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, ${process.platform}`;
}

/** An instant, to be compared with a later one. */
export interface LoadMark {
  readonly at: number;
  readonly busy: number;
  readonly own: number;
}

/**
 * How many cores other processes used: figures of a busy machine mean little, so each goes with it.
 * `own` are the CPU meters of everything that belongs to the benchmark.
 */
export class Load {
  readonly #own: (() => number)[] = [(): number => process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6];

  add(cpuSeconds: () => number): void {
    this.#own.push(cpuSeconds);
  }

  mark(): LoadMark {
    return { at: performance.now(), busy: busySeconds(), own: this.#own.reduce((sum, read) => sum + read(), 0) };
  }

  /** Cores used by others since then, on average. */
  since(mark: LoadMark): number {
    const now = this.mark();
    const others = now.busy - mark.busy - (now.own - mark.own);
    return Math.max(0, others / ((now.at - mark.at) / 1_000));
  }
}

function procFile(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, "utf8");
  } catch {
    return undefined; // the process has ended
  }
}
