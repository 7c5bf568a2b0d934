/**
 * When is a run done? Decided by positions, never by time. The feed has ended, and then, in this order:
 *
 * 1. Mark: a transaction of our own in Postgres's log, after every row of the feed; and the number of rows.
 * 2. Source: its persisted position is at the mark or beyond, and it has emitted at least as many events as there are rows.
 * 3. Processors: the ends of the raw topic are captured; the group's committed offsets reach them.
 * 4. Loader: the ends of the clean topics are captured; the offsets stored in the warehouse reach them.
 *
 * Each end is captured after the stage before it has caught up, so nothing can follow it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { CRICKET_GROUP, CRICKET_TOPICS } from "../../domain/cricket/topics.ts";
import { RetryableError } from "../../domain/errors.ts";
import { type VerdictCounts, VERDICTS, zeroCounts } from "../../domain/review/verdict.ts";
import { ODI_TABLES } from "../../feed/index.ts";
import { ODI_SCHEMA } from "../../feed/schema.ts";
import type { CommittedOffset, Log, LogReader, TopicPartition } from "../../kafka/log.ts";
import { classifyPostgresError } from "../../postgres/errors.ts";
import { decodeOffsetMetadata } from "../../processor/offset-metadata.ts";
import { closeSql, openSql } from "../../postgres/sql.ts";
import { parseLsn } from "../../sources/postgres/lsn.ts";
import { readPosition } from "../../sources/postgres/position.ts";
import { partitionsOf } from "../read-topic.ts";

export interface CaughtUpOptions {
  readonly log: Log;
  readonly connection: string;
  readonly sourceId: string;
  /** Topics that the processors read, and that the loader reads. */
  readonly inputs: readonly string[];
  readonly clean: readonly string[];
  /** `<topic>/<partition>` → next offset to load, as the loader last reported it. */
  readonly loaded: () => Readonly<Record<string, number>>;
  readonly signal: AbortSignal;
  readonly onProgress: (doing: string) => void;
}

export interface CaughtUp {
  /** Rows in Postgres, events emitted by the source over all epochs. */
  readonly rows: number;
  readonly events: number;
  /** Totals as committed with the offsets. */
  readonly verdicts: VerdictCounts;
}

/** Positions live in three servers, none of which can call us: they are asked this often. */
const POLL_MS = 300;
const WATERMARK_MS = 10_000;

/** Resolves when everything that is in Postgres now has reached the warehouse. Throws when `signal` aborts. */
export async function waitUntilCaughtUp(options: CaughtUpOptions): Promise<CaughtUp> {
  const { onProgress } = options;
  onProgress("the feed is done, waiting for the source");
  const mark = await retrying(options, () => markLog(options.connection));
  const events = await until(options, async () => {
    const position = await readPosition(options.log, CRICKET_TOPICS.positions, options.sourceId, 0);
    return position !== null && position.lsn >= parseLsn(mark.lsn) && position.events >= mark.rows
      ? position.events
      : undefined;
  });
  onProgress("waiting for the processors");
  const raw = await retrying(options, () => captureEnds(options.log, options.inputs));
  const verdicts = await until(options, () => judged(options.log, raw));
  onProgress("waiting for the loader");
  const clean = await retrying(options, () => captureEnds(options.log, options.clean));
  await until(options, async () => {
    const loaded = options.loaded();
    return clean.every(({ topic, partition, high }) => high === 0 || (loaded[`${topic}/${partition}`] ?? 0) >= high)
      ? true
      : undefined;
  });
  return { rows: mark.rows, events, verdicts };
}

interface End extends TopicPartition {
  /** The offset after the last record or marker. */
  readonly high: number;
}

async function markLog(connection: string): Promise<{ lsn: string; rows: number }> {
  const sql = openSql(connection, { applicationName: "third-umpire play" });
  try {
    const counts = ODI_TABLES.map((table) => `(select count(*) from ${ODI_SCHEMA}.${table})`).join(" + ");
    // A logical message is a transaction in the log that changes no row: nothing follows from it but the position.
    const [row] = await sql.unsafe<{ lsn: string; rows: string }[]>(
      `select pg_logical_emit_message(true, 'third-umpire', 'settle')::text as lsn, (${counts})::text as rows`,
    );
    if (row === undefined) throw new RetryableError("Postgres gave no answer to the mark");
    return { lsn: row.lsn, rows: Number(row.rows) };
  } catch (error) {
    throw classifyPostgresError(error, "marking the end of the feed");
  } finally {
    await closeSql(sql);
  }
}

async function captureEnds(log: Log, topics: readonly string[]): Promise<End[]> {
  return withReader(log, async (reader) => {
    const ends: End[] = [];
    for (const topic of topics) {
      for (const partition of await partitionsOf(log, topic)) {
        const { high } = await reader.watermarks({ topic, partition }, WATERMARK_MS);
        ends.push({ topic, partition, high });
      }
    }
    return ends;
  });
}

/**
 * The totals that were committed with the offsets, once these reach the ends. A committed offset stands after the last
 * record; what follows up to the end may only be transaction markers.
 */
async function judged(log: Log, ends: readonly End[]): Promise<VerdictCounts | undefined> {
  const admin = log.admin();
  try {
    const offsets = await admin.groupOffsets(CRICKET_GROUP, ends);
    const behind = ends.flatMap((end, index) => {
      const offset = offsets[index]?.offset ?? 0;
      return offset < end.high ? [{ ...end, offset }] : [];
    });
    const isBehind = behind.length > 0 && !(await withReader(log, (reader) => holdsNoRecord(reader, behind)));
    return isBehind ? undefined : committedTotals(offsets);
  } finally {
    await admin.close();
  }
}

function committedTotals(offsets: readonly (CommittedOffset | undefined)[]): VerdictCounts {
  const sum = zeroCounts();
  for (const offset of offsets) {
    const counts = offset === undefined ? undefined : decodeOffsetMetadata(offset.metadata)?.counts;
    if (counts !== undefined) for (const verdict of VERDICTS) sum[verdict] += counts[verdict];
  }
  return sum;
}

async function holdsNoRecord(
  reader: LogReader,
  ranges: readonly (End & { readonly offset: number })[],
): Promise<boolean> {
  const bounded = await Promise.all(
    ranges.map(async (range) => ({
      ...range,
      offset: Math.max(range.offset, (await reader.watermarks(range, WATERMARK_MS)).low),
    })),
  );
  const open = bounded.filter((range) => range.offset < range.high);
  reader.assign(open);
  for (let turn = 0; turn < 20; turn++) {
    if (open.every((range) => reader.position(range) >= range.high)) return true;
    const batches = await reader.fetch(1, POLL_MS);
    if (batches.some((batch) => batch.length > 0)) return false;
  }
  return false;
}

async function withReader<T>(log: Log, use: (reader: LogReader) => Promise<T>): Promise<T> {
  const reader = log.reader({ isolation: "read_committed" });
  try {
    await reader.open();
    return await use(reader);
  } finally {
    await reader.close();
  }
}

/** Asks until there is an answer; a server that is gone for the moment has none. */
async function until<T>(options: Pick<CaughtUpOptions, "signal">, ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await retrying(options, ask);
    if (answer !== undefined) return answer;
    await sleep(POLL_MS, undefined, { signal: options.signal });
  }
}

async function retrying<T>(options: Pick<CaughtUpOptions, "signal">, call: () => Promise<T>): Promise<T> {
  for (;;) {
    options.signal.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
      await sleep(POLL_MS * 3, undefined, { signal: options.signal });
    }
  }
}
