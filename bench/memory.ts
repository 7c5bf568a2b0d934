/**
 * What a known id costs in memory: grows the known events of four partitions commit by commit, as the engine does, and
 * prints what the process holds at the given counts: node --expose-gc dist/bench/memory.js [ids] [ids]
 */
import { IdentityHasher, IDENTITY_WORDS } from "../src/domain/review/identity.ts";
import { EventOverlay } from "../src/domain/review/event-overlay.ts";
import { KnownEvents } from "../src/domain/review/known-events.ts";

const PARTITIONS = 4;
const IDS_PER_COMMIT = 1_750;

export interface MemorySample {
  readonly ids: number;
  /** Bytes of tables and index, as the processor's status reports them. */
  readonly stateBytes: number;
  /** Bytes of all array buffers of the process, with overlays and segment lists. */
  readonly arrayBuffers: number;
  readonly heapUsed: number;
  readonly rss: number;
}

const counts = process.argv.slice(2).map(Number);
const hasher = await IdentityHasher.create();
const identity = new Uint32Array(IDENTITY_WORDS);
const partitions = Array.from({ length: PARTITIONS }, () => ({
  known: new KnownEvents(null),
  overlay: new EventOverlay(),
}));

let ids = 0;
function commitOne({ known, overlay }: (typeof partitions)[number]): void {
  for (let index = 0; index < IDS_PER_COMMIT; index++) {
    const id = `ball-${ids++}`;
    hasher.identify(id, id, identity);
    overlay.table.setSeen(overlay.table.insert(identity), ids, Date.UTC(2026, 0, 1) + ids, Number.NaN);
  }
  known.apply(overlay, known.plan(overlay, ids));
  overlay.clear();
}

const samples: MemorySample[] = [];
for (const count of counts) {
  for (let turn = 0; ids < count; turn++) commitOne(partitions[turn % PARTITIONS]!);
  globalThis.gc?.();
  const { arrayBuffers, heapUsed, rss } = process.memoryUsage();
  const stateBytes = partitions.reduce((sum, { known }) => sum + known.table.bytes, 0);
  samples.push({ ids, stateBytes, arrayBuffers, heapUsed, rss });
}
console.log(JSON.stringify(samples));
