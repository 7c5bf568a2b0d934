import { IDENTITY_WORDS, type IdentityHasher, eventIdText } from "../domain/review/identity.ts";
import { VERDICTS, type Verdict, type VerdictCounts, totalCount, zeroCounts } from "../domain/review/verdict.ts";
import type { VerdictBlock } from "../domain/review/verdict-block.ts";
import type {
  CleanFact,
  LoadedFact,
  QuarantineFact,
  RawFact,
  RowFact,
  VerdictTablesFact,
  WarehouseFact,
} from "./facts.ts";
import { EventIds, LatestClean } from "./latest.ts";
import { ModelReview } from "./model-review.ts";
import { ALL_KEPT, type Kept, RawLedger } from "./raw-ledger.ts";
import { type Arrow, ARROWS, type ArrowName, type AuditReport, Findings, grouped, type Side } from "./report.ts";
import { SourceRows } from "./source-rows.ts";

/** The latest accepted record of a key: of a row that the audit knows, or not (newer, repaired by hand). */
const FROM_ROW = 0;
const FROM_ELSEWHERE = 1;

const NOTHING = new Uint8Array(0);

/**
 * Compares both ends of every arrow, end to end. Pure: it is told facts and answers with a report. About 100 bytes
 * a record, whatever its size, and one object per match.
 *
 * The order of the telling: rows · raw records and verdict blocks, each in the order of their partition · clean
 * records and quarantine · the warehouse · `finish`.
 */
export class Reconciliation {
  readonly #hasher: IdentityHasher;
  readonly #rawTopic: string;
  readonly #words = new Uint32Array(IDENTITY_WORDS);
  readonly #findings = new Findings();
  readonly #rows: SourceRows;
  /** What a review of the rows of Postgres, in the order of their ids, ends at. */
  readonly #rowReview = new ModelReview();
  readonly #ledgers = new Map<number, RawLedger>();
  readonly #rawReviews = new Map<number, ModelReview>();
  readonly #latest = new LatestClean();
  readonly #eventIds = new EventIds();
  /** Source offset of the last clean record by topic and key (EO-3). */
  readonly #lastOfKey = new Map<string, number>();
  #incompleteRaw = false;
  #incompleteClean = false;
  #clean = 0;
  #quarantined = 0;
  #warehouseRows = 0;
  #tables: VerdictTablesFact | null = null;
  #loadedEnds = 0;
  #loadedTo = 0;

  constructor(options: { readonly hasher: IdentityHasher; readonly rawTopic: string }) {
    this.#hasher = options.hasher;
    this.#rawTopic = options.rawTopic;
    this.#rows = new SourceRows(options.hasher);
  }

