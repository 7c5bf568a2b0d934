import {
  VERDICTS,
  type Verdict,
  type VerdictCounts,
  VERDICT_CODE,
  totalCount,
  zeroCounts,
} from "../domain/review/verdict.ts";
import type { VerdictBlock } from "../domain/review/verdict-block.ts";
import { PagedLedger } from "./paged.ts";
import type { Findings } from "./report.ts";

const PRESENT = 1;
const MODEL_SHIFT = 1;
const VERDICT_SHIFT = 4;
const THREE_BITS = 7;
/** The record of the clean stream, or of quarantine, has been seen. */
const FOLLOWED = 128;
/** Its block is of version 1, which does not tell whether a duplicate completes. */
const UNTOLD = 256;
/** No verdict, no model verdict: the codes of verdicts begin at 1 here. */
const NONE = 0;

/** A duplicate that knows more goes another way than others: into the clean stream. Its code is the one that verdicts leave free. */
export type Course = Verdict | "completes";
const COMPLETES = 7;

/** Blocks of one partition, as numbers. */
interface Blocks {
  readonly from: number[];
  readonly to: number[];
  readonly judged: number[];
}

export interface Kept {
  /** First offset the raw topic still keeps. */
  readonly raw: number;
  /** Nothing has been deleted from the topic in this partition. */
  readonly verdicts: boolean;
  readonly clean: boolean;
  readonly quarantine: boolean;
}

export const ALL_KEPT: Kept = { raw: 0, verdicts: true, clean: true, quarantine: true };

/** One partition of the raw topic: each record, its verdict, the model's, and whether what must follow has followed. */
export class RawLedger {
  /** `topic/partition` of the raw topic. */
  readonly name: string;
  readonly #offsets = new PagedLedger();
  readonly #blocks: Blocks = { from: [], to: [], judged: [] };
  readonly counts: VerdictCounts = zeroCounts();
  /** Duplicates that complete what was known. */
  completing = 0;
  kept: Kept = ALL_KEPT;
  records = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Where the blocks end. */
  get judgedTo(): number {
    return this.#blocks.to.at(-1) ?? 0;
  }

  /** `id`: 64 bits of the event id, or of the bytes of a record that cannot be read. `model` null: history is incomplete. */
  record(offset: number, model: Course | null, high: number, low: number): void {
    const flags = this.#offsets.flags(offset);
    if ((flags & PRESENT) === 0) this.records++;
    const code = model === null ? NONE : codeOf(model);
    this.#offsets.setFlags(offset, flags | PRESENT | (code << MODEL_SHIFT));
    this.#offsets.setWords(offset, high, low);
  }

  block(block: VerdictBlock, findings: Findings): void {
    const { fromOffset, toOffset, counts } = block;
    const { from, to, judged } = this.#blocks;
    this.#chain(block, findings);
    if (fromOffset < this.judgedTo) {
      findings.add(
        "judged",
        `${this.name}: the verdict blocks overlap at offsets ${fromOffset} to ${Math.min(this.judgedTo, toOffset)}`,
      );
    }
    from.push(fromOffset);
    to.push(toOffset);
    judged.push(totalCount(counts));
    for (const verdict of VERDICTS) this.counts[verdict] += counts[verdict];
    this.completing += block.completing ?? 0;
    // What has no entry was accepted: said of every offset first, taken back where there is an entry.
    for (let offset = fromOffset; offset < toOffset; offset++) this.#judge(offset, "accepted");
    let listed = 0;
    let completing = 0;
    for (const entry of block.entries) {
      this.#judge(entry.offset, entry.completes ? "completes" : entry.verdict, block.completing === null);
      if (entry.completes) completing++;
      if (entry.offset < fromOffset || entry.offset >= toOffset) {
        findings.add("judged", `${this.name}/${entry.offset} is judged by a block that does not cover it`);
      }
      listed++;
    }
    if (completing !== (block.completing ?? 0)) {
      findings.add(
        "judged",
        `${this.name}: the block at offset ${fromOffset} counts ${block.completing} completing duplicates and flags ${completing}`,
      );
    }
    if (listed !== totalCount(counts) - counts.accepted) {
      findings.add(
        "judged",
        `${this.name}: the block at offset ${fromOffset} counts ${totalCount(counts) - counts.accepted} records that were not accepted and lists ${listed}`,
      );
    }
  }

