import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventTable } from "../../../src/domain/review/event-table.ts";
import { EventOverlay } from "../../../src/domain/review/event-overlay.ts";
import { KnownEvents } from "../../../src/domain/review/known-events.ts";
import { SEGMENT_BYTES_MAX } from "../../../src/domain/review/segment-bytes.ts";
import { identityOf, restoresAtEveryCommit, SEGMENT_HEADER_BYTES, SMALL_SEGMENT_BYTES } from "./restores.ts";

describe("EventTable", () => {
  it("finds what a Map finds, through inserts, removals and reuse of entries", () => {
    const operation = fc.record({ insert: fc.boolean(), key: fc.integer({ min: 0, max: 60 }) });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
        const table = new EventTable(3, 3);
        const model = new Map<number, number>();
        for (const [at, { insert, key }] of operations.entries()) {
          const identity = identityOf(key, at);
          const entry = table.find(identity[0]!, identity[1]!);
          expect(entry >= 0).toBe(model.has(key));
          if (insert && entry < 0) {
            const added = table.insert(identity);
            table.setSeen(added, at, at, at % 3 === 0 ? at : Number.NaN);
            model.set(key, at);
          } else if (!insert && entry >= 0) {
            table.remove(entry);
            model.delete(key);
          }
        }
        expect(table.size).toBe(model.size);
        for (const [key, at] of model) {
          const identity = identityOf(key, at);
          const entry = table.find(identity[0]!, identity[1]!);
          expect([table.sameEventId(entry, identity), table.position(entry), table.version(entry)]).toEqual([
            true,
            at,
            at % 3 === 0 ? at : Number.NaN,
          ]);
        }
      }),
    );
  });
});

describe("KnownEvents (EO-4)", () => {
  it.each([
    ["unbounded", null, SEGMENT_BYTES_MAX],
    ["a retention of 50 ms", 50, SEGMENT_BYTES_MAX],
    ["unbounded, in small segments", null, SMALL_SEGMENT_BYTES],
    ["a retention of 50 ms, in small segments", 50, SMALL_SEGMENT_BYTES],
  ])(
    "a restore of its compacted or whole topic equals the state at every commit: %s",
    (_title, retentionMs, bytesMax) => {
      fc.assert(restoresAtEveryCommit(retentionMs, bytesMax), { numRuns: 300 });
    },
  );

  it.each([
    ["an unbounded retention: they are kept, in segments of a bounded size", null],
    ["a retention of 100 commits: older ones are dropped", 10_000],
  ])("bounds what many corrections of few keys leave behind, with %s", (_title, retentionMs) => {
    const state = new KnownEvents(retentionMs, 16_384);
    let largest = 0;
    let mostStored = 0;
    let mostSegments = 0;
    const corrections = 1_500;
    for (let commit = 1; commit <= corrections; commit++) {
      const overlay = new EventOverlay();
      const time = commit * 100;
      for (let key = 1; key <= 4; key++) {
        const entry = overlay.table.insert(identityOf(key, commit * 8 + key));
        overlay.table.setSeen(entry, commit, time, Number.NaN);
        overlay.superseded.add((commit * 8 + key).toString(16).padStart(32, "0"), time);
      }
      const plan = state.plan(overlay, time);
      for (const { value } of plan.messages) largest = Math.max(largest, value?.length ?? 0);
      state.apply(overlay, plan);
      mostStored = Math.max(mostStored, state.storedBytes);
      mostSegments = Math.max(mostSegments, state.segments);
    }
    expect(largest).toBeLessThanOrEqual(16_384 + SEGMENT_HEADER_BYTES);
    if (retentionMs === null) {
      expect(state.superseded.size).toBe(4 * corrections);
      // 24 bytes each, and what the entries of the last commits take.
      expect(mostStored).toBeLessThan(4 * corrections * 32);
    } else {
      expect(mostStored).toBeLessThan(4 * 100 * 32 * 3);
      expect(mostSegments).toBeLessThan(40);
    }
  });

  it("writes a large overlay in several segments: superseded statements and statement words count", () => {
    const state = new KnownEvents(null);
    const overlay = new EventOverlay();
    const words = new Uint32Array(32).fill(7);
    for (let key = 1; key <= 40_000; key++) {
      const entry = overlay.table.insert(Uint32Array.of(1, key, 2, 3, 4, 5));
      overlay.table.setSeen(entry, key, key, Number.NaN);
      overlay.table.setStatement(entry, words);
    }
    for (let id = 1; id <= 200_000; id++) overlay.superseded.add(id.toString(16).padStart(32, "0"), id);
    const plan = state.plan(overlay, 200_000);
    expect(plan.messages.length).toBeGreaterThan(4);
    for (const { value } of plan.messages)
      expect(value!.length).toBeLessThanOrEqual(SEGMENT_BYTES_MAX + SEGMENT_HEADER_BYTES);
    state.apply(overlay, plan);
    const restored = new KnownEvents(null);
    for (const { key, value } of plan.messages) restored.restore(key, value);
    expect([restored.digest, restored.table.size, restored.superseded.size]).toEqual([state.digest, 40_000, 200_000]);
  });

  it("keeps few segments: small ones are merged, so a million small commits do not make a million messages", () => {
    const state = new KnownEvents(null);
    let worst = 0;
    for (let commit = 0; commit < 3_000; commit++) {
      const overlay = new EventOverlay();
      overlay.table.setSeen(overlay.table.insert(identityOf(commit * 7, commit)), commit, commit, Number.NaN);
      state.apply(overlay, state.plan(overlay, commit));
      worst = Math.max(worst, state.segments);
    }
    expect(state.table.size).toBe(3_000);
    expect(worst).toBeLessThan(40);
  });
});
