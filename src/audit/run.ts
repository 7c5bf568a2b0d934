/**
 * The audit's way through the pipeline. Each end is captured after what comes before it has been read, so that on a
 * running system, too, both sides of every arrow are of the same records:
 *
 * 1. Postgres: all rows of one snapshot.
 * 2. Raw topic: up to where it ends now; further, as long as rows of step 1 are missing and records still come.
 * 3. Verdicts: until every raw record of step 2 is judged; then the raw records that were judged on top.
 * 4. Clean topics and quarantine end where they end now: the verdicts of step 3 were written in the same transactions.
 * 5. Warehouse: one published state that has loaded these ends, or the best one there is when no loader runs.
 * 6. Clean records up to the later of the two; the warehouse's rows.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { CRICKET_TOPICS } from "../domain/cricket/topics.ts";
import { FatalError, RetryableError } from "../domain/errors.ts";
import { IdentityHasher } from "../domain/review/identity.ts";
import { decodeVerdictBlock } from "../domain/review/verdict-block.ts";
import type { Log, RecordBatch } from "../kafka/log.ts";
import { openForReading, type ReadableWarehouse } from "../loader/index.ts";
import { cricketTopology } from "../pipelines/cricket.ts";
import { classifyPostgresError } from "../postgres/errors.ts";
import { closeSql, openSql } from "../postgres/sql.ts";
import { RecordCursor } from "../processor/record-cursor.ts";
import { rawFact } from "./raw-fact.ts";
import { cleanFact, quarantineFact } from "./read-clean.ts";
import { LogSide, type Range, type TopicEnds } from "./read-log.ts";
import { readRows } from "./read-postgres.ts";
import { readLoaded, readStaleMarts, readVerdictTables, readWarehouse } from "./read-warehouse.ts";
import { Reconciliation } from "./reconciliation.ts";
import type { AuditReport } from "./report.ts";

export interface AuditOptions {
  readonly log: Log;
  /** For messages: where the log is. */
  readonly brokers: string;
  /** postgres:// address. */
  readonly connection: string;
  readonly warehouseDir: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (doing: string) => void;
  /** How long to wait for a part that has not caught up and makes no progress, ms (default 10,000). */
  readonly patienceMs?: number;
}

const RAW = CRICKET_TOPICS.odiRaw;
const CLEAN = [CRICKET_TOPICS.deliveries, CRICKET_TOPICS.matches] as const;
const PATIENCE_MS = 10_000;
const POLL_MS = 300;
const REMEDY_UP = "start the servers: third-umpire up";

/** @throws FatalError when Kafka, Postgres or the warehouse cannot be read. */
export async function auditOdi(options: AuditOptions): Promise<AuditReport> {
  const reconciliation = new Reconciliation({ hasher: await IdentityHasher.create(), rawTopic: RAW });
  await readSource(options, reconciliation);
  try {
    const log = await LogSide.open(options.log, options.signal);
    try {
      return await new Audit(options, log, reconciliation).run();
    } finally {
      await log.close();
    }
  } catch (error) {
    if (!(error instanceof RetryableError)) throw error;
    throw new FatalError(`Kafka at ${options.brokers} cannot be read: ${error.message}`, {
      cause: error,
      remedy: REMEDY_UP,
    });
  }
}

async function readSource(
  { connection, signal, onProgress }: AuditOptions,
  reconciliation: Reconciliation,
): Promise<void> {
  onProgress?.("rows in Postgres");
  const sql = openSql(connection, { applicationName: "third-umpire audit" });
  try {
    await readRows(sql, signal, (row) => reconciliation.sourceRow(row));
  } catch (error) {
    const named = classifyPostgresError(error, "reading the rows");
    if (!(named instanceof RetryableError)) throw named;
    throw new FatalError(named.message, { cause: error, remedy: REMEDY_UP });
  } finally {
    await closeSql(sql);
  }
}

class Audit {
  readonly #o: AuditOptions;
  readonly #log: LogSide;
  readonly #reconciliation: Reconciliation;
  readonly #topology = cricketTopology({ partitions: 1 });
  readonly #cursor = new RecordCursor();
  /** By topic: how many partitions. */
  #partitions: ReadonlyMap<string, number> = new Map();
  /** By raw partition: where reading stands, and the offset after the last record. */
  #rawAt: number[] = [];
  #rawEnd: number[] = [];
  #verdictsAt: number[] = [];

  constructor(options: AuditOptions, log: LogSide, reconciliation: Reconciliation) {
    this.#o = options;
    this.#log = log;
    this.#reconciliation = reconciliation;
  }

