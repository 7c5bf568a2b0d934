import { setImmediate } from "node:timers/promises";
import type { LogReader, RecordBatch } from "../kafka/log.ts";
import type { PlannedDeliveries } from "./planned-deliveries.ts";
import { addToPlan, emptyPlan, type LoaderTopics, type LoadPlan, type Progress } from "./plan.ts";

/** How long a fetch waits for a first record: the time a stop may take, and the pace of what is done beside. */
const FETCH_MS = 200;
/** A fetch with this many records is a sign that more are waiting, and worth gathering for this long at most. */
const GATHER_WORTH_RECORDS = 32;
const GATHER_MS = 250;
/** Read between two turns of a transaction under way: its next statement must not wait long, or the two go one after the other. */
const SLICE_RECORDS = 200;
/** While a transaction is under way: how long its end may go unnoticed. */
const BUSY_FETCH_MS = 5;

/**
 * What the next transaction writes: one ball alone when the game is live, thousands together when there is much to catch
 * up with, since a transaction costs some milliseconds whatever its size. Records are read as they arrive, so that a
 * transaction under way gets its turns in between; while it lasts (`busy`), gathering costs nobody time. Large records end
 * it early: the reader then keeps what it has queued, and asks for no more.
 */
export async function gather(
  reader: LogReader,
  progress: Progress,
  options: {
    readonly topics: LoaderTopics;
    readonly maxRecords: number;
    /** Bytes of values after which nothing more is fetched: what one fetch brings comes on top. */
    readonly maxBytes: number;
    readonly busy: () => boolean;
    readonly deliveries: PlannedDeliveries;
  },
): Promise<LoadPlan> {
  const { topics, maxRecords, maxBytes, busy, deliveries } = options;
  const plan = emptyPlan(deliveries);
  const add = async (batches: readonly RecordBatch[]): Promise<number> => {
    for (const batch of batches) {
      for (let from = 0; from < batch.length; from += SLICE_RECORDS) {
        addToPlan(plan, batch, progress, topics, { from, to: Math.min(from + SLICE_RECORDS, batch.length) });
        if (busy()) await setImmediate();
      }
    }
    return batches.reduce((sum, batch) => sum + batch.length, 0);
  };
  const startedAt = performance.now();
  let latest = await add(await reader.fetch(maxRecords, FETCH_MS));
  let total = latest;
  while (total >= GATHER_WORTH_RECORDS && total < maxRecords && plan.bytes < maxBytes) {
    const waiting = busy();
    if (!waiting && (latest < GATHER_WORTH_RECORDS || performance.now() - startedAt >= GATHER_MS)) break;
    latest = await add(await reader.fetch(maxRecords - total, waiting ? BUSY_FETCH_MS : 1));
    total += latest;
  }
  return plan;
}
