import { FatalError } from "../domain/errors.ts";
import { readTo } from "../kafka/read-to.ts";
import type { IsolationLevel, Log, LogReader, RecordBatch, TopicPartition } from "../kafka/log.ts";

const FETCH_RECORDS = 5000;
const FETCH_MS = 250;
const WATERMARK_MS = 10_000;
/** Longer than a transaction may stay open (EO-8): then it is not a slow writer, something is wrong. */
const STALL_MS = 30_000;

export interface ReadOptions {
  readonly isolation?: IsolationLevel;
  /** Default: all partitions of the topic. */
  readonly partitions?: readonly number[];
  readonly signal?: AbortSignal;
}

/** The partitions of a topic. @throws FatalError when it does not exist. */
export async function partitionsOf(log: Log, topic: string): Promise<number[]> {
  const admin = log.admin();
  try {
    const spec = (await admin.describeTopics([topic])).get(topic);
    if (spec === undefined) {
      throw new FatalError(`topic ${topic} does not exist`, {
        remedy: "nothing has been processed yet: `third-umpire run` does it all",
      });
    }
    return Array.from({ length: spec.partitions }, (_, partition) => partition);
  } finally {
    await admin.close();
  }
}

/**
 * Reads a topic from its first kept record to where it ends now, and hands over each batch.
 * Committed records only, unless said otherwise.
 * @throws FatalError when an open transaction holds the end of it for 30 s.
 */
export async function readTopic(
  log: Log,
  topic: string,
  visit: (batch: RecordBatch) => void,
  options: ReadOptions = {},
): Promise<void> {
  const partitions = options.partitions ?? (await partitionsOf(log, topic));
  const reader = log.reader({ isolation: options.isolation ?? "read_committed" });
  try {
    await reader.open();
    await readToEnd(
      reader,
      partitions.map((partition) => ({ topic, partition })),
      visit,
      options.signal,
    );
  } finally {
    await reader.close();
  }
}

async function readToEnd(
  reader: LogReader,
  partitions: readonly TopicPartition[],
  visit: (batch: RecordBatch) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const ranges = await Promise.all(
    partitions.map(async (at) => {
      const { low, high } = await reader.watermarks(at, WATERMARK_MS);
      return { ...at, offset: low, high };
    }),
  );
  await readTo(reader, ranges, visit, {
    now: () => performance.now(),
    stallMs: STALL_MS,
    signal,
    maxRecords: FETCH_RECORDS,
    stalled: (where) =>
      new FatalError(`${where}: a transaction is open and does not end`, {
        remedy: "start the process that began it again: it ends what it left open",
      }),
  });
  signal?.throwIfAborted();
}

export interface FoundRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: number;
}

/** Beyond this many records it is quicker to jump than to read on. */
const READ_ON_RECORDS = 2000;

/**
 * Reads single records at given positions. Those that retention has removed are missing in the answer.
 * Keys of the answer: `topic/partition/offset`.
 */
export async function lookUp(
  log: Log,
  positions: readonly (TopicPartition & { readonly offset: number })[],
): Promise<Map<string, FoundRecord>> {
  const found = new Map<string, FoundRecord>();
  if (positions.length === 0) return found;
  const reader = log.reader({ isolation: "read_committed" });
  try {
    await reader.open();
    const sorted = positions.toSorted(
      (a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition || a.offset - b.offset,
    );
    let at: TopicPartition | undefined;
    let bounds = { low: 0, high: 0 };
    for (const wanted of sorted) {
      if (found.has(positionId(wanted))) continue;
      const samePartition = at?.topic === wanted.topic && at.partition === wanted.partition;
      if (!samePartition) bounds = await reader.watermarks(wanted, WATERMARK_MS);
      if (wanted.offset < bounds.low || wanted.offset >= bounds.high) continue;
      const ahead = samePartition ? wanted.offset - reader.position(wanted) : -1;
      if (ahead < 0 || ahead > READ_ON_RECORDS) reader.assign([wanted]);
      at = wanted;
      await readPast(reader, wanted, found);
    }
    return found;
  } finally {
    await reader.close();
  }
}

async function readPast(
  reader: LogReader,
  wanted: TopicPartition & { readonly offset: number },
  found: Map<string, FoundRecord>,
): Promise<void> {
  const deadline = performance.now() + STALL_MS;
  while (reader.position(wanted) <= wanted.offset && performance.now() < deadline) {
    for (const batch of await reader.fetch(FETCH_RECORDS, FETCH_MS)) {
      for (let index = 0; index < batch.length; index++) {
        const id = positionId({ topic: batch.topic, partition: batch.partition, offset: batch.offset(index) });
        found.set(id, { key: batch.key(index), value: batch.value(index), timestamp: batch.timestamp(index) });
      }
    }
  }
}

/** `topic/partition/offset`: how a record is named on the command line. */
export function positionId(at: TopicPartition & { readonly offset: number }): string {
  return `${at.topic}/${at.partition}/${at.offset}`;
}
