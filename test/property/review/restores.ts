import assert from "node:assert/strict";
import fc from "fast-check";
import { EventOverlay } from "../../../src/domain/review/event-overlay.ts";
import { KnownEvents } from "../../../src/domain/review/known-events.ts";

export const identityOf = (key: number, content: number): Uint32Array =>
  // Low bits collide on purpose: the table must tell such keys apart.
  Uint32Array.of(key, key % 7, content, content + 1, content + 2, content + 3);

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
  supersede: fc.array(fc.record({ id: fc.integer({ min: 0, max: 20 }), timeBack: fc.integer({ min: 0, max: 60 }) }), {
    maxLength: 2,
  }),
});

export const SMALL_SEGMENT_BYTES = 600;
export const SEGMENT_HEADER_BYTES = 48;

/** Every third with statement words, of different lengths. */
const supersededText = (id: number): string =>
  id
    .toString(16)
    .padStart(8, "0")
    .repeat(4 + (id % 3 === 0 ? 1 + (id % 2) : 0));

/** At every commit a restore of the topic, compacted or whole, is the state; nothing is forgotten before its time. */
export function restoresAtEveryCommit(retentionMs: number | null, bytesMax: number): fc.IProperty<unknown> {
  return fc.property(fc.array(commitOf, { minLength: 1, maxLength: 60 }), fc.boolean(), (commits, compacted) => {
    const state = new KnownEvents(retentionMs, bytesMax);
    const horizon = (): number => streamTime - (retentionMs ?? Infinity);
    /** From when on each statement is remembered. */
    const superseded = new Map<number, number>();
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
      for (const { id, timeBack } of supersede) {
        const from = streamTime - timeBack;
        overlay.superseded.add(supersededText(id), from);
        superseded.set(id, Math.max(from, superseded.get(id) ?? -Infinity));
      }
      const plan = state.plan(overlay, streamTime);
      for (const { value } of plan.messages)
        assert.ok((value?.length ?? 0) <= bytesMax + SEGMENT_HEADER_BYTES, "a message is too large");
      for (const [, at] of plan.merges.flatMap((merge) => merge.superseded))
        assert.ok(at >= horizon(), "a merge keeps what is forgotten");
      topic.push(...plan.messages);
      state.apply(overlay, plan);
      assert.equal(state.digest, plan.digest);
      if (compacted) topic = compact(topic);
      const restored = new KnownEvents(retentionMs, bytesMax);
      for (const { key, value } of topic) restored.restore(key, value);
      assert.equal(restored.digest, state.digest);
      assert.equal(restored.table.size, state.table.size);
      assert.deepEqual(statementsByKey(restored), statementsByKey(state));
      assert.equal(restored.superseded.size, state.superseded.size);
      for (let id = 0; id <= 20; id++) {
        const at = state.superseded.at(supersededText(id));
        assert.equal(restored.superseded.at(supersededText(id)), at);
        // A merge may leave out what is beyond the retention, and nothing else.
        const last = superseded.get(id);
        if (at !== last) assert.ok(last! < horizon(), `statement ${id} is forgotten`);
      }
      assert.equal(restored.segments, state.segments);
      assert.equal(restored.storedBytes, state.storedBytes);
      assert.equal(restored.legacyDigest, state.legacyDigest);
      // What is live is counted the same by both, or they would merge other segments from now on.
      assert.deepEqual(
        restored.plan(new EventOverlay(), streamTime).messages,
        state.plan(new EventOverlay(), streamTime).messages,
      );
    });
  });
}

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
