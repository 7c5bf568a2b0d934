/**
 * When is a run done? Decided by positions, never by time. The feeds have ended, and then, in this order:
 *
 * 1. Mark: where the end of each source is, after everything its feed has put there; and the number of its records.
 * 2. Sources: each one's persisted position is at its mark or beyond, and it has emitted at least as many events as there are records.
 * 3. Processors: the ends of the raw topics are captured; the group's committed offsets reach them.
 * 4. Loader: the ends of the clean topics are captured; the offsets stored in the warehouse reach them.
 *
 * Each end is captured after the stage before it has caught up, so nothing can follow it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { CRICKET_GROUP, CRICKET_TOPICS } from "../../../domain/cricket/topics.ts";
import { RetryableError } from "../../../domain/errors.ts";
import { type VerdictCounts, VERDICTS, zeroCounts } from "../../../domain/review/verdict.ts";
import type { CommittedOffset, Log, LogReader, TopicPartition } from "../../../kafka/log.ts";
import { decodeOffsetMetadata } from "../../../processor/offset-metadata.ts";
import { type PositionCodec, readStoredPosition } from "../../../sources/kit/index.ts";
import { partitionsOf } from "../../read-topic.ts";
import type { SourceId } from "../sources.ts";
import type { Mark, PositionFields } from "./mark.ts";

export interface CaughtUpOptions {
  readonly log: Log;
  /** The sources that were played, and how each one's end is found. */
  readonly sources: readonly { readonly id: SourceId; readonly mark: () => Promise<Mark> }[];
  /** Topics that the processors read, and that the loader reads. */
  readonly inputs: readonly string[];
  /** Of each input, the first ones: what was added beyond is not judged. */
  readonly partitions: number;
  readonly clean: readonly string[];
  /** `<topic>/<partition>` → next offset to load, as the loader last reported it. */
  readonly loaded: () => Readonly<Record<string, number>>;
  readonly signal: AbortSignal;
  readonly onProgress: (doing: string) => void;
}

export interface CaughtUp {
  /** Records at each source, and events it has emitted over all epochs. */
  readonly sources: readonly { readonly id: SourceId; readonly records: number; readonly events: number }[];
  /** Totals as committed with the offsets. */
  readonly verdicts: VerdictCounts;
}

/** Positions live in several servers, none of which can call us: they are asked this often. */
const POLL_MS = 300;
const WATERMARK_MS = 10_000;

/** Resolves when everything that is in the sources now has reached the warehouse. Throws when `signal` aborts. */
export async function waitUntilCaughtUp(options: CaughtUpOptions): Promise<CaughtUp> {
  const { onProgress } = options;
  onProgress("the feeds are done, waiting for the sources");
  const sources = await Promise.all(
    options.sources.map(async ({ id, mark }) => {
      const { records, reachedBy } = await retrying(options, mark);
      const events = await until(options, async () => {
        const stored = await readStoredPosition(options.log, CRICKET_TOPICS.positions, id, 0, AS_IT_IS);
        return stored !== null && stored.events >= records && reachedBy(stored.position) ? stored.events : undefined;
      });
      return { id, records, events };
    }),
  );
  onProgress("waiting for the processors");
  const raw = await retrying(options, () => captureEnds(options.log, options.inputs, options.partitions));
  const verdicts = await until(options, () => judged(options.log, raw));
  await waitUntilLoaded(options);
  return { sources, verdicts };
}

/** Step 4 alone. Throws when `signal` aborts. */
export async function waitUntilLoaded(
  options: Pick<CaughtUpOptions, "log" | "clean" | "loaded" | "signal" | "onProgress">,
): Promise<void> {
  options.onProgress("waiting for the loader");
  const clean = await retrying(options, () => captureEnds(options.log, options.clean));
  await until(options, async () => {
    const loaded = options.loaded();
    return clean.every(({ topic, partition, high }) => high === 0 || (loaded[`${topic}/${partition}`] ?? 0) >= high)
      ? true
      : undefined;
  });
}

/** What a position means is for its mark to know. */
const AS_IT_IS: PositionCodec<PositionFields> = { describe: (fields) => fields, parse: (fields) => fields };

interface End extends TopicPartition {
  /** The offset after the last record or marker. */
  readonly high: number;
}

async function captureEnds(log: Log, topics: readonly string[], first?: number): Promise<End[]> {
  return withReader(log, async (reader) => {
    const ends: End[] = [];
    for (const topic of topics) {
      for (const partition of (await partitionsOf(log, topic)).slice(0, first)) {
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
    return isBehind ? undefined : committedTotals(ends, offsets);
  } finally {
    await admin.close();
  }
}

/** The totals of a partition are of all inputs together, and stand with the offset of each of them. */
function committedTotals(
  ends: readonly End[],
  offsets: readonly (CommittedOffset | null | undefined)[],
): VerdictCounts {
  const byPartition = new Map<number, VerdictCounts>();
  ends.forEach(({ partition }, index) => {
    const counts = decodeOffsetMetadata(offsets[index]?.metadata ?? "")?.counts;
    if (counts !== undefined) byPartition.set(partition, counts);
  });
  const sum = zeroCounts();
  for (const counts of byPartition.values()) for (const verdict of VERDICTS) sum[verdict] += counts[verdict];
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
