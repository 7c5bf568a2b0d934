import { IDENTITY_WORDS, type IdentityHasher, eventIdText } from "../domain/review/identity.ts";
import { type KeptRecord, keptOf } from "../processor/quarantine.ts";
import { VERDICTS, type VerdictCounts, totalCount, zeroCounts } from "../domain/review/verdict.ts";
import type { VerdictBlock } from "../domain/review/verdict-block.ts";
import { POSITION_SHIFT } from "../processor/reviewer.ts";
import { compareTables } from "./compare-tables.ts";
import type {
  CleanFact,
  Identity,
  LoadedFact,
  QuarantineFact,
  RawFact,
  RowFact,
  VerdictTablesFact,
  WarehouseFact,
} from "./facts.ts";
import { EventIds, LatestClean } from "./latest.ts";
import { LastContent } from "./last-content.ts";
import { ALL_KEPT, type Course, type Kept, RawLedger } from "./raw-ledger.ts";
import { type Arrow, arrowOf, type AuditReport, Findings, grouped, type Side } from "./report.ts";
import { SourceRows } from "./source-rows.ts";

const NOTHING = new Uint8Array(0);

/** A raw topic, and the id of the source that writes it. */
export interface RawInput {
  readonly topic: string;
  readonly source: string;
}

/** Sums over all partitions of the raw topics. */
interface Judged {
  readonly records: number;
  /** Verdicts that the model review could be asked about, and those it shares. */
  readonly compared: number;
  readonly agreed: number;
  readonly counts: VerdictCounts;
  readonly completing: number;
}

/**
 * Compares both ends of every arrow, end to end. Pure: it is told facts and answers with a report. About 400 bytes
 * a record, whatever its size (1.4 GB for three million, `just prove-scale`), and one object per match.
 *
 * The order of the telling: rows · raw records and verdict blocks, each in the order of their partition · clean
 * records and quarantine · the warehouse · `finish`.
 */
export class Reconciliation {
  readonly #hasher: IdentityHasher;
  /** Raw topics in the order of the topology's inputs, each with its source. */
  readonly #inputs: readonly RawInput[];
  readonly #words = new Uint32Array(IDENTITY_WORDS);
  readonly #findings = new Findings();
  readonly #rows: SourceRows;
  readonly #content = new LastContent();
  /** By `topic/partition`. */
  readonly #ledgers = new Map<string, RawLedger>();
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

  constructor(options: { readonly hasher: IdentityHasher; readonly inputs: readonly RawInput[] }) {
    this.#hasher = options.hasher;
    this.#inputs = options.inputs;
    this.#rows = new SourceRows(options.hasher);
  }

  /** What retention has left of a partition: tell it before its records. */
  retained(topic: string, partition: number, kept: Partial<Kept>): void {
    const ledger = this.#ledger(topic, partition);
    ledger.kept = { ...ledger.kept, ...kept };
    if (ledger.kept.raw > 0) {
      this.#incompleteRaw = true;
      this.#findings.unchecked.add(
        `${ledger.name} begins at offset ${ledger.kept.raw}: what retention has deleted before it was not compared`,
      );
    }
    if (!ledger.kept.verdicts && this.#inputs.length > 1) this.#incompleteRaw = true;
    if (!ledger.kept.clean) this.#incompleteClean = true;
  }

  note(text: string): void {
    this.#findings.notes.add(text);
  }

  unchecked(text: string): void {
    this.#findings.unchecked.add(text);
  }

  sourceRow(fact: RowFact): void {
    const index = this.#rows.row(fact);
    if (fact.identity === null) return;
    const facets = this.#identify(fact.identity);
    this.#content.row(fact.source, this.#words, facets, index, fact.version);
  }

  /** Rows that no record has been the event of so far. */
  get missingRows(): number {
    return this.#rows.missing;
  }

  /** Where the verdict blocks of an input partition end. */
  judgedTo(topic: string, partition: number): number {
    return this.#ledgers.get(`${topic}/${partition}`)?.judgedTo ?? 0;
  }

