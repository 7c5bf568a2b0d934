import { FatalError } from "../domain/errors.ts";
import { partitionFor } from "../domain/partition.ts";
import {
  type Log,
  type LogReader,
  type RecordBatch,
  type RecordHeaders,
  type TopicPartition,
  type TransactionalProducer,
  WriteBatch,
} from "../kafka/log.ts";
import { type ReadRange, readTo } from "../kafka/read-to.ts";
import { type Clock, systemClock } from "./clock.ts";
import { READ_STALL_MS } from "./judged-order.ts";
import { transactionalIdOf } from "./takeover.ts";
import type { Topology } from "./topology.ts";
import { MAX_RECORD_BYTES } from "../kafka/limits.ts";

/*
 * Surplus partitions: those that an input has beyond the partitions of its topology, because somebody added them. State and
 * outputs have none beside them, so nobody judges what a writer puts there. `resendSurplus` moves it to where it belongs.
 *
 * What has been sent again is marked in the surplus partition itself, in the transaction that sends it: a mark is kept as
 * long as the records that it speaks of, where offsets of a group would expire before them.
 */

/** Header of a record that was sent again: where it came from, as topic/partition/offset. */
const FROM_HEADER = "tu_resent_from";
/** Header of a mark: all records before this offset have been sent again. */
const MARK_HEADER = "tu_resent_to";
const MARK_KEY = Buffer.from("third-umpire.resent");
const WATERMARKS_MS = 10_000;
const TRANSACTION_TIMEOUT_MS = 60_000;
/** Offsets of one transaction. */
const CHUNK = 1_000;
/** A mark that is the last record, and the marker of its transaction. */
const MARK_OFFSETS = 2;

/** The surplus partitions that hold records which have not been sent again, with what they keep. */
async function unsentOf(reader: LogReader, log: Log, topology: Topology, clock: Clock): Promise<ReadRange[]> {
  const admin = log.admin();
  const places: TopicPartition[] = [];
  try {
    for (const { name, partitions } of (await admin.describeTopics(topology.inputs)).values())
      for (let partition = topology.partitions; partition < partitions; partition++)
        places.push({ topic: name, partition });
  } finally {
    await admin.close();
  }
  if (places.length === 0) return [];
  await reader.open();
  const unsent: ReadRange[] = [];
  for (const place of places) {
    const { low, high } = await reader.watermarks(place, WATERMARKS_MS);
    const range = { ...place, offset: low, high };
    if (low < high && !(await isSent(reader, range, clock))) unsent.push(range);
  }
  return unsent;
}

/** Where the last record is a mark, and behind what it speaks of there are only marks. */
async function isSent(reader: LogReader, range: ReadRange, clock: Clock): Promise<boolean> {
  const { offset: low, high } = range;
  const sentTo = await lastMark(reader, { ...range, offset: Math.max(low, high - MARK_OFFSETS) }, clock);
  if (sentTo === undefined) return false;
  let records = 0;
  await read(reader, { ...range, offset: Math.max(low, sentTo) }, clock, (batch, index) => {
    if (markOf(batch.headers(index)) === undefined) records++;
  });
  return records === 0;
}

/** Up to where the marks in a range say that records have been sent again. */
async function lastMark(reader: LogReader, range: ReadRange, clock: Clock): Promise<number | undefined> {
  let sentTo: number | undefined;
  await read(reader, range, clock, (batch, index) => {
    sentTo = markOf(batch.headers(index)) ?? sentTo;
  });
  return sentTo;
}

async function read(
  reader: LogReader,
  range: ReadRange,
  clock: Clock,
  visit: (batch: RecordBatch, index: number) => void,
): Promise<void> {
  const take = (batch: RecordBatch): void => {
    for (let index = 0; index < batch.length; index++) if (batch.offset(index) < range.high) visit(batch, index);
  };
  await readTo(reader, [range], take, { now: () => clock.now(), stallMs: READ_STALL_MS });
}

