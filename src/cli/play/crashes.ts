import type { ProcessStatus } from "../../local/index.ts";
import type { CrashSpec, CrashTarget } from "../options.ts";

export interface CrashHost {
  /** Every process that may be hit, whoever runs it. */
  list(): readonly ProcessStatus[];
  kill(process: ProcessStatus): void;
  killed(target: CrashTarget, name: string): void;
}

/**
 * Kills on schedule (`--crash postgres:60s`), with SIGKILL, until the returned function is called. Of several
 * processors, sources or feeds it takes one after the other. What is not ready is left alone: it was hit already.
 */
export function startCrashes(specs: readonly CrashSpec[], host: CrashHost): () => void {
  const turns = new Map<CrashTarget, number>();
  const strike = (target: CrashTarget): void => {
    const candidates = host.list().filter((process) => isTarget(process.name, target) && process.state === "ready");
    const turn = turns.get(target) ?? 0;
    const victim = candidates[turn % Math.max(1, candidates.length)];
    if (victim === undefined) return;
    turns.set(target, turn + 1);
    host.killed(target, victim.name);
    host.kill(victim);
  };
  const timers = specs.map(({ target, everyMs }) => setInterval(() => strike(target), everyMs));
  return () => timers.forEach((timer) => clearInterval(timer));
}

/** Targets that are not the name of one process. */
const SEVERAL: Readonly<Partial<Record<CrashTarget, RegExp>>> = {
  mongo: /^mongodb$/u,
  source: /^source-/u,
  processor: /^processor-\d+$/u,
  feed: /^feed-/u,
};

function isTarget(name: string, target: CrashTarget): boolean {
  return SEVERAL[target]?.test(name) ?? name === target;
}
