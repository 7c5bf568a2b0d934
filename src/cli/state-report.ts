import type { PartitionState } from "../processor/inspect.ts";
import { bytes, count, table } from "./output.ts";

/** The version of a digest and the known events' part of it; those of the stores follow. */
const DIGEST_START = /^[^.]*/u;

/** Lays the state out for people. */
export function stateLines(states: readonly PartitionState[]): string[] {
  const right = true;
  const lines = table<PartitionState>(
    [
      { title: "PARTITION", right, value: (state) => String(state.partition) },
      { title: "KNOWN EVENTS", right, value: (state) => count(state.entries) },
      { title: "SUPERSEDED", right, value: (state) => count(state.superseded) },
      { title: "SEGMENTS", right, value: (state) => count(state.segments) },
      { title: "IN KAFKA", right, value: (state) => bytes(state.storedBytes) },
      { title: "IN MEMORY", right, value: (state) => bytes(state.bytes) },
      { title: "OLDEST", value: (state) => instant(state.oldest) },
      { title: "NEWEST", value: (state) => instant(state.newest) },
      { title: "COMMITTED TO", right, value: committedTo },
      { title: "DIGEST", value: (state) => DIGEST_START.exec(state.digest)?.[0] ?? state.digest },
      { title: "", value: soundness },
    ],
    states,
  );
  return [...lines, ...storeLines(states), "", ...summary(states)];
}

function storeLines(states: readonly PartitionState[]): string[] {
  return states.flatMap((state) =>
    state.stores.map((store) => `partition ${state.partition}, store ${store.name}: ${count(store.keys)} keys`),
  );
}

function summary(states: readonly PartitionState[]): string[] {
  const entries = states.reduce((sum, state) => sum + state.entries, 0);
  const size = states.reduce((sum, state) => sum + state.bytes, 0);
  const unsound = states.filter((state) => state.sound === false).map((state) => state.partition);
  const superseded = states.reduce((sum, state) => sum + state.superseded, 0);
  const stored = states.reduce((sum, state) => sum + state.storedBytes, 0);
  const verdict =
    unsound.length === 0 ? [] : [`The state of partition ${unsound.join(", ")} is not the one that was committed.`];
  const what = `${count(entries)} known events and ${count(superseded)} superseded statements`;
  return [`${what}: ${bytes(size)} in memory, ${bytes(stored)} in Kafka.`, ...verdict];
}

function committedTo(state: PartitionState): string {
  const offsets = state.committed.map((offset) => (offset === null ? "-" : String(offset.offset)));
  return offsets.length === 0 ? "-" : offsets.join(" / ");
}

function soundness(state: PartitionState): string {
  if (state.sound === null) return state.metadata === null ? "never committed" : "being written";
  return state.sound ? "as committed" : "DIFFERS from the commit";
}

function instant(ms: number | null): string {
  return ms === null ? "-" : new Date(ms).toISOString().slice(0, 19).replace("T", " ");
}