function markOf(headers: RecordHeaders | undefined): number | undefined {
  const value = headers?.find(([name]) => name === MARK_HEADER)?.[1];
  return value === undefined ? undefined : Number(value.toString());
}

/** Throws FatalError when records wait in surplus partitions, where nobody would judge them. */
export async function refuseSurplus(log: Log, topology: Topology, clock: Clock): Promise<void> {
  const reader = log.reader({ isolation: "read_committed" });
  let unsent: readonly ReadRange[];
  try {
    unsent = await unsentOf(reader, log, topology, clock);
  } finally {
    await reader.close();
  }
  if (unsent.length === 0) return;
  const places = unsent.map(({ topic, partition }) => `${topic}/${partition}`).join(", ");
  throw new FatalError(
    `${places}: records outside the ${topology.partitions} partitions of topology "${topology.name}", where nobody judges them`,
    {
      remedy:
        "let their writers use the first partitions only, and send what is there again, to the partitions of its keys: third-umpire resend",
    },
  );
}

export interface ResendOptions<V = unknown> {
  readonly log: Log;
  readonly topology: Topology<V>;
  readonly groupId: string;
  readonly onProgress: (message: string) => void;
  readonly clock?: Clock;
}

/**
 * Sends the records of surplus partitions again, to the partitions that their keys belong to, where they are judged like any
 * others; records without a key go by the number of their partition. Nothing is deleted. A record and the mark that says
 * so are written in one transaction, so none is sent twice, however often this is run or killed; of two at the same time
 * the older one is fenced. Processors may run. Returns how many were sent.
 */
export async function resendSurplus<V>(options: ResendOptions<V>): Promise<number> {
  const { log, groupId, onProgress, clock = systemClock } = options;
  const topology = options.topology as Topology;
  const reader = log.reader({ isolation: "read_committed" });
  const producer = log.producer({
    transactionalId: transactionalIdOf(groupId, "resend"),
    transactionTimeoutMs: TRANSACTION_TIMEOUT_MS,
    maxMessageBytes: MAX_RECORD_BYTES,
  });
  let sent = 0;
  try {
    // First: what another one has sent is decided before we look.
    await producer.open();
    for (const range of await unsentOf(reader, log, topology, clock)) {
      const sentTo = (await lastMark(reader, range, clock)) ?? range.offset;
      const count = await sendAgain({ ...range, offset: Math.max(range.offset, sentTo) }, reader, producer, {
        topology,
        clock,
      });
      onProgress(`${range.topic}/${range.partition}: ${count} records sent again`);
      sent += count;
    }
  } finally {
    await Promise.all([producer.close(), reader.close()]);
  }
  return sent;
}

async function sendAgain(
  range: ReadRange,
  reader: LogReader,
  producer: TransactionalProducer,
  { topology: { partitions }, clock }: { readonly topology: Topology; readonly clock: Clock },
): Promise<number> {
  const { topic, partition } = range;
  let count = 0;
  for (let from = range.offset; from < range.high; from += CHUNK) {
    const to = Math.min(from + CHUNK, range.high);
    const writes = new WriteBatch();
    await read(reader, { ...range, offset: from, high: to }, clock, (batch, index) => {
      const headers = batch.headers(index) ?? [];
      if (markOf(headers) !== undefined) return;
      const key = batch.key(index);
      const belongs = key === null ? partition % partitions : partitionFor(key, partitions);
      const place = Buffer.from(`${topic}/${partition}/${batch.offset(index)}`);
      writes.append(topic, belongs, key, batch.value(index), [...headers, [FROM_HEADER, place]]);
      count++;
    });
    writes.append(topic, partition, MARK_KEY, null, [[MARK_HEADER, Buffer.from(String(to))]]);
    await producer.begin();
    await producer.write(writes);
    await producer.commit();
  }
  return count;
}
