import { VerdictBlockBuilder } from "../src/domain/review/verdict-block.ts";
import { partitionFor } from "../src/domain/partition.ts";
import { type Log, WriteBatch } from "../src/kafka/log.ts";
import type { LoaderTopics } from "../src/loader/index.ts";
import type { CleanRecord } from "./loader-records.ts";

export const PARTITIONS = 4;
const RETENTION_MS = 86_400_000;
/** What a processor puts into one transaction when much is waiting. */
const TRANSACTION_RECORDS = 2_000;
/** One record in so many was a repetition, and stands in the verdicts only. */
const DUPLICATES = 50;

export function loaderTopics(prefix: string): LoaderTopics {
  return {
    deliveries: `${prefix}.deliveries`,
    matches: `${prefix}.matches`,
    verdicts: `${prefix}.verdicts`,
    quarantine: `${prefix}.quarantine`,
    gaps: `${prefix}.gaps`,
  };
}

/** Makes the clean topics of a scratch pipeline. */
export async function createLoaderTopics(log: Log, topics: LoaderTopics): Promise<void> {
  const admin = log.admin();
  const spec = { partitions: PARTITIONS, cleanup: "delete", retentionMs: RETENTION_MS } as const;
  await admin.createTopics((Object.values(topics) as string[]).map((name) => ({ name, ...spec })));
  await admin.close();
}

export async function deleteLoaderTopics(log: Log, topics: LoaderTopics): Promise<void> {
  const admin = log.admin();
  await admin.deleteTopics(Object.values(topics) as string[]);
  await admin.close();
}

/** Writes clean records as the processor does: with verdict blocks, in transactions. */
export class CleanWriter {
  readonly #topics: LoaderTopics;
  readonly #producer: ReturnType<Log["producer"]>;
  readonly #judged: number[] = Array.from({ length: PARTITIONS }, () => 0);
  #blocks = new Map<number, VerdictBlockBuilder>();
  #batch = new WriteBatch();
  /** Records of all topics together. */
  records: number = 0;
  deliveries: number = 0;

  constructor(log: Log, topics: LoaderTopics) {
    this.#topics = topics;
    this.#producer = log.producer({ transactionalId: `${topics.deliveries}.fill`, transactionTimeoutMs: 60_000 });
  }

  async open(): Promise<void> {
    await this.#producer.open();
  }

  async write({ kind, matchId, value }: CleanRecord): Promise<void> {
    const key = Buffer.from(matchId);
    const partition = partitionFor(key, PARTITIONS);
    const topic = kind === "match" ? this.#topics.matches : this.#topics.deliveries;
    this.#batch.append(topic, partition, key, Buffer.from(JSON.stringify(value)));
    this.records++;
    if (kind === "delivery") this.deliveries++;
    this.#judge(partition);
    if (this.#batch.length >= TRANSACTION_RECORDS) await this.commit();
  }

  async commit(): Promise<void> {
    for (const [partition, block] of this.#blocks) {
      const key = Buffer.from(`raw/${partition}`);
      this.#batch.append(this.#topics.verdicts, partition, key, Buffer.from(block.encode(1.7e12)));
      this.records++;
    }
    this.#blocks = new Map();
    if (this.#batch.length === 0) return;
    await this.#producer.begin();
    await this.#producer.write(this.#batch);
    await this.#producer.commit();
    this.#batch = new WriteBatch();
  }

  async close(): Promise<void> {
    await this.#producer.close();
  }

  #judge(partition: number): void {
    let offset = this.#judged[partition]!;
    const block = this.#blocks.get(partition) ?? new VerdictBlockBuilder("raw", partition, offset, offset);
    this.#blocks.set(partition, block);
    block.accept(offset++);
    if (offset % DUPLICATES === 0) {
      block.reject(offset, "duplicate", [offset, partition, offset * 3, 7], 0, offset - 1, null);
      offset++;
    }
    this.#judged[partition] = offset;
  }
}
