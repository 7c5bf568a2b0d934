import type { LatestClean } from "./latest.ts";
import { ModelReview, type ModelVerdict } from "./model-review.ts";
import type { Arrow, Findings } from "./report.ts";
import { arrowOf, grouped } from "./report.ts";

/** The latest accepted record of a key is of no row that the audit knows (newer, repaired by hand). */
const FROM_ELSEWHERE = 0xffff_ffff;

/** What is at hand when the ends are compared. */
export interface ContentContext {
  readonly findings: Findings;
  /** `topic/partition/offset` of a position, for people. */
  readonly nameOf: (partition: number, position: number) => string;
  /** The verdict blocks cover the position. */
  readonly isJudged: (partition: number, position: number) => boolean;
  readonly latestClean: LatestClean;
  /** Raw records have been deleted by retention. */
  readonly incompleteRaw: boolean;
  /** Rows that were changed in place. */
  readonly changedRows: number;
}

/** A review of one source's rows in the order of their ids, and the ids themselves where they are no numbers. */
interface SourceReview {
  readonly mark: number;
  readonly review: ModelReview;
}

/**
 * Sources ↔ raw topics ↔ clean stream, by what each of them says last of every natural key: a review of a source's rows
 * in the order of their ids must end where a review of the raw topics ends, unless another source had the last word,
 * and that where the clean stream does.
 */
export class LastContent {
  readonly #sources = new Map<string, SourceReview>();
  /** By raw partition, over all inputs in the order of judgement. */
  readonly #raw = new Map<number, ModelReview>();
  readonly #words = new Uint32Array(6);

  /** `index`: of the row among those of its table. */
  row(source: string, identity: Uint32Array, facets: Uint32Array, index: number, version?: number): void {
    this.#source(source).review.review(identity, facets, { input: 0, position: index, mark: 0, version });
  }

  /** The verdict of the independent review. `source`: whose row it is, if that was there when the audit began. */
  raw(
    identity: Uint32Array,
    facets: Uint32Array,
    at: {
      readonly input: number;
      readonly partition: number;
      readonly position: number;
      readonly source: string | null;
      readonly version?: number | undefined;
    },
  ): ModelVerdict {
    let review = this.#raw.get(at.partition);
    if (review === undefined) {
      review = new ModelReview();
      this.#raw.set(at.partition, review);
    }
    const mark = at.source === null ? FROM_ELSEWHERE : this.#source(at.source).mark;
    return review.review(identity, facets, { ...at, mark });
  }

  #source(name: string): SourceReview {
    let found = this.#sources.get(name);
    if (found === undefined) {
      found = { mark: this.#sources.size, review: new ModelReview() };
      this.#sources.set(name, found);
    }
    return found;
  }

  compare(context: ContentContext): Arrow {
    const { findings, changedRows, incompleteRaw } = context;
    if (changedRows > 0) {
      findings.unchecked.add(
        `${grouped(changedRows)} rows were changed in place at their source: which content was the last cannot be told from the tables`,
      );
    }
    let known = 0;
    let all = 0;
    for (const [source, { mark, review }] of this.#sources) {
      const { table } = review;
      all += table.size;
      for (let entry = 0; entry < table.end; entry++) {
        table.identity(entry, this.#words);
        const row = `${source} row ${table.position(entry)}`;
        if (this.#endsAsRow(row, mark, table.statement(entry), context)) known++;
      }
    }
    this.#findStrangers(context);
    if (!incompleteRaw) this.#compareWithClean(context);
    return arrowOf(
      findings,
      "content",
      { what: "natural keys at the sources", count: all },
      { what: "end as they should", count: known },
    );
  }

  /** Whether the raw topics end at the content in `#words`; what else is found is told. */
  #endsAsRow(row: string, mark: number, statement: Uint32Array, context: ContentContext): boolean {
    const { findings, changedRows, incompleteRaw, nameOf } = context;
    const last = this.#lastRaw(statement);
    if (last === null) {
      if (!incompleteRaw) findings.add("content", `${row} was never accepted from the raw topic`);
      return false;
    }
    if (last.same || last.mark !== mark || changedRows > 0) return true;
    if (incompleteRaw) {
      findings.unchecked.add("the last content of keys whose first records have been deleted by retention");
    } else {
      findings.add(
        "content",
        `${row} is the last content of its key at its source; the raw topic ends at ${nameOf(last.partition, last.position)}`,
      );
    }
    return false;
  }

  #lastRaw(statement: Uint32Array): { same: boolean; mark: number; partition: number; position: number } | null {
    for (const [partition, { table }] of this.#raw) {
      const entry = table.find(this.#words[0]!, this.#words[1]!);
      if (entry < 0) continue;
      const same = table.agrees(entry, this.#words, statement);
      return { same, mark: table.owner(entry), partition, position: table.position(entry) };
    }
    return null;
  }

  /** What was accepted from a row is what the row says: a row that says nothing cannot have been. */
  #findStrangers({ findings, nameOf, changedRows }: ContentContext): void {
    if (changedRows > 0) return;
    const byMark = new Map([...this.#sources].map(([name, { mark, review }]) => [mark, { name, table: review.table }]));
    for (const [partition, { table }] of this.#raw) {
      for (let entry = 0; entry < table.end; entry++) {
        const source = byMark.get(table.owner(entry));
        if (source === undefined) continue;
        table.identity(entry, this.#words);
        if (source.table.find(this.#words[0]!, this.#words[1]!) >= 0) continue;
        const at = nameOf(partition, table.position(entry));
        findings.add("content", `${at} is of a key that no row of ${source.name} has`);
      }
    }
  }

  /** Unless the clean stream goes on beyond what was reviewed. */
  #compareWithClean({ findings, nameOf, isJudged, latestClean }: ContentContext): void {
    const clean = latestClean.table;
    for (const [partition, { table }] of this.#raw) {
      for (let entry = 0; entry < table.end; entry++) {
        table.identity(entry, this.#words);
        const found = clean.find(this.#words[0]!, this.#words[1]!);
        // What has not come at all is counted where it got lost.
        if (found < 0 || clean.agrees(found, this.#words, table.statement(entry))) continue;
        if (!isJudged(partition, clean.position(found)) || !isJudged(partition, table.position(entry))) continue;
        findings.add(
          "content",
          `${nameOf(partition, table.position(entry))} should be the last of its key; the clean stream ends at ${nameOf(partition, clean.position(found))}`,
        );
      }
    }
  }
}
