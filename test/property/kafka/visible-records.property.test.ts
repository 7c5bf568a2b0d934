import fc from "fast-check";
import { expect, test } from "vitest";
import { VisibleRecords, offsetAfter } from "../../../src/kafka/wire/visible-records.ts";
import { marker, storedBatch } from "../../support/record-batches.ts";

const partition = { topic: "t", partition: 0 };

/** What producers do with one partition, in the order in which it reaches the broker. */
const step = fc.record({
  producer: fc.nat(2),
  action: fc.constantFrom("write", "write", "write", "commit", "abort", "plain"),
  /** Offsets to the next record: more than 1 where compaction has taken some away. */
  gaps: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 }),
  /** Records that compaction took away behind the last one. */
  after: fc.nat(2),
  codec: fc.constantFrom("none" as const, "lz4" as const),
});

interface ModelRecord {
  readonly offset: number;
  readonly outcome: { committed: boolean };
}

interface Transaction {
  readonly outcome: { committed: boolean };
  readonly firstOffset: number;
}

/** The partition's bytes, and a model of them that knows how every transaction ended. */
class Partition {
  readonly batches: { readonly base: number; readonly bytes: Buffer }[] = [];
  readonly records: ModelRecord[] = [];
  readonly aborted: { readonly producerId: number; readonly firstOffset: number; readonly end: number }[] = [];
  readonly #open = new Map<number, Transaction>();
  end = 0;

  write(producerId: number, gaps: readonly number[], after: number, codec: "none" | "lz4"): void {
    const open = this.#open.get(producerId) ?? { outcome: { committed: false }, firstOffset: this.end };
    this.#open.set(producerId, open);
    this.#append(gaps, after, { producerId, transactional: true, codec }, open.outcome);
  }

  plain(gaps: readonly number[], after: number, codec: "none" | "lz4"): void {
    this.#append(gaps, after, { codec }, { committed: true });
  }

  finish(producerId: number, committed: boolean): void {
    const open = this.#open.get(producerId);
    if (open === undefined) return;
    this.#open.delete(producerId);
    open.outcome.committed = committed;
    if (!committed) this.aborted.push({ producerId, firstOffset: open.firstOffset, end: this.end });
    this.batches.push({ base: this.end, bytes: marker(this.end, producerId) });
    this.end++;
  }

  finishAll(): void {
    for (const producerId of [...this.#open.keys()]) this.finish(producerId, producerId % 2 === 0);
  }

  #append(
    gaps: readonly number[],
    after: number,
    options: Parameters<typeof storedBatch>[1],
    outcome: ModelRecord["outcome"],
  ): void {
    const base = this.end;
    const offsets = gaps.map((_, n) => base + gaps.slice(0, n).reduce((sum, gap) => sum + gap, 0));
    for (const offset of offsets) this.records.push({ offset, outcome });
    const lastOffset = offsets.at(-1)! + after;
    const records = offsets.map((offset) => ({ offset, value: Buffer.from(`v${offset}`) }));
    this.batches.push({ base, bytes: storedBatch(records, { ...options, lastOffset }) });
    this.end = lastOffset + 1;
  }
}

test("EO-6: of an answer a reader sees what was committed, from any offset, in pieces of any size", () => {
  let seenAborted = 0;
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 40 }),
      fc.nat(),
      fc.nat(),
      fc.integer({ min: 1, max: 7 }),
      fc.boolean(),
      (steps, start, cut, most, isCommittedOnly) => {
        const log = new Partition();
        for (const { producer, action, gaps, after, codec } of steps) {
          if (action === "write") log.write(producer, gaps, after, codec);
          else if (action === "plain") log.plain(gaps, after, codec);
          else log.finish(producer, action === "commit");
        }
        log.finishAll();
        if (log.end === 0) return;
        // A broker answers from the batch with the offset on, may cut the last batch short, and tells of aborted transactions in that range.
        const from = start % log.end;
        const first = log.batches.findLastIndex(({ base }) => base <= from);
        const whole = log.batches.slice(first);
        const kept = whole.slice(0, 1 + (cut % whole.length));
        const rest = whole[kept.length]?.bytes.subarray(0, cut % 60) ?? Buffer.alloc(0);
        const records = Buffer.concat([...kept.map(({ bytes }) => bytes), rest]);
        const end = log.batches[first + kept.length]?.base ?? log.end;
        const aborted = log.aborted.filter((each) => each.end >= log.batches[first]!.base && each.firstOffset < end);
        if (aborted.length > 0) seenAborted++;

        const visible = new VisibleRecords(partition, from, { records, aborted: isCommittedOnly ? aborted : [] });
        const expected = log.records.filter(
          ({ offset, outcome }) => offset >= from && offset < end && (outcome.committed || !isCommittedOnly),
        );
        const offsets: number[] = [];
        for (let batch = visible.take(most); batch !== null; batch = visible.take(most)) {
          expect(batch.length).toBeLessThanOrEqual(most);
          for (let n = 0; n < batch.length; n++) {
            expect(batch.value(n)?.toString()).toBe(`v${batch.offset(n)}`);
            offsets.push(batch.offset(n));
          }
          // Never past a record that is still to come, never before one that was taken.
          expect(visible.position).toBeGreaterThan(offsets.at(-1)!);
          expect(visible.position).toBeLessThanOrEqual(expected[offsets.length]?.offset ?? end);
        }
        expect(offsets).toEqual(expected.map(({ offset }) => offset));
        expect(visible.position).toBe(end);
        expect(offsetAfter(records)).toBe(end);
      },
    ),
    { numRuns: 2000 },
  );
  expect(seenAborted).toBeGreaterThan(200);
});
