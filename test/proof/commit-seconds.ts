/** In which seconds a group committed, and in which it could: what "it goes on while things are killed" is measured with. */
import { setTimeout as sleep } from "node:timers/promises";
import { RetryableError } from "../../src/domain/errors.ts";
import { confluentLog } from "../../src/kafka/confluent/index.ts";
import { readTo } from "../../src/kafka/read-to.ts";
import { localStatus } from "../../src/local/index.ts";
import type { Settings } from "../../src/settings.ts";

const OFFSETS_TOPIC = "__consumer_offsets";
const SAMPLE_MS = 100;
const PATIENCE_ATTEMPTS = 60;

/**
 * Seconds (since the Unix epoch) in which the group's offsets were written by a transaction that was committed. Read from Kafka's own
 * topic of offsets, where each commit is a record with the broker's time: nothing is sampled, and nothing is missed while Kafka is away.
 */
export async function committedSeconds(settings: Settings, groupId: string): Promise<ReadonlySet<number>> {
  // A broker that has just started does not lead all partitions yet.
  for (let left = PATIENCE_ATTEMPTS; ; left -= 1) {
    try {
      return await readCommitted(settings, groupId);
    } catch (error) {
      if (!(error instanceof RetryableError) || left === 0) throw error;
      await sleep(1000);
    }
  }
}

async function readCommitted(settings: Settings, groupId: string): Promise<ReadonlySet<number>> {
  const log = confluentLog({ brokers: settings.brokers });
  const admin = log.admin();
  const reader = log.reader({ isolation: "read_committed" });
  const seconds = new Set<number>();
  try {
    const count = (await admin.describeTopics([OFFSETS_TOPIC])).get(OFFSETS_TOPIC)?.partitions;
    if (count === undefined) throw new RetryableError(`Kafka tells nothing of ${OFFSETS_TOPIC}`);
    await reader.open();
    const ranges = await Promise.all(
      Array.from({ length: count }, async (_, partition) => {
        const at = { topic: OFFSETS_TOPIC, partition };
        const { low, high } = await reader.watermarks(at, 10_000);
        return { ...at, offset: low, high };
      }),
    );
    await readTo(
      reader,
      ranges,
      (batch) => {
        for (let index = 0; index < batch.length; index++) {
          if (groupOf(batch.key(index)) === groupId) seconds.add(Math.floor(batch.timestamp(index) / 1_000));
        }
      },
      { now: () => performance.now(), stallMs: 30_000 },
    );
  } finally {
    await Promise.all([reader.close(), admin.close()]);
  }
  return seconds;
}

/** The group of a committed offset; undefined for any other record. Key: i16 version (0 or 1), group, topic, partition. */
function groupOf(key: Buffer | null): string | undefined {
  if (key === null || key.readInt16BE(0) > 1) return undefined;
  return key.toString("utf8", 4, 4 + key.readInt16BE(2));
}

/** Watches a stack, and knows the seconds in which Kafka, a source and a processor were up from beginning to end. */
export class UpSeconds {
  readonly #settings: Settings;
  readonly #samples = new Map<number, boolean>();
  readonly #timer: NodeJS.Timeout;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  seconds(): number[] {
    return [...this.#samples].filter(([, up]) => up).map(([second]) => second);
  }

  #sample(): void {
    const second = Math.floor(Date.now() / 1_000);
    const ready = localStatus(this.#settings)
      .filter(({ state }) => state === "ready")
      .map(({ name }) => name);
    const up =
      ready.includes("kafka") && ["source-", "processor-"].every((kind) => ready.some((name) => name.startsWith(kind)));
    this.#samples.set(second, up && (this.#samples.get(second) ?? true));
  }
}
