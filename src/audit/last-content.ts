import type { LatestClean } from "./latest.ts";
import { ModelReview } from "./model-review.ts";
import type { Arrow, Findings } from "./report.ts";
import { arrowOf, grouped } from "./report.ts";

/** The latest accepted record of a key: of a row that the audit knows, or not (newer, repaired by hand). */
const FROM_ROW = 0;
const FROM_ELSEWHERE = 1;

/** What is at hand when the ends are compared. */
export interface ContentContext {
  readonly findings: Findings;
  readonly rawTopic: string;
  /** Where the verdict blocks of a partition end. */
  readonly judgedTo: (partition: number) => number;
  readonly latestClean: LatestClean;
  /** Raw records have been deleted by retention. */
  readonly incompleteRaw: boolean;
  /** Rows that were changed in place. */
  readonly changedRows: number;
}

/**
 * Postgres ↔ raw topic ↔ clean stream, by what each of them says last of every natural key: a review of the rows in
 * the order of their ids must end where a review of the raw topic ends, and that where the clean stream does.
 */
export class LastContent {
  readonly #rows = new ModelReview();
  /** By raw partition. */
  readonly #raw = new Map<number, ModelReview>();
  readonly #words = new Uint32Array(6);

  row(identity: Uint32Array, id: number): void {
    this.#rows.review(identity, id, 0);
  }

  /** The verdict of the independent review. `ofKnownRow`: its row was in Postgres when the audit began. */
  raw(
    identity: Uint32Array,
    partition: number,
    offset: number,
    ofKnownRow: boolean,
  ): ReturnType<ModelReview["review"]> {
    let review = this.#raw.get(partition);
    if (review === undefined) {
      review = new ModelReview();
      this.#raw.set(partition, review);
    }
    return review.review(identity, offset, ofKnownRow ? FROM_ROW : FROM_ELSEWHERE);
  }

  compare(context: ContentContext): Arrow {
    const { findings, changedRows, incompleteRaw } = context;
    if (changedRows > 0) {
      findings.unchecked.add(
        `${grouped(changedRows)} rows of Postgres were changed in place: which content was the last cannot be told from the tables`,
      );
    }
    let known = 0;
    const keys = this.#rows.table;
    for (let entry = 0; entry < keys.end; entry++) {
      keys.identity(entry, this.#words);
      if (this.#endsAsRow(`the row with id ${keys.position(entry)}`, context)) known++;
    }
    if (!incompleteRaw) this.#compareWithClean(context);
    return arrowOf(
      findings,
      "content",
      { what: "natural keys in Postgres", count: keys.size },
      { what: "end as they should", count: known },
    );
  }

  /** Whether the raw topic ends at the content in `#words`; what else is found is told. */
  #endsAsRow(row: string, { findings, changedRows, incompleteRaw }: ContentContext): boolean {
    const last = this.#lastRaw();
    if (last === null) {
      if (!incompleteRaw) findings.add("content", `${row} was never accepted from the raw topic`);
      return false;
    }
    if (last.same || last.elsewhere || changedRows > 0) return true;
    if (incompleteRaw) {
      findings.unchecked.add("the last content of keys whose first records have been deleted by retention");
    } else {
      findings.add(
        "content",
        `${row} is the last content of its key in Postgres; the raw topic ends at offset ${last.offset} of partition ${last.partition}`,
      );
    }
    return false;
  }

  #lastRaw(): { same: boolean; elsewhere: boolean; partition: number; offset: number } | null {
    for (const [partition, { table }] of this.#raw) {
      const entry = table.find(this.#words[0]!, this.#words[1]!);
      if (entry < 0) continue;
      const same = table.sameEventId(entry, this.#words);
      return { same, elsewhere: table.owner(entry) === FROM_ELSEWHERE, partition, offset: table.position(entry) };
    }
    return null;
  }

  /** Unless the clean stream goes on beyond what was reviewed. */
  #compareWithClean({ findings, rawTopic, judgedTo, latestClean }: ContentContext): void {
    const clean = latestClean.table;
    for (const [partition, { table }] of this.#raw) {
      const end = judgedTo(partition);
      for (let entry = 0; entry < table.end; entry++) {
        table.identity(entry, this.#words);
        const found = clean.find(this.#words[0]!, this.#words[1]!);
        // What has not come at all is counted where it got lost.
        if (found < 0 || clean.sameEventId(found, this.#words)) continue;
        if (clean.position(found) >= end || table.position(entry) >= end) continue;
        findings.add(
          "content",
          `${rawTopic}/${partition}/${table.position(entry)} should be the last of its key; the clean stream ends at raw offset ${clean.position(found)}`,
        );
      }
    }
  }
}