  /** Raw records in the order of judgement; those that have not been judged come last. */
  rawRecord(fact: RawFact): void {
    const { topic, partition, offset, identity } = fact;
    const input = this.#inputOf(topic);
    const isOfKnownRow = this.#rows.event(this.#inputs[input]!.source, fact);
    const ledger = this.#ledger(topic, partition);
    let model: Course | null = "poison";
    if (identity === null) this.#identifyBytes(keptOf(fact.key, fact.value));
    else {
      const source = isOfKnownRow ? this.#inputs[input]!.source : null;
      const position = input * POSITION_SHIFT + offset;
      const at = { input, partition, position, source, version: fact.version };
      model = this.#content.raw(this.#words, this.#identify(identity), at);
    }
    // Without its beginning the history of a key is unknown, and so is what its records deserve.
    if (model !== "poison" && this.#incompleteRaw) model = null;
    ledger.record(offset, model, this.#words[4]!, this.#words[5]!);
  }

  verdictBlock(block: VerdictBlock): void {
    if (this.#inputs.some(({ topic }) => topic === block.topic))
      this.#ledger(block.topic, block.partition).block(block, this.#findings);
  }

  cleanRecord(fact: CleanFact): void {
    const { source } = fact;
    const at = `${fact.topic}/${fact.partition}/${fact.offset}`;
    const facets = this.#identify(fact.identity);
    const input = this.#inputs.findIndex(({ topic }) => topic === source.topic);
    const isCompletion = fact.verdict === "duplicate";
    if (fact.loaded && input >= 0) {
      const place = { partition: source.partition, position: input * POSITION_SHIFT + source.offset };
      this.#latest.put(this.#words, facets, place, { isCompletion, isDeletion: fact.deleted === true });
    }
    if (eventIdText(this.#words) !== fact.eventId) {
      this.#findings.add(
        "clean",
        `${at} carries event id ${fact.eventId}, its content has ${eventIdText(this.#words)}`,
      );
    }
    const ledger = this.#ledgers.get(`${source.topic}/${source.partition}`);
    if (ledger !== undefined && (source.offset < ledger.kept.raw || source.offset >= ledger.judgedTo)) return;
    this.#clean++;
    this.#eventIds.add(this.#words, fact.version);
    this.#checkOrder(fact, at);
    if (ledger === undefined || !ledger.has(source.offset)) {
      this.#findings.add(
        "clean",
        `${at} comes from ${source.topic}/${source.partition}/${source.offset}, where no record is`,
      );
      return;
    }
    const verdict = ledger.course(source.offset);
    if (verdict !== (isCompletion ? "completes" : fact.verdict) && (verdict !== null || ledger.kept.verdicts))
      this.#findings.add("clean", `${at} says ${fact.verdict}, the verdict block ${verdict ?? "nothing"}`);
    if (!ledger.isSame(source.offset, this.#words[4]!, this.#words[5]!)) {
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
    if (!this.#inputs.some(({ topic }) => topic === fact.topic)) return;
    const ledger = this.#ledgers.get(`${fact.topic}/${fact.partition}`);
    const at = `${fact.topic}/${fact.partition}/${fact.offset}`;
    if (ledger !== undefined && (fact.offset < ledger.kept.raw || fact.offset >= ledger.judgedTo)) return;
    this.#quarantined++;
    if (ledger === undefined || !ledger.has(fact.offset)) {
      this.#findings.add("quarantine", `${at} is in quarantine, and no record is there`);
      return;
    }
    const verdict = ledger.course(fact.offset);
    if (verdict !== "poison" && (verdict !== null || ledger.kept.verdicts))
      this.#findings.add("quarantine", `${at} is in quarantine and was judged ${verdict ?? "not at all"}`);
    this.#identifyBytes(fact.sha256 === null ? keptOf(fact.key, fact.value) : fact);
    if (!ledger.isSame(fact.offset, this.#words[4]!, this.#words[5]!)) {
      this.#findings.add("quarantine", `${at} is not in quarantine as it came`);
    }
    if (!ledger.follow(fact.offset)) this.#findings.add("quarantine", `${at} is in quarantine twice`);
  }

  warehouseRow(fact: WarehouseFact): void {
    this.#warehouseRows++;
    const facets = this.#identify(fact.identity);
    if (this.#latest.isWhole(this.#words) && eventIdText(this.#words) !== fact.eventId) {
      this.#findings.add(
        "warehouse",
        `${fact.label} was changed: its event id is ${fact.eventId}, its content has ${eventIdText(this.#words)}`,
      );
    }
    switch (this.#latest.show(this.#words, facets, fact.eventId)) {
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
    const { topic, partition, end, high, next, isLoading } = fact;
    const at = `${topic}/${partition}`;
    this.#loadedEnds += end;
    this.#loadedTo += Math.min(end, next ?? 0);
    if (end > (next ?? 0) && !isLoading) {
      this.#findings.unchecked.add("what has not been loaded yet: no loader runs (`third-umpire loader` goes on)");
    } else if (end > (next ?? 0)) {
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
    const judged = this.#finishLedgers();
    for (const id of this.#eventIds.repeated()) {
      findings.add("clean", `event id …${id} is in the clean stream twice (EO-2)`);
    }
    this.#findMissing();
    const content = this.#content.compare({
      findings,
      nameOf: (partition, position) => this.#nameOf(partition, position),
      isJudged: (partition, position) => this.#isJudged(partition, position),
      latestClean: this.#latest,
      incompleteRaw: this.#incompleteRaw,
      changedRows: this.#rows.changedInPlace(),
    });
    const { counts } = judged;
    const topics = { ledgers: this.#ledgers, counts, quarantined: this.#quarantined };
    const tables = compareTables(this.#tables, topics, findings);
    const arrows = [rows, ...this.#topicArrows(judged), this.#warehouseArrow(), content, tables, this.#loadedArrow()];
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

  #finishLedgers(): Judged {
    const sum = { records: 0, compared: 0, agreed: 0, completing: 0, counts: zeroCounts() };
    for (const ledger of this.#ledgers.values()) {
      const { agreed, compared } = ledger.finish(this.#findings);
      sum.agreed += agreed;
      sum.compared += compared;
      sum.records += ledger.records;
      sum.completing += ledger.completing;
      for (const verdict of VERDICTS) sum.counts[verdict] += ledger.counts[verdict];
    }
    return sum;
  }

  /** From the raw topic to all that a processor writes. */
  #topicArrows({ records, compared, agreed, completing, counts }: Judged): Arrow[] {
    const findings = this.#findings;
    const through = counts.accepted + counts.correction + completing;
    const repeated = counts.duplicate - completing + counts.stale + counts.late;
    const explained = repeated === 0 ? "" : `${grouped(repeated)} duplicate, stale or late records went no further`;
    const side = (what: string, count: number): Side => ({ what, count });
    return [
      arrowOf(findings, "judged", side("raw records", records), side("verdicts", totalCount(counts))),
      arrowOf(findings, "review", side("verdicts", compared), side("confirmed", agreed)),
      arrowOf(
        findings,
        "clean",
        side("accepted, corrected, completed", through),
        side("clean records", this.#clean),
        explained,
      ),
      arrowOf(findings, "quarantine", side("poison", counts.poison), side("in quarantine", this.#quarantined)),
    ];
  }

  #warehouseArrow(): Arrow {
    const keys = { what: "natural keys in the clean stream", count: this.#latest.table.size };
    const { deleted } = this.#latest;
    const what = deleted === 0 ? "rows in the warehouse" : "rows in the warehouse + deleted";
    const explained = deleted === 0 ? "" : `${grouped(deleted)} deliveries were deleted by a later edition`;
    return arrowOf(this.#findings, "warehouse", keys, { what, count: this.#warehouseRows + deleted }, explained);
  }

  #loadedArrow(): Arrow {
    const ends = { what: "offsets of the clean topics", count: this.#loadedEnds };
    return arrowOf(this.#findings, "loaded", ends, { what: "loaded", count: this.#loadedTo });
  }

  /** EO-3: of one key, clean records come in the order of their raw records. */
  #checkOrder({ topic, key, source }: CleanFact, at: string): void {
    const name = `${topic}\n${key}\n${source.topic}`;
    const last = this.#lastOfKey.get(name) ?? -1;
    if (source.offset < last)
      this.#findings.add("clean", `${at}: raw offset ${source.offset} comes after ${last} of the same key (EO-3)`);
    this.#lastOfKey.set(name, Math.max(last, source.offset));
  }

  #findMissing(): void {
    for (const { partition, position } of this.#latest.missing()) {
      this.#findings.add(
        "warehouse",
        `${this.#nameOf(partition, position)} is the latest of its key in the clean stream and not in the warehouse`,
      );
    }
  }

  /** Facets are valid until the next call. */
  #identify({ key, content, facets }: Identity): Uint32Array {
    return this.#hasher.identify(key, content, this.#words, facets);
  }

  /** A large record by what quarantine keeps of it, on both sides. */
  #identifyBytes({ key, value, sha256 }: KeptRecord): void {
    const whole = sha256 === null ? (value ?? NOTHING) : Buffer.concat([value ?? NOTHING, Buffer.from(sha256)]);
    this.#hasher.identify(key ?? NOTHING, whole, this.#words);
  }

  #inputOf(topic: string): number {
    const input = this.#inputs.findIndex((candidate) => candidate.topic === topic);
    if (input < 0) throw new RangeError(`"${topic}" is none of the raw topics`);
    return input;
  }

  #nameOf(partition: number, position: number): string {
    const input = Math.floor(position / POSITION_SHIFT);
    return `${this.#inputs[input]?.topic ?? "?"}/${partition}/${position - input * POSITION_SHIFT}`;
  }

  #isJudged(partition: number, position: number): boolean {
    const input = Math.floor(position / POSITION_SHIFT);
    return position - input * POSITION_SHIFT < this.judgedTo(this.#inputs[input]?.topic ?? "", partition);
  }

  #ledger(topic: string, partition: number): RawLedger {
    const name = `${topic}/${partition}`;
    let ledger = this.#ledgers.get(name);
    if (ledger === undefined) {
      ledger = new RawLedger(name);
      ledger.kept = ALL_KEPT;
      this.#ledgers.set(name, ledger);
    }
    return ledger;
  }
}
