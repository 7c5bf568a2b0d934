/**
 * The scale set: some 5,300 matches and 3 million deliveries through three sources at full speed, with every process's
 * memory watched, and then the audit. One very long run: `just prove-scale`.
 */
import { readFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import type { PlaySummary } from "../../src/cli/play/play.ts";
import { runDir } from "../../src/local/paths.ts";
import { readRunFiles } from "../../src/local/run-files.ts";
import { type CliStack, cliStack } from "../support/cli.ts";
import { filesIn, scaleSets } from "./sets.ts";

const RUN_MS = 5_400_000;
const SAMPLE_MS = 1000;
const PROCESS_MB_MAX = 400;
/** Servers have settings of their own for how much they take. */
const SERVERS: ReadonlySet<string> = new Set(["kafka", "postgres", "mongodb"]);

let stack: CliStack | undefined;
afterEach(async () => stack?.remove());

test(
  "the scale set goes through with every process of ours under 400 MB, and the audit proves it",
  { timeout: RUN_MS },
  async () => {
    const dirs = scaleSets();
    stack = await cliStack({ TU_KAFKA_HEAP_MB: "768" });
    const memory = watchMemory(stack);
    const result = await stack.run(
      [
        "play",
        "--odi",
        dirs.odi,
        "--t20i",
        dirs.t20i,
        "--test",
        dirs.test,
        "--interval",
        "0",
        // Every known event is in the memory of a processor, some 60 bytes each: two halves of three million.
        "--processors",
        "2",
        "--exit-when-done",
        "--json",
      ],
      RUN_MS,
    );
    memory.stop();
    expect(result.code, result.stderr.slice(-2000)).toBe(0);
    const summary = JSON.parse(result.stdout) as PlaySummary;
    console.log(
      `${filesIn(dirs.odi) / 2} + ${filesIn(dirs.t20i)} + ${filesIn(dirs.test)} matches, ${JSON.stringify(summary.sources)} in ${summary.seconds} s; ` +
        `verdicts ${JSON.stringify(summary.verdicts)}; largest resident set in MB: ${JSON.stringify(Object.fromEntries(memory.largest))}`,
    );
    expect(summary.audit).toMatchObject({ proved: true, unexplained: 0, unchecked: [], differences: [] });
    expect(summary.verdicts.poison).toBe(0);
    const ours = [...memory.largest].filter(([name]) => !SERVERS.has(name));
    expect(ours.map(([name]) => name)).toEqual(
      expect.arrayContaining(["source-odi", "source-t20i", "source-test", "processor-1", "loader"]),
    );
    expect(ours.filter(([, mb]) => mb >= PROCESS_MB_MAX)).toEqual([]);
  },
);

/** Samples the resident set of every supervised process; keeps the largest, in MB. */
function watchMemory({ settings }: CliStack): { readonly largest: Map<string, number>; stop(): void } {
  const largest = new Map<string, number>();
  const sample = (): void => {
    for (const { name, pid } of readRunFiles(runDir(settings))) {
      const mb = pid === null ? null : residentMb(pid);
      if (mb !== null && mb > (largest.get(name) ?? 0)) largest.set(name, mb);
    }
  };
  const timer = setInterval(sample, SAMPLE_MS);
  return { largest, stop: () => clearInterval(timer) };
}

/** null when the process is gone. */
function residentMb(pid: number): number | null {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
  const kb = /^VmRSS:\s+(\d+) kB$/mu.exec(status)?.[1];
  return kb === undefined ? null : Math.round(Number(kb) / 1024);
}
