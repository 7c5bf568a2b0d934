import type { VerdictCounts } from "../domain/review/verdict.ts";

/** The arrows of the pipeline, in the order of the data, and what each one must prove. */
export const ARROWS = {
  rows: "every row of a source is an event of its raw topic, with the same content (EO-11)",
  judged: "every raw record has exactly one verdict (EO-1)",
  review: "every verdict is that of an independent review of the raw topics, in the order of judgement",
  clean: "every accepted record and correction is in the clean stream, once and in order (EO-2, EO-3)",
  quarantine: "every poison record is in quarantine, once and unchanged",
  warehouse: "the warehouse holds the latest clean content of every natural key (EO-9)",
  content: "the last content at the sources is what the review ends at",
  tables: "verdicts and quarantine in the warehouse are those of the topics (EO-9)",
  loaded: "the warehouse has loaded every clean topic to its end (EO-9)",
} as const;
export type ArrowName = keyof typeof ARROWS;

export interface Side {
  readonly what: string;
  readonly count: number;
}

export interface Arrow {
  readonly name: ArrowName;
  readonly proves: string;
  readonly from: Side;
  readonly to: Side;
  /** What makes the two numbers differ without anything being wrong; empty when nothing does. */
  readonly explained: string;
  /** What nothing explains. */
  readonly differences: number;
}

export interface Difference {
  readonly arrow: ArrowName;
  /** Where and what, for a person who will look. */
  readonly text: string;
}

export interface AuditReport {
  /** Everything was compared, down to the first record, and nothing is lost, double or different. */
  readonly proved: boolean;
  /** Differences that no verdict explains. */
  readonly unexplained: number;
  readonly arrows: readonly Arrow[];
  readonly verdicts: VerdictCounts;
  /** At most `DIFFERENCES_PER_ARROW` of each arrow. */
  readonly differences: readonly Difference[];
  /** What could not be checked, and why: nothing is claimed of it. */
  readonly unchecked: readonly string[];
  /** What a reader should know and that is no difference. */
  readonly notes: readonly string[];
}

export const DIFFERENCES_PER_ARROW = 20;

/** Collects differences: all of them counted, a few of each arrow kept. */
export class Findings {
  readonly #counts = new Map<ArrowName, number>();
  readonly #kept: Difference[] = [];
  readonly unchecked: Set<string> = new Set();
  readonly notes: Set<string> = new Set();

  add(arrow: ArrowName, text: string): void {
    const before = this.#counts.get(arrow) ?? 0;
    this.#counts.set(arrow, before + 1);
    if (before < DIFFERENCES_PER_ARROW) this.#kept.push({ arrow, text });
  }

  /** Many differences of one kind that have no place of their own. */
  addMany(arrow: ArrowName, count: number, text: string): void {
    if (count <= 0) return;
    this.add(arrow, text);
    this.#counts.set(arrow, (this.#counts.get(arrow) ?? 0) + count - 1);
  }

  count(arrow: ArrowName): number {
    return this.#counts.get(arrow) ?? 0;
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  get kept(): readonly Difference[] {
    return this.#kept;
  }
}

/** 1234567 → "1,234,567". */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/gu, ",");
}

/** An arrow with the differences found so far. */
export function arrowOf(findings: Findings, name: ArrowName, from: Side, to: Side, explained: string = ""): Arrow {
  return { name, proves: ARROWS[name], from, to, explained, differences: findings.count(name) };
}
