import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventTable } from "../../../src/domain/review/event-table.ts";
import { EventOverlay, KnownEvents } from "../../../src/domain/review/known-events.ts";

const identityOf = (key: number, content: number): Uint32Array =>
  // Low bits collide on purpose: the table must tell such keys apart.
  Uint32Array.of(key, key % 7, content, content + 1, content + 2, content + 3);

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

/** One commit: events by key, with event times that may go back. */
const commitOf = fc.record({
  events: fc.array(
    fc.record({
      key: fc.integer({ min: 0, max: 40 }),
      content: fc.integer({ min: 0, max: 5 }),
      timeBack: fc.integer({ min: 0, max: 30 }),
      version: fc.option(fc.integer({ min: 0, max: 9 }), { nil: Number.NaN }),
      words: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
    }),
    { maxLength: 12 },
  ),
  supersede: fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 2 }),
});

/** Every third with statement words, of different lengths. */
const supersededText = (id: number): string =>
  id
    .toString(16)
    .padStart(8, "0")
    .repeat(4 + (id % 3 === 0 ? 1 + (id % 2) : 0));

describe("KnownEvents (EO-4)", () => {
  it.each([
    ["unbounded", null],
    ["a retention of 50 ms", 50],
  ])("a restore of its compacted or whole topic equals the state at every commit: %s", (_title, retentionMs) => {
    fc.assert(
      fc.property(fc.array(commitOf, { minLength: 1, maxLength: 60 }), fc.boolean(), (commits, compacted) => {
        const state = new KnownEvents(retentionMs);
        let topic: { key: string; value: Uint8Array | null }[] = [];
        let streamTime = 0;
        commits.forEach(({ events, supersede }, at) => {
          const overlay = new EventOverlay();
          streamTime = Math.max(streamTime, at * 10);
          for (const { key, content, timeBack, version, words } of events) {
            const identity = identityOf(key, content);
            let entry = overlay.table.find(identity[0]!, identity[1]!);
            if (entry < 0) entry = overlay.table.insert(identity);
            else overlay.table.setEventId(entry, identity);
            overlay.table.setSeen(entry, at * 100 + key, streamTime - timeBack, version);
            overlay.table.setStatement(entry, Uint32Array.from(words));
          }
          for (const id of supersede) overlay.superseded.add(supersededText(id), streamTime);
          const plan = state.plan(overlay, streamTime);
          topic.push(...plan.messages);
          state.apply(overlay, plan);
          expect(state.digest).toBe(plan.digest);
          if (compacted) topic = compact(topic);
          const restored = new KnownEvents(retentionMs);
          for (const { key, value } of topic) restored.restore(key, value);
          expect(restored.digest).toBe(state.digest);
          expect(restored.table.size).toBe(state.table.size);
          expect(statementsByKey(restored)).toEqual(statementsByKey(state));
          expect(restored.superseded.size).toBe(state.superseded.size);
          for (let id = 0; id <= 20; id++)
            expect(restored.superseded.at(supersededText(id))).toBe(state.superseded.at(supersededText(id)));
          expect(restored.segments).toBe(state.segments);
        });
      }),
      { numRuns: 300 },
    );
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

/** Statement words of every live entry by its key. */
function statementsByKey({ table }: KnownEvents): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (let key = 0; key <= 40; key++) {
    const entry = table.find(key, key % 7);
    if (entry >= 0) found.set(key, [...table.statement(entry)]);
  }
  return found;
}

function compact(
  topic: readonly { key: string; value: Uint8Array | null }[],
): { key: string; value: Uint8Array | null }[] {
  const last = new Map(topic.map(({ key }, index) => [key, index]));
  return topic.filter(({ key }, index) => last.get(key) === index);
}
