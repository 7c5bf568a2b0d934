import { WriteBatch } from "../../kafka/log.ts";
import {
  ContinuityLostError,
  gapEvent,
  runSource,
  type SourceOptions,
  type SourceSession,
  type StoredPosition,
} from "../kit/index.ts";
import { appendEvent } from "./events.ts";
import { decideStart, gapReason, MEMORY_POSITION, type MemoryPosition } from "./position.ts";
import type { RowStore } from "./store.ts";

export interface MemorySourceOptions extends SourceOptions {
  readonly store: RowStore;
  /** Rows that one Kafka transaction takes at most; no more are held (default 1000). */
  readonly maxEvents?: number;
}

/**
 * Plays the rows of a store into Kafka, exactly once, until `signal` aborts: the smallest source there can be, and the
 * worked example of docs/HOW-TO/add-a-source.md. @throws FatalError with a remedy when only a person can help.
 */
export async function runMemorySource(options: MemorySourceOptions): Promise<void> {
  await runSource<MemoryPosition>(options, {
    codec: MEMORY_POSITION,
    session: (session) => play(options, session),
  });
}

async function play(options: MemorySourceOptions, session: SourceSession<MemoryPosition>): Promise<void> {
  const { store, signal, maxEvents = 1000 } = options;
  const { ownership, status, onStreaming } = session;
  await ownership.acquire(); // fences older instances, and reads the position
  let position = await begin(options, session);
  status.set({ state: "streaming", message: `reading store ${store.id}`, epoch: position.epoch });
  onStreaming();
  while (!signal.aborted) {
    const { epoch, events, position: at } = position;
    const lost = gapReason(at, store);
    if (lost !== null) throw new ContinuityLostError(lost);
    const rows = store.read(at.after, maxEvents);
    const last = rows.at(-1);
    if (last === undefined) {
      await ownership.beat();
      await store.wait(at.after, ownership.beatMs, signal);
      continue;
    }
    const batch = new WriteBatch();
    for (const row of rows) appendEvent(batch, row, at.store, options);
    position = { epoch, events: events + rows.length, position: { ...at, after: last.seq } };
    await ownership.publish(batch, position); // events and position, in one transaction
    status.committed(rows.length, 1, String(last.seq), epoch, Date.now());
    status.set({ lag: { amount: store.head - last.seq, unit: "objects" } });
    await options.at?.("acknowledged");
  }
}

/** The position to read from; in Kafka, with a gap event when continuity cannot be proved (EO-13). */
async function begin(
  { store, sourceId }: MemorySourceOptions,
  { ownership, distrust }: SourceSession<MemoryPosition>,
): Promise<StoredPosition<MemoryPosition>> {
  const stored = ownership.position;
  const { from, gap } = decideStart(stored, store, distrust);
  if (gap === null) {
    // So that there is a position to prove ownership with, however long the store stays empty.
    if (stored === null) await ownership.publish(new WriteBatch(), from);
    return from;
  }
  const action = `reading again from row ${from.position.after + 1}`;
  const what = { from: stored, to: from, reason: gap, action };
  const event = gapEvent({ sourceId, codec: MEMORY_POSITION, nowMs: Date.now(), ...what });
  await ownership.publish(new WriteBatch(), from, event);
  return from;
}