  /** A block continues where the one before ended. Of records that are lost there is nothing left to compare. */
  #chain({ continuesFrom, fromOffset, lost }: VerdictBlock, findings: Findings): void {
    if (continuesFrom === null) return;
    if (lost) {
      findings.unchecked.add(
        `${this.name}: records from offset ${continuesFrom} on were deleted before they were judged, and given up on request; judging went on at ${fromOffset}`,
      );
    }
    if (this.#blocks.to.length > 0 && continuesFrom > this.judgedTo) {
      findings.add(
        "judged",
        `${this.name}: a hole in the chain of verdicts: a block ends at offset ${this.judgedTo}, the next one continues from ${continuesFrom}`,
      );
    }
  }

  course(offset: number): Course | null {
    return toCourse(this.#offsets.flags(offset) >> VERDICT_SHIFT);
  }

  has(offset: number): boolean {
    return (this.#offsets.flags(offset) & PRESENT) !== 0;
  }

  isSame(offset: number, high: number, low: number): boolean {
    return this.#offsets.sameWords(offset, high, low);
  }

  /** Notes that the record has been found where its verdict sends it. False when it was found before. */
  follow(offset: number): boolean {
    const flags = this.#offsets.flags(offset);
    this.#offsets.setFlags(offset, flags | FOLLOWED);
    return (flags & FOLLOWED) === 0;
  }

  /** EO-1, the model's opinion, and what has not followed. Returns how many verdicts the model shares. */
  finish(findings: Findings): { readonly agreed: number; readonly compared: number } {
    let agreed = 0;
    let compared = 0;
    for (const [offset, flags] of this.#offsets.entries()) {
      if ((flags & PRESENT) === 0) continue;
      const verdict = toCourse(flags >> VERDICT_SHIFT);
      const at = `${this.name}/${offset}`;
      if (verdict === null) {
        this.#unjudged(offset, at, findings);
        continue;
      }
      const model = toCourse(flags >> MODEL_SHIFT);
      if (model !== null) {
        compared++;
        const isUntold = model === "completes" && verdict === "duplicate" && (flags & UNTOLD) !== 0;
        if (model === verdict || isUntold) agreed++;
        else findings.add("review", `${at} was judged ${verdict}; an independent review says ${model}`);
      }
      if ((flags & FOLLOWED) === 0) this.#lost(verdict, at, findings);
    }
    this.#countBlocks(findings);
    return { agreed, compared };
  }

  #unjudged(offset: number, at: string, findings: Findings): void {
    const first = this.#blocks.from[0];
    if (!this.kept.verdicts && (first === undefined || offset < first)) {
      findings.unchecked.add(
        `${this.name}: verdicts of records before offset ${first ?? "the end"} have been deleted by retention`,
      );
    } else if (offset >= this.judgedTo) findings.add("judged", `${at} has no verdict yet`);
    else findings.add("judged", `${at} has no verdict: a hole between the verdict blocks`);
  }

  #lost(verdict: Course, at: string, findings: Findings): void {
    if (verdict === "poison") {
      if (this.kept.quarantine) findings.add("quarantine", `${at} is poison and not in quarantine`);
      else findings.unchecked.add(`${this.name}: quarantine has been deleted in part by retention`);
    } else if (verdict === "accepted" || verdict === "correction" || verdict === "completes") {
      const what = verdict === "completes" ? "a duplicate that completes" : verdict;
      if (this.kept.clean) findings.add("clean", `${at} is ${what} and not in the clean stream`);
      else findings.unchecked.add(`${this.name}: the clean stream has been deleted in part by retention`);
    }
  }

  /** Offsets hold gaps (transaction markers), so a block's count can be checked only against the records there are. */
  #countBlocks(findings: Findings): void {
    const { from, to, judged } = this.#blocks;
    for (let index = 0; index < from.length; index++) {
      if (from[index]! < this.kept.raw) continue;
      let present = 0;
      for (let offset = from[index]!; offset < to[index]!; offset++) if (this.has(offset)) present++;
      if (present !== judged[index]) {
        findings.add(
          "judged",
          `${this.name}: the block of offsets ${from[index]} to ${to[index]} gives ${judged[index]} verdicts to ${present} records`,
        );
      }
    }
  }

  #judge(offset: number, verdict: Course, isUntold = false): void {
    const flags = this.#offsets.flags(offset) & ~((THREE_BITS << VERDICT_SHIFT) | UNTOLD);
    this.#offsets.setFlags(offset, flags | (codeOf(verdict) << VERDICT_SHIFT) | (isUntold ? UNTOLD : 0));
  }
}

function codeOf(course: Course): number {
  return course === "completes" ? COMPLETES : VERDICT_CODE[course] + 1;
}

function toCourse(bits: number): Course | null {
  const code = bits & THREE_BITS;
  if (code === COMPLETES) return "completes";
  return code === NONE ? null : (VERDICTS[code - 1] ?? null);
}
