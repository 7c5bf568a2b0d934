import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "./bench.ts";
import { Program } from "./program.ts";
import { Progress } from "./progress.ts";
import { programArgs, removeTopics, topicsForRun } from "./run-topics.ts";
import { type Score, scoreRun } from "./score.ts";

/** 700,000 of the million ids are known when so much of the input is committed. */
const KILL_AT = 0.7;
/** The broker may still end a commit whose request it had: it is over long before a new process has loaded. */
const SETTLE_MS = 100;
const LOOK_MS = 5;

export interface RecoveryRun {
  readonly knownIds: number;
  /** SIGKILL to the first commit of the process that was started at once with the same arguments. */
  readonly firstCommitMs: number;
  readonly others: number;
  readonly score: Score;
}

export async function measureRecovery(bench: Bench, round: number): Promise<RecoveryRun> {
  const { log, expectation, cluster, options, load } = bench;
  const topics = await topicsForRun(log, bench.input, `${bench.prefix}.recovery.${round}`);
  const args = programArgs(cluster.brokers, topics, options.commitMs, cluster.dir);
  const first = new Program(bench, "engine", args);
  const progress = new Progress(log, topics, expectation);
  try {
    const committed = await progress.until(Math.floor(expectation.records * KILL_AT), first, LOOK_MS);
    const mark = load.mark();
    const killedAt = performance.now();
    await first.kill();
    const second = new Program(bench, "engine", args);
    await sleep(SETTLE_MS);
    await progress.untilBeyond(await progress.offsets(), second, LOOK_MS);
    const firstCommitMs = performance.now() - killedAt;
    const others = load.since(mark);
    await progress.until(expectation.records, second, 20);
    await second.stop();
    const score = await scoreRun(log, expectation, topics);
    await removeTopics(log, topics);
    const knownIds = Math.round((committed / expectation.records) * expectation.ids);
    bench.say(`recovery ${round}: ${firstCommitMs.toFixed(0)} ms with ${knownIds} ids`);
    return { knownIds, firstCommitMs, others, score };
  } finally {
    await progress.close();
  }
}
