import type { LoadMark } from "./machine.ts";
import type { Bench } from "./bench.ts";
import { Program } from "./program.ts";
import { Progress } from "./progress.ts";
import { programArgs, removeTopics, type RunTopics, topicsForRun } from "./run-topics.ts";
import { type Score, scoreRun } from "./score.ts";

const LOOK_MS = 20;

export type Contender = "engine" | "bare-loop";

/** One program through the whole input, from an empty group. */
export interface ThroughputRun {
  readonly program: Contender;
  /** From the first commit to the last: input records for each second of CPU, user and system, all threads. */
  readonly perCoreSecond: number;
  /** From the start of the process, with loading, compiling, joining and start-up checks. */
  readonly perCoreSecondWithStart: number;
  /** Wall clock, from the first commit to the last. */
  readonly perSecond: number;
  readonly firstCommitMs: number;
  /** Bytes. */
  readonly peakRss: number;
  /** Cores that other processes used meanwhile. */
  readonly others: number;
  readonly score: Score;
}

export interface ThroughputResult {
  readonly runs: readonly ThroughputRun[];
  /** Engine by bare loop of the same round, records per core-second. */
  readonly ratios: readonly number[];
  /** What the last engine left, for the parts that start from finished state. */
  readonly finished: RunTopics;
}

/** Both programs in turns, so that a machine that drifts treats them alike. */
export async function measureThroughput(bench: Bench): Promise<ThroughputResult> {
  const runs: ThroughputRun[] = [];
  const ratios: number[] = [];
  let finished: RunTopics | undefined;
  for (let round = 1; round <= bench.options.runs; round++) {
    const bare = await runOnce(bench, "bare-loop", round);
    await removeTopics(bench.log, bare.topics);
    const engine = await runOnce(bench, "engine", round);
    if (finished !== undefined) await removeTopics(bench.log, finished);
    finished = engine.topics;
    runs.push(bare.run, engine.run);
    ratios.push(engine.run.perCoreSecond / bare.run.perCoreSecond);
  }
  return { runs, ratios, finished: finished! };
}

/** An engine through the whole input, only for the state it leaves. */
export async function finishOnce(bench: Bench): Promise<RunTopics> {
  return (await runOnce(bench, "engine", 0)).topics;
}

async function runOnce(
  bench: Bench,
  name: Contender,
  round: number,
): Promise<{ run: ThroughputRun; topics: RunTopics }> {
  const { log, expectation, cluster, options, load } = bench;
  const topics = await topicsForRun(log, bench.input, `${bench.prefix}.${name}.${round}`);
  const program = new Program(bench, name, programArgs(cluster.brokers, topics, options.commitMs, cluster.dir));
  const progress = new Progress(log, topics, expectation);
  try {
    const first = instant(await progress.until(1, program, LOOK_MS), program, load.mark());
    const last = instant(await progress.until(expectation.records, program, LOOK_MS), program, load.mark());
    const others = load.since(first.load);
    await program.stop();
    const records = last.records - first.records;
    const run = {
      program: name,
      perCoreSecond: records / (last.cpu - first.cpu),
      perCoreSecondWithStart: last.records / last.cpu,
      perSecond: records / ((last.at - first.at) / 1_000),
      firstCommitMs: first.at - program.startedAt,
      peakRss: program.peakRss(),
      others,
      score: await scoreRun(log, expectation, topics),
    };
    bench.say(
      `${name} ${round}: ${Math.round(run.perCoreSecond)} records per core-second, others used ${others.toFixed(1)} cores`,
    );
    return { run, topics };
  } finally {
    await progress.close();
  }
}

interface Instant {
  readonly records: number;
  readonly at: number;
  readonly cpu: number;
  readonly load: LoadMark;
}

function instant(records: number, program: Program, load: LoadMark): Instant {
  return { records, at: performance.now(), cpu: program.cpuSeconds(), load };
}