  async run(): Promise<AuditReport> {
    const { gaps, verdicts, quarantine } = CRICKET_TOPICS;
    this.#partitions = await this.#log.partitions([RAW, verdicts, ...CLEAN, quarantine, gaps]);
    await this.#readRaw();
    await this.#readVerdicts();
    const ends = new Map<string, TopicEnds>();
    for (const topic of [...CLEAN, verdicts, quarantine, gaps]) ends.set(topic, await this.#ends(topic));
    const warehouse = await this.#openWarehouse(ends);
    try {
      const loaded = await readLoaded(warehouse.connection);
      const lastRecords = new Map<string, number>();
      await this.#readClean(ends, loaded, lastRecords);
      await this.#readQuarantine(ends, lastRecords);
      await this.#readGaps(ends, lastRecords);
      this.#verdictsAt.forEach((at, partition) => lastRecords.set(`${verdicts}/${partition}`, at));
      await this.#compareWarehouse(warehouse, ends, loaded, lastRecords);
    } finally {
      warehouse.close();
    }
    return this.#reconciliation.finish();
  }

  /** Step 2. */
  async #readRaw(): Promise<void> {
    this.#progress("raw topic");
    const { low, high } = await this.#ends(RAW);
    const beginnings = await Promise.all(
      [CRICKET_TOPICS.verdicts, ...CLEAN, CRICKET_TOPICS.quarantine].map((topic) => this.#ends(topic)),
    );
    const [verdicts, deliveries, matches, quarantine] = beginnings;
    low.forEach((raw, partition) =>
      this.#reconciliation.retained(partition, {
        raw,
        verdicts: verdicts?.low[partition] === 0,
        clean: deliveries?.low[partition] === 0 && matches?.low[partition] === 0,
        quarantine: quarantine?.low[partition] === 0,
      }),
    );
    this.#rawAt = [...low];
    this.#rawEnd = low.map(() => 0);
    await this.#readRawTo(high);
    await this.#patiently(
      () => this.#reconciliation.missingRows,
      async () => this.#readRawTo((await this.#ends(RAW)).high),
      "the source to read the newest rows",
    );
  }

  async #readRawTo(ends: readonly number[]): Promise<void> {
    const ranges = this.#rawAt.map((from, partition): Range => ({
      topic: RAW,
      partition,
      from,
      to: ends[partition] ?? 0,
    }));
    await this.#log.read(ranges, (batch, { to }) => {
      const cursor = this.#cursor;
      cursor.batch = batch;
      for (let index = 0; index < batch.length; index++) {
        // Read beyond the bound now, it would be read again by the next call.
        if (batch.offset(index) >= to) break;
        cursor.index = index;
        this.#reconciliation.rawRecord(rawFact(this.#topology, cursor));
        this.#rawEnd[batch.partition] = batch.offset(index) + 1;
      }
      cursor.batch = undefined;
    });
    this.#rawAt = this.#rawAt.map((from, partition) => Math.max(from, ends[partition] ?? 0));
  }

  /** Step 3. */
  async #readVerdicts(): Promise<void> {
    this.#progress("verdicts");
    const { low } = await this.#ends(CRICKET_TOPICS.verdicts);
    this.#verdictsAt = [...low];
    const read = async (): Promise<void> => {
      const { high } = await this.#ends(CRICKET_TOPICS.verdicts);
      const at = this.#verdictsAt;
      await this.#log.read(
        at.map((from, partition): Range => ({
          topic: CRICKET_TOPICS.verdicts,
          partition,
          from,
          to: high[partition] ?? 0,
        })),
        (batch, { to }) => {
          forEachBelow(batch, to, (index) => {
            const value = batch.value(index);
            if (value !== null) this.#reconciliation.verdictBlock(decodeVerdictBlock(value));
          });
        },
      );
      this.#verdictsAt = at.map((from, partition) => Math.max(from, high[partition] ?? 0));
    };
    await read();
    const unjudged = (): number =>
      this.#rawEnd.reduce(
        (sum, end, partition) => sum + Math.max(0, end - this.#reconciliation.judgedTo(partition)),
        0,
      );
    await this.#patiently(unjudged, read, "the processors to judge the newest records");
    await this.#readRawTo(this.#rawAt.map((at, partition) => Math.max(at, this.#reconciliation.judgedTo(partition))));
  }

  /** Step 5. */
  async #openWarehouse(ends: ReadonlyMap<string, TopicEnds>): Promise<ReadableWarehouse> {
    this.#progress("warehouse");
    let warehouse = await openForReading(this.#o.warehouseDir);
    const behind = async (): Promise<number> => {
      const loaded = await readLoaded(warehouse.connection);
      let missing = 0;
      for (const { topic, high } of ends.values()) {
        high.forEach((end, partition) => (missing += Math.max(0, end - (loaded.get(`${topic}/${partition}`) ?? 0))));
      }
      return missing;
    };
    try {
      let missing = await behind();
      await this.#patiently(
        () => missing,
        async () => {
          warehouse.close();
          warehouse = await openForReading(this.#o.warehouseDir);
          missing = await behind();
        },
        "the loader",
      );
      return warehouse;
    } catch (error) {
      warehouse.close();
      throw error;
    }
  }

  /** Step 6. */
  async #readClean(
    ends: ReadonlyMap<string, TopicEnds>,
    loaded: ReadonlyMap<string, number>,
    lastRecords: Map<string, number>,
  ): Promise<void> {
    for (const topic of CLEAN) {
      this.#progress(topic);
      const { low, high } = ends.get(topic)!;
      const now = await this.#ends(topic);
      // To where the warehouse has loaded: its rows are of that moment and of no earlier one.
      const to = high.map((end, partition) =>
        Math.min(now.high[partition] ?? 0, Math.max(end, loaded.get(`${topic}/${partition}`) ?? 0)),
      );
      const ranges = low.map((from, partition): Range => ({ topic, partition, from, to: to[partition] ?? 0 }));
      await this.#log.read(ranges, (batch, bound) => {
        const name = `${topic}/${batch.partition}`;
        const next = loaded.get(name) ?? 0;
        forEachBelow(batch, bound.to, (index) => {
          this.#reconciliation.cleanRecord(cleanFact(batch, index, batch.offset(index) < next));
          if (batch.offset(index) < (high[batch.partition] ?? 0)) lastRecords.set(name, batch.offset(index) + 1);
        });
      });
    }
  }

  async #readQuarantine(ends: ReadonlyMap<string, TopicEnds>, lastRecords: Map<string, number>): Promise<void> {
    this.#progress("quarantine");
    await this.#log.read(rangesOf(ends.get(CRICKET_TOPICS.quarantine)!), (batch, { to }) => {
      forEachBelow(batch, to, (index) => {
        const fact = quarantineFact(batch, index);
        if (fact !== undefined) this.#reconciliation.quarantined(fact);
        lastRecords.set(`${batch.topic}/${batch.partition}`, batch.offset(index) + 1);
      });
    });
  }

  /** EO-13: a gap is told, never silence. */
  async #readGaps(ends: ReadonlyMap<string, TopicEnds>, lastRecords: Map<string, number>): Promise<void> {
    let gaps = 0;
    await this.#log.read(rangesOf(ends.get(CRICKET_TOPICS.gaps)!), (batch, { to }) => {
      forEachBelow(batch, to, (index) => {
        gaps++;
        lastRecords.set(`${batch.topic}/${batch.partition}`, batch.offset(index) + 1);
      });
    });
    if (gaps > 0) {
      this.#reconciliation.unchecked(
        `the source could not rule out ${gaps} gap(s) and copied all rows again: rows that were inserted and deleted within cannot be known`,
      );
    }
  }

  async #compareWarehouse(
    warehouse: ReadableWarehouse,
    ends: ReadonlyMap<string, TopicEnds>,
    loaded: ReadonlyMap<string, number>,
    lastRecords: ReadonlyMap<string, number>,
  ): Promise<void> {
    this.#progress("warehouse rows");
    const { connection } = warehouse;
    await readWarehouse(connection, (fact) => this.#reconciliation.warehouseRow(fact));
    for (const innings of await readStaleMarts(connection)) this.#reconciliation.staleMart(innings);
    for (const { topic } of ends.values()) {
      const { high } = await this.#ends(topic);
      high.forEach((now, partition) => {
        const name = `${topic}/${partition}`;
        this.#reconciliation.loaded({
          topic,
          partition,
          end: lastRecords.get(name) ?? 0,
          high: now,
          next: loaded.get(name) ?? null,
        });
      });
    }
    const { verdicts, quarantine } = CRICKET_TOPICS;
    const quarantineTo = ends.get(quarantine)!.high;
    const has = (topic: string, to: readonly number[]): boolean =>
      to.every((end, partition) => (loaded.get(`${topic}/${partition}`) ?? 0) >= end);
    if (has(verdicts, this.#verdictsAt) && has(quarantine, quarantineTo)) {
      this.#reconciliation.verdictTables(await readVerdictTables(connection, RAW, this.#verdictsAt, quarantineTo));
    }
  }

  /** Repeats `again` until nothing is missing, or nothing has changed for a while. */
  async #patiently(missing: () => number, again: () => Promise<void>, waitingFor: string): Promise<void> {
    const patienceMs = this.#o.patienceMs ?? PATIENCE_MS;
    let least = missing();
    let since = performance.now();
    while (missing() > 0 && performance.now() - since < patienceMs) {
      this.#progress(`waiting for ${waitingFor}`);
      await sleep(POLL_MS, undefined, { signal: this.#o.signal });
      await again();
      if (missing() < least) {
        least = missing();
        since = performance.now();
      }
    }
  }

  #ends(topic: string): Promise<TopicEnds> {
    return this.#log.ends(topic, this.#partitions.get(topic) ?? 0);
  }

  #progress(doing: string): void {
    this.#o.onProgress?.(doing);
  }
}

function rangesOf({ topic, low, high }: TopicEnds): Range[] {
  return low.map((from, partition) => ({ topic, partition, from, to: high[partition] ?? 0 }));
}

function forEachBelow(batch: RecordBatch, to: number, visit: (index: number) => void): void {
  for (let index = 0; index < batch.length && batch.offset(index) < to; index++) visit(index);
}
