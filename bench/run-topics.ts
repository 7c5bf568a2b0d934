import type { Log } from "../src/kafka/log.ts";

/** Kafka names of one run of one program. */
export interface RunTopics {
  readonly group: string;
  readonly input: string;
  readonly out: string;
  readonly counts: string;
}

export const PARTITIONS = 4;
const RETENTION_MS = 86_400_000;

/** Makes topics for input and outputs as the programs expect them. */
export async function createTopics(log: Log, names: readonly string[]): Promise<void> {
  const admin = log.admin();
  try {
    await admin.createTopics(
      names.map((name) => ({ name, partitions: PARTITIONS, cleanup: "delete" as const, retentionMs: RETENTION_MS })),
    );
  } finally {
    await admin.close();
  }
}

/** Outputs for a fresh consumer group on a given input. */
export async function topicsForRun(log: Log, input: string, group: string): Promise<RunTopics> {
  const topics = { group, input, out: `${group}.out`, counts: `${group}.counts` };
  await createTopics(log, [topics.out, topics.counts]);
  return topics;
}

/** Removes what a run left, its state included: the disk is needed for the next one. */
export async function removeTopics(log: Log, { group, out, counts }: RunTopics): Promise<void> {
  const internal = ["verdicts", "quarantine", "dedupe", "state.windows", "state"].map((name) => `${group}.${name}`);
  const admin = log.admin();
  try {
    await admin.deleteTopics([out, counts, ...internal]);
  } finally {
    await admin.close();
  }
}

/** The command line that engine and bare loop share. */
export function programArgs(brokers: string, topics: RunTopics, commitMs: number, dir: string): string[] {
  return [
    ...["--brokers", brokers, "--in", topics.input, "--out", topics.out, "--counts", topics.counts],
    ...["--group", topics.group, "--commit-ms", String(commitMs), "--state-dir", `${dir}/${topics.group}`],
    ...["--instance", "bench"],
  ];
}
