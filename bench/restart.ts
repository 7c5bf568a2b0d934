import type { Bench } from "./bench.ts";
import { PlainProducer } from "./plain-producer.ts";
import { Program } from "./program.ts";
import { Progress } from "./progress.ts";
import type { RestoreReport } from "./restore.ts";
import { programArgs, type RunTopics } from "./run-topics.ts";

const LOOK_MS = 5;

export interface RestartRun {
  /** Reading the state alone, in a process that does nothing else. */
  readonly restore: RestoreReport;
  /** Start of the engine's process to its first commit, on finished state, with one new record waiting. */
  readonly firstCommitMs: number;
  readonly others: number;
}

/** On the state of a finished run. Adds a record to the input: nothing that reads the whole input may follow. */
export async function measureRestart(bench: Bench, finished: RunTopics, round: number): Promise<RestartRun> {
  const { log, expectation, cluster, options, load } = bench;
  const mark = load.mark();
  const flags = ["--brokers", cluster.brokers, "--group", finished.group, "--in", finished.input];
  const restore = JSON.parse(await new Program(bench, "restore", flags).output()) as RestoreReport;
  await addRecord(bench, finished.input, round);
  const progress = new Progress(log, finished, expectation);
  try {
    const before = await progress.offsets();
    const program = new Program(bench, "engine", programArgs(cluster.brokers, finished, options.commitMs, cluster.dir));
    await progress.untilBeyond(before, program, LOOK_MS);
    const firstCommitMs = performance.now() - program.startedAt;
    await program.stop();
    bench.say(
      `restore ${round}: ${restore.ms.toFixed(0)} ms for ${restore.ids} ids; start to commit ${firstCommitMs.toFixed(0)} ms`,
    );
    return { restore, firstCommitMs, others: load.since(mark) };
  } finally {
    await progress.close();
  }
}

async function addRecord(bench: Bench, input: string, round: number): Promise<void> {
  const producer = await PlainProducer.open(bench.cluster.brokers, input);
  const match = "match-0";
  const value = Buffer.from(JSON.stringify({ id: `restart-${round}`, match, ts: Date.UTC(2026, 0, 1), runs: 0 }));
  producer.send(new Map([[0, [{ key: Buffer.from(match), value }]]]));
  await producer.flush();
  producer.close();
}
