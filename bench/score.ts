import { readTopic } from "../src/cli/read-topic.ts";
import type { Log } from "../src/kafka/log.ts";
import type { Expectation, WindowCount } from "./expectation.ts";
import type { RunTopics } from "./run-topics.ts";

/** How a run's output differs from what is right; all zero but the first two when it does not. */
export interface Score {
  readonly expected: number;
  readonly read: number;
  readonly lost: number;
  readonly repeated: number;
  /** Behind a record that it came before in the input partition. */
  readonly reordered: number;
  /** Not the bytes of the first occurrence, or in another partition. */
  readonly changed: number;
  /** Windows whose last value is not the recomputed one, missing and superfluous ones included. */
  readonly wrongWindows: number;
}

export function isRight({ lost, repeated, reordered, changed, wrongWindows }: Score): boolean {
  return lost + repeated + reordered + changed + wrongWindows === 0;
}

/** Reads both outputs as read_committed and compares every record. */
export async function scoreRun(log: Log, expectation: Expectation, topics: RunTopics): Promise<Score> {
  const seen = expectation.partitions.map(({ ranks }) => new Uint8Array(ranks.size));
  const last = expectation.partitions.map(() => -1);
  let [read, found, repeated, reordered, changed] = [0, 0, 0, 0, 0];
  await readTopic(log, topics.out, (batch) => {
    const { ranks, checksums } = expectation.partitions[batch.partition]!;
    const marks = seen[batch.partition]!;
    for (let index = 0; index < batch.length; index++) {
      read++;
      const value = batch.value(index)!;
      const { id, match } = JSON.parse(value.toString()) as { id: string; match: string };
      const rank = ranks.get(id);
      if (rank === undefined) {
        changed++;
        continue;
      }
      if (marks[rank] === 1) repeated++;
      else found++;
      marks[rank] = 1;
      if (checksums[rank] !== expectation.checksum(value) || batch.key(index)?.toString() !== match) changed++;
      if (rank < last[batch.partition]!) reordered++;
      last[batch.partition] = Math.max(rank, last[batch.partition]!);
    }
  });
  const wrongWindows = await compareWindows(log, expectation.windows, topics.counts);
  return { expected: expectation.ids, read, lost: expectation.ids - found, repeated, reordered, changed, wrongWindows };
}

async function compareWindows(log: Log, right: Expectation["windows"], topic: string): Promise<number> {
  const latest = new Map<string, WindowCount>();
  await readTopic(log, topic, (batch) => {
    for (let index = 0; index < batch.length; index++) {
      const window = JSON.parse(batch.value(index)!.toString()) as WindowCount;
      latest.set(`${window.match}|${window.window}`, window);
    }
  });
  let wrong = [...latest.keys()].filter((key) => !right.has(key)).length;
  for (const [key, { count, runs }] of right) {
    const found = latest.get(key);
    if (found?.count !== count || found.runs !== runs) wrong++;
  }
  return wrong;
}
