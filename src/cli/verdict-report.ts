import { type VerdictCounts, VERDICTS, type Verdict, totalCount, zeroCounts } from "../domain/review/verdict.ts";
import type { VerdictBlock } from "../domain/review/verdict-block.ts";

/** One record that was not accepted. */
export interface JudgedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly verdict: Verdict;
  readonly eventId: string | null;
  readonly firstSeen: { readonly topic: string; readonly partition: number; readonly offset: number } | null;
  readonly reason: string | null;
}

export interface PartitionTotals {
  readonly topic: string;
  readonly partition: number;
  readonly counts: VerdictCounts;
  /** Next input offset that no block covers. */
  readonly toOffset: number;
  readonly blocks: number;
}

export interface VerdictFilter {
  readonly verdicts: readonly Verdict[];
  /** Input offset to begin at; undefined = the newest `limit`. */
  readonly fromOffset: number | undefined;
  /** 0 = all. */
  readonly limit: number;
}

/** Collects what `third-umpire verdicts` prints, block by block. Blocks of one partition come in order. */
export class VerdictReport {
  readonly #filter: VerdictFilter;
  readonly #inputs: readonly string[];
  readonly #totals = new Map<string, PartitionTotals>();
  #records: JudgedRecord[] = [];
  #matching = 0;

  /** `inputs` are the topology's input topics: first-seen positions name them by index. */
  constructor(filter: VerdictFilter, inputs: readonly string[]) {
    this.#filter = filter;
    this.#inputs = inputs;
  }

  add(block: VerdictBlock): void {
    const id = `${block.topic}/${block.partition}`;
    const before = this.#totals.get(id);
    const counts = zeroCounts();
    for (const verdict of VERDICTS) counts[verdict] = (before?.counts[verdict] ?? 0) + block.counts[verdict];
    const { topic, partition, toOffset } = block;
    this.#totals.set(id, { topic, partition, counts, toOffset, blocks: (before?.blocks ?? 0) + 1 });
    for (const entry of block.entries) {
      if (!this.#wants(entry.verdict, entry.offset)) continue;
      this.#matching++;
      this.#keep({
        topic,
        partition,
        offset: entry.offset,
        verdict: entry.verdict,
        eventId: entry.eventId,
        firstSeen:
          entry.firstSeen === null
            ? null
            : { topic: this.#inputs[entry.firstSeen.inputIndex] ?? topic, partition, offset: entry.firstSeen.offset },
        reason: entry.reason,
      });
    }
  }

  /** Records that match the filter, by partition and offset, at most `limit` of them. */
  get records(): readonly JudgedRecord[] {
    const { limit, fromOffset } = this.#filter;
    const kept =
      limit === 0
        ? this.#records
        : fromOffset === undefined
          ? this.#records.slice(-limit)
          : this.#records.slice(0, limit);
    return kept.toSorted((a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition || a.offset - b.offset);
  }

  /** How many match, shown or not. */
  get matching(): number {
    return this.#matching;
  }

  get totals(): readonly PartitionTotals[] {
    return [...this.#totals.values()].toSorted((a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition);
  }

  get inputs(): number {
    return this.totals.reduce((sum, total) => sum + totalCount(total.counts), 0);
  }

  #wants(verdict: Verdict, offset: number): boolean {
    const { verdicts, fromOffset } = this.#filter;
    return (verdicts.length === 0 || verdicts.includes(verdict)) && (fromOffset === undefined || offset >= fromOffset);
  }

  #keep(record: JudgedRecord): void {
    const { limit, fromOffset } = this.#filter;
    if (limit > 0 && fromOffset !== undefined && this.#records.length >= limit) return;
    this.#records.push(record);
    // Only the newest are wanted: drop the rest now and then instead of holding all of a long history.
    if (limit > 0 && this.#records.length > limit * 2 + 1000) this.#records = this.#records.slice(-limit);
  }
}