  /** What retention has left of a partition: tell it before its records. */
  retained(partition: number, kept: Partial<Kept>): void {
    const ledger = this.#ledger(partition);
    ledger.kept = { ...ledger.kept, ...kept };
    if (ledger.kept.raw > 0) {
      this.#incompleteRaw = true;
      this.#findings.unchecked.add(
        `${this.#rawTopic}/${partition} begins at offset ${ledger.kept.raw}: what retention has deleted before it was not compared`,
      );
    }
    if (!ledger.kept.clean) this.#incompleteClean = true;
  }

  note(text: string): void {
    this.#findings.notes.add(text);
  }

  unchecked(text: string): void {
    this.#findings.unchecked.add(text);
  }

  sourceRow(fact: RowFact): void {
    this.#rows.row(fact);
    if (fact.identity === null) return;
    this.#identify(fact.identity.key, fact.identity.content);
    this.#rowReview.review(this.#words, fact.id, 0);
  }

  /** Rows that no record has been the event of so far. */
  get missingRows(): number {
    return this.#rows.missing;
  }

  /** Where the verdict blocks of a partition end. */
  judgedTo(partition: number): number {
    return this.#ledgers.get(partition)?.judgedTo ?? 0;
  }

  rawRecord(fact: RawFact): void {
    const { partition, offset, identity } = fact;
    const ofKnownRow = this.#rows.event(fact);
    if (identity === null) this.#identify(fact.key ?? NOTHING, fact.value ?? NOTHING);
    else this.#identify(identity.key, identity.content);
    let model: Verdict | null = "poison";
    if (identity !== null)
      model = this.#rawReview(partition).review(this.#words, offset, ofKnownRow ? FROM_ROW : FROM_ELSEWHERE);
    const ledger = this.#ledger(partition);
    // Without its beginning the history of a key is unknown, and so is what its records deserve.
    if (ledger.kept.raw > 0 && model !== "poison") model = null;
    ledger.record(offset, model, this.#words[2]!, this.#words[3]!);
  }

  verdictBlock(block: VerdictBlock): void {
    if (block.topic === this.#rawTopic) this.#ledger(block.partition).block(block, this.#findings);
  }

  cleanRecord(fact: CleanFact): void {
    const { source } = fact;
    const at = `${fact.topic}/${fact.partition}/${fact.offset}`;
    this.#identify(fact.identity.key, fact.identity.content);
    if (fact.loaded) this.#latest.put(this.#words, source.partition, source.offset);
    if (eventIdText(this.#words) !== fact.eventId) {
      this.#findings.add(
        "clean",
        `${at} carries event id ${fact.eventId}, its content has ${eventIdText(this.#words)}`,
      );
    }
    const ledger = source.topic === this.#rawTopic ? this.#ledgers.get(source.partition) : undefined;
    if (ledger !== undefined && (source.offset < ledger.kept.raw || source.offset >= ledger.judgedTo)) return;
    this.#clean++;
    this.#eventIds.add(this.#words);
    this.#checkOrder(fact, at);
    if (ledger === undefined || !ledger.has(source.offset)) {
      this.#findings.add(
        "clean",
        `${at} comes from ${source.topic}/${source.partition}/${source.offset}, where no record is`,
      );
      return;
    }
    const verdict = ledger.verdict(source.offset);
    if (verdict !== fact.verdict && (verdict !== null || ledger.kept.verdicts))
      this.#findings.add("clean", `${at} says ${fact.verdict}, the verdict block ${verdict ?? "nothing"}`);
    if (!ledger.isSame(source.offset, this.#words[2]!, this.#words[3]!)) {
      this.#findings.add(
        "clean",
        `${at} says something else than its raw record ${source.topic}/${source.partition}/${source.offset}`,
      );
    }
    if (!ledger.follow(source.offset)) {
      this.#findings.add(
        "clean",
        `${at}: raw record ${source.topic}/${source.partition}/${source.offset} is in the clean stream twice (EO-2)`,
      );
    }
  }

  quarantined(fact: QuarantineFact): void {
    if (fact.topic !== this.#rawTopic) return;
    const ledger = this.#ledgers.get(fact.partition);
    const at = `${fact.topic}/${fact.partition}/${fact.offset}`;
    if (ledger !== undefined && (fact.offset < ledger.kept.raw || fact.offset >= ledger.judgedTo)) return;
    this.#quarantined++;
    if (ledger === undefined || !ledger.has(fact.offset)) {
      this.#findings.add("quarantine", `${at} is in quarantine, and no record is there`);
      return;
    }
    const verdict = ledger.verdict(fact.offset);
    if (verdict !== "poison" && (verdict !== null || ledger.kept.verdicts))
      this.#findings.add("quarantine", `${at} is in quarantine and was judged ${verdict ?? "not at all"}`);
    this.#identify(fact.key ?? NOTHING, fact.value ?? NOTHING);
    if (!ledger.isSame(fact.offset, this.#words[2]!, this.#words[3]!)) {
      this.#findings.add("quarantine", `${at} is not in quarantine as it came`);
    }
    if (!ledger.follow(fact.offset)) this.#findings.add("quarantine", `${at} is in quarantine twice`);
  }

  warehouseRow(fact: WarehouseFact): void {
    this.#warehouseRows++;
    this.#identify(fact.identity.key, fact.identity.content);
    if (eventIdText(this.#words) !== fact.eventId) {
      this.#findings.add(
        "warehouse",
        `${fact.label} was changed: its event id is ${fact.eventId}, its content has ${eventIdText(this.#words)}`,
      );
    }
    switch (this.#latest.show(this.#words)) {
      case "right":
        return;
      case "twice":
        this.#findings.add("warehouse", `${fact.label} is in the warehouse twice`);
        return;
      case "different":
        this.#findings.add("warehouse", `${fact.label} is not the latest of the clean stream`);
        return;
      case "unknown":
        if (this.#incompleteClean)
          this.#findings.unchecked.add("warehouse rows whose clean record has been deleted by retention");
        else this.#findings.add("warehouse", `${fact.label} has no clean record`);
    }
  }

  /** `innings`: "1375865 innings 2", whose mart does not count its deliveries (EO-10). */
  staleMart(innings: string): void {
    this.#findings.add("warehouse", `${innings}: its mart counts other deliveries than there are (EO-10)`);
  }

  verdictTables(fact: VerdictTablesFact): void {
    this.#tables = fact;
  }

  loaded(fact: LoadedFact): void {
    const { topic, partition, end, high, next } = fact;
    const at = `${topic}/${partition}`;
    this.#loadedEnds += end;
    this.#loadedTo += Math.min(end, next ?? 0);
    if (end > 0 && (next === null || next < end)) {
      this.#findings.add("loaded", `${at}: the warehouse stands at ${next ?? 0}, the topic ends at ${end}`);
    }
    if (next !== null && next > high) {
      this.#findings.add(
        "loaded",
        `${at}: the warehouse stands at ${next}, beyond the end of the topic at ${high}: the topic is another one`,
      );
    }
  }

  finish(): AuditReport {
    const findings = this.#findings;
    const rows = this.#rows.finish(findings, !this.#incompleteRaw);
    let agreed = 0;
    let compared = 0;
    const counts = zeroCounts();
    let records = 0;
    for (const ledger of this.#ledgers.values()) {
      const result = ledger.finish(findings);
      agreed += result.agreed;
      compared += result.compared;
      records += ledger.records;
      for (const verdict of VERDICTS) counts[verdict] += ledger.counts[verdict];
    }
    for (const id of this.#eventIds.repeated())
      findings.add("clean", `event id ${id}… is in the clean stream twice (EO-2)`);
    this.#findMissing();
    const content = this.#compareContent();
    const repeated = counts.duplicate + counts.stale + counts.late;
    const arrows = [
      rows,
      this.#arrow("judged", { what: "raw records", count: records }, { what: "verdicts", count: totalCount(counts) }),
      this.#arrow("review", { what: "verdicts", count: compared }, { what: "confirmed", count: agreed }),
      this.#arrow(
        "clean",
        { what: "accepted + corrections", count: counts.accepted + counts.correction },
        { what: "clean records", count: this.#clean },
        repeated === 0 ? "" : `${grouped(repeated)} duplicate, stale or late records went no further`,
      ),
      this.#arrow(
        "quarantine",
        { what: "poison", count: counts.poison },
        { what: "in quarantine", count: this.#quarantined },
      ),
      this.#arrow(
        "warehouse",
        { what: "natural keys in the clean stream", count: this.#latest.table.size },
        { what: "rows in the warehouse", count: this.#warehouseRows },
      ),
      content,
      this.#compareTables(counts),
      this.#arrow(
        "loaded",
        { what: "offsets of the clean topics", count: this.#loadedEnds },
        { what: "loaded", count: this.#loadedTo },
      ),
    ];
    return {
      proved: findings.total === 0 && findings.unchecked.size === 0,
      unexplained: findings.total,
      arrows,
      verdicts: counts,
      differences: findings.kept,
      unchecked: [...findings.unchecked],
      notes: [...findings.notes],
    };
  }

  /** EO-3: of one key, clean records come in the order of their raw records. */
  #checkOrder({ topic, key, source }: CleanFact, at: string): void {
    const name = `${topic}\n${key}`;
    const last = this.#lastOfKey.get(name) ?? -1;
    if (source.offset < last)
      this.#findings.add("clean", `${at}: raw offset ${source.offset} comes after ${last} of the same key (EO-3)`);
    this.#lastOfKey.set(name, Math.max(last, source.offset));
  }

  #findMissing(): void {
    for (const { partition, offset } of this.#latest.missing()) {
      this.#findings.add(
        "warehouse",
        `${this.#rawTopic}/${partition}/${offset} is the latest of its key in the clean stream and not in the warehouse`,
      );
    }
  }

  /** Postgres ↔ raw topic ↔ clean stream, by what each of them says last of every natural key. */
  #compareContent(): Arrow {
    const findings = this.#findings;
    const changed = this.#rows.changedInPlace();
    if (changed > 0) {
      findings.unchecked.add(
        `${changed} rows of Postgres were changed in place: which content was the last cannot be told from the tables`,
      );
    }
    let known = 0;
    const keys = this.#rowReview.table;
    for (let entry = 0; entry < keys.end; entry++) {
      keys.identity(entry, this.#words);
      const where = this.#lastRaw();
      if (where === null) {
        if (!this.#incompleteRaw)
          findings.add("content", `${this.#aboutRow(keys.position(entry))} was never accepted from the raw topic`);
        continue;
      }
      if (where.same || where.elsewhere || changed > 0) known++;
      else if (this.#incompleteRaw)
        findings.unchecked.add("the last content of keys whose first records have been deleted by retention");
      else
        findings.add(
          "content",
          `${this.#aboutRow(keys.position(entry))} is the last content of its key in Postgres; the raw topic ends at offset ${where.offset} of partition ${where.partition}`,
        );
    }
    if (!this.#incompleteRaw) this.#compareReviewWithClean();
    return this.#arrow(
      "content",
      { what: "natural keys in Postgres", count: keys.size },
      { what: "end as they should", count: known },
    );
  }

  #aboutRow(id: number): string {
    return `the row with id ${id}`;
  }

  /** What the model review of the raw topic ends at for the key in `#words`. */
  #lastRaw(): { same: boolean; elsewhere: boolean; partition: number; offset: number } | null {
    for (const [partition, { table }] of this.#rawReviews) {
      const entry = table.find(this.#words[0]!, this.#words[1]!);
      if (entry < 0) continue;
      return {
        same: table.sameEventId(entry, this.#words),
        elsewhere: table.owner(entry) === FROM_ELSEWHERE,
        partition,
        offset: table.position(entry),
      };
    }
    return null;
  }

  /** The model's last content of every key is the clean stream's, unless that goes on beyond what was reviewed. */
  #compareReviewWithClean(): void {
    for (const [partition, { table }] of this.#rawReviews) {
      const judgedTo = this.judgedTo(partition);
      for (let entry = 0; entry < table.end; entry++) {
        table.identity(entry, this.#words);
        const clean = this.#latest.table.find(this.#words[0]!, this.#words[1]!);
        // What has not come at all is counted where it got lost.
        if (clean < 0 || this.#latest.table.sameEventId(clean, this.#words)) continue;
        if (this.#latest.table.position(clean) >= judgedTo || table.position(entry) >= judgedTo) continue;
        this.#findings.add(
          "content",
          `${this.#rawTopic}/${partition}/${table.position(entry)} should be the last of its key; the clean stream ends at raw offset ${this.#latest.table.position(clean)}`,
        );
      }
    }
  }

  #compareTables(counts: VerdictCounts): Arrow {
    const tables = this.#tables;
    const judged = totalCount(counts);
    if (tables === null) {
      this.#findings.unchecked.add("the verdict tables of the warehouse: it has not loaded the verdicts to the end");
      return this.#arrow("tables", { what: "verdicts", count: judged }, { what: "in the warehouse", count: 0 });
    }
    let stored = 0;
    for (const [partition, ledger] of this.#ledgers) {
      const found = tables.counts.get(partition) ?? zeroCounts();
      stored += totalCount(found);
      if (!ledger.kept.verdicts) {
        this.#findings.unchecked.add(
          `${this.#rawTopic}/${partition}: verdict blocks have been deleted by retention, their tables were not compared`,
        );
        continue;
      }
      for (const verdict of VERDICTS) {
        if (found[verdict] === ledger.counts[verdict]) continue;
        this.#findings.add(
          "tables",
          `${this.#rawTopic}/${partition}: the warehouse counts ${found[verdict]} ${verdict}, the verdict blocks ${ledger.counts[verdict]}`,
        );
      }
    }
    const complete = [...this.#ledgers.values()].every(({ kept }) => kept.verdicts && kept.quarantine);
    if (complete) this.#compareRows(tables, judged - counts.accepted);
    return this.#arrow("tables", { what: "verdicts", count: judged }, { what: "in the warehouse", count: stored });
  }

  #compareRows(tables: VerdictTablesFact, notAccepted: number): void {
    if (tables.rows !== notAccepted) {
      this.#findings.add("tables", `table verdicts has ${tables.rows} rows, ${notAccepted} records were not accepted`);
    }
    if (tables.quarantined !== this.#quarantined) {
      this.#findings.add(
        "tables",
        `table quarantine has ${tables.quarantined} rows, the topic ${this.#quarantined} records`,
      );
    }
  }

  #arrow(name: ArrowName, from: Side, to: Side, explained: string = ""): Arrow {
    return { name, proves: ARROWS[name], from, to, explained, differences: this.#findings.count(name) };
  }

  #identify(key: string | Uint8Array, content: string | Uint8Array): void {
    this.#hasher.identify(key, content, this.#words);
  }

  #ledger(partition: number): RawLedger {
    let ledger = this.#ledgers.get(partition);
    if (ledger === undefined) {
      ledger = new RawLedger(`${this.#rawTopic}/${partition}`);
      ledger.kept = ALL_KEPT;
      this.#ledgers.set(partition, ledger);
    }
    return ledger;
  }

  #rawReview(partition: number): ModelReview {
    let review = this.#rawReviews.get(partition);
    if (review === undefined) {
      review = new ModelReview();
      this.#rawReviews.set(partition, review);
    }
    return review;
  }
}
