/**
 * The audit's way through the pipeline. Each end is captured after what comes before it has been read, so that on a
 * running system, too, both sides of every arrow are of the same records:
 *
 * 1. Sources: all rows of each, as they are now.
 * 2. Verdicts and the raw records they judge, in the order of judgement, until every row of step 1 has come by and nothing
 *    is left unjudged, or nothing more happens.
 * 3. Raw records that nobody has judged.
 * 4. Clean topics and quarantine end where they end now: the verdicts of step 2 were written in the same transactions.
 * 5. Warehouse: one published state that has loaded these ends, or the best one there is when no loader runs.
 * 6. Clean records up to the later of the two; the warehouse's rows.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { CRICKET_TOPICS } from "../domain/cricket/topics.ts";
import { FatalError, RetryableError } from "../domain/errors.ts";
import type { RowFact } from "./facts.ts";
import { IdentityHasher } from "../domain/review/identity.ts";
import type { Log, RecordBatch } from "../kafka/log.ts";
import { openForReading, type ReadableWarehouse } from "../loader/index.ts";
import { cricketTopology } from "../pipelines/cricket/topology.ts";
import { rawFact } from "./raw-fact.ts";
import { RawSide } from "./raw-side.ts";
import { cleanFact, quarantineFact } from "./read-clean.ts";
import { LogSide, type Range, type TopicEnds } from "./read-log.ts";
import { readLoaded, readStaleMarts, readVerdictTables, readWarehouse } from "./read-warehouse.ts";
import { type RawInput, Reconciliation } from "./reconciliation.ts";
import type { AuditReport } from "./report.ts";
import { readMongoRows } from "./rows/mongo.ts";
import { readStoreRows } from "./rows/object-store.ts";
import { readPostgresRows } from "./rows/postgres.ts";

export interface AuditOptions {
  readonly log: Log;
  /** For messages: where the log is. */
  readonly brokers: string;
  /** Where the sources are; those that never ran are not asked. */
  readonly postgresUrl: string;
  readonly mongodbUrl: string;
  readonly objectStore: string;
  readonly warehouseDir: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (doing: string) => void;
  /** How long to wait for a part that has not caught up and makes no progress, ms (default 10,000). */
  readonly patienceMs?: number;
}

/** In the order of the topology's inputs. */
const INPUTS: readonly RawInput[] = [
  { topic: CRICKET_TOPICS.odiRaw, source: "odi" },
  { topic: CRICKET_TOPICS.t20iRaw, source: "t20i" },
  { topic: CRICKET_TOPICS.testRaw, source: "test" },
];
const CLEAN = [CRICKET_TOPICS.deliveries, CRICKET_TOPICS.matches] as const;
const PATIENCE_MS = 10_000;
const POLL_MS = 300;
const REMEDY_UP = "start the servers: third-umpire up";

/** @throws FatalError when Kafka, a source that has run, or the warehouse cannot be read. */
export async function auditCricket(options: AuditOptions): Promise<AuditReport> {
  const reconciliation = new Reconciliation({ hasher: await IdentityHasher.create(), inputs: INPUTS });
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

class Audit {
  readonly #o: AuditOptions;
  readonly #log: LogSide;
  readonly #reconciliation: Reconciliation;
  readonly #topology = cricketTopology({ partitions: 1 });
  /** By topic: how many partitions. */
  #partitions: ReadonlyMap<string, number> = new Map();
  constructor(options: AuditOptions, log: LogSide, reconciliation: Reconciliation) {
    this.#o = options;
    this.#log = log;
    this.#reconciliation = reconciliation;
  }

  async run(): Promise<AuditReport> {
    const { gaps, verdicts, quarantine, positions } = CRICKET_TOPICS;
    const raw = INPUTS.map(({ topic }) => topic);
    this.#partitions = await this.#log.partitions([...raw, verdicts, ...CLEAN, quarantine, gaps, positions]);
    await this.#readSources();
    const verdictsAt = await this.#readRaw(raw);
    const ends = new Map<string, TopicEnds>();
    for (const topic of [...CLEAN, verdicts, quarantine, gaps]) ends.set(topic, await this.#ends(topic));
    const warehouse = await this.#openWarehouse(ends);
    try {
      const loaded = await readLoaded(warehouse.connection);
      const lastRecords = new Map<string, number>();
      await this.#readClean(ends, loaded, lastRecords);
      await this.#readQuarantine(ends, lastRecords);
      await this.#readGaps(ends, lastRecords);
      verdictsAt.forEach((at, partition) => lastRecords.set(`${verdicts}/${partition}`, at));
      await this.#compareWarehouse(warehouse, ends, loaded, lastRecords, verdictsAt);
    } finally {
      warehouse.close();
    }
    return this.#reconciliation.finish();
  }

  /** Step 1: the sources that have a position have run. */
  async #readSources(): Promise<void> {
    const { postgresUrl, mongodbUrl, objectStore, signal } = this.#o;
    const ran = await this.#sourcesThatRan();
    const topology = this.#topology;
    const visit = (row: RowFact): void => this.#reconciliation.sourceRow(row);
    if (ran.has("odi")) {
      this.#progress("rows in Postgres");
      await readPostgresRows(postgresUrl, topology, signal, visit);
    }
    if (ran.has("t20i")) {
      this.#progress("documents in MongoDB");
      await readMongoRows(mongodbUrl, topology, signal, visit);
    }
    if (ran.has("test")) {
      this.#progress("objects in the store");
      await readStoreRows(objectStore, topology, signal, visit);
    }
  }

  async #sourcesThatRan(): Promise<ReadonlySet<string>> {
    const ids = new Set<string>();
    await this.#log.read(rangesOf(await this.#ends(CRICKET_TOPICS.positions)), (batch) => {
      for (let index = 0; index < batch.length; index++) {
        const id = batch.key(index)?.toString("utf8") ?? "";
        if (batch.value(index) === null) ids.delete(id);
        else ids.add(id);
      }
    });
    return ids;
  }

  /** Steps 2 and 3. Returns up to where the verdicts were read, by partition. */
  async #readRaw(inputs: readonly string[]): Promise<readonly number[]> {
    this.#progress("raw topics and verdicts");
    const { verdicts } = CRICKET_TOPICS;
    await this.#tellKept(inputs);
    const raw = new RawSide({
      log: this.#o.log,
      side: this.#log,
      inputs,
      verdicts,
      // The first ones: partitions that somebody added to one of them hold nothing that is judged.
      partitions: Math.min(...[verdicts, ...inputs].map((topic) => this.#partitions.get(topic) ?? 0)),
      signal: this.#o.signal,
      onBlock: (block) => this.#reconciliation.verdictBlock(block),
      onRecord: (record) => this.#reconciliation.rawRecord(rawFact(this.#topology, record)),
    });
    await raw.open();
    await raw.readJudged();
    let unjudged = await raw.countUnjudged();
    await this.#patiently(
      () => this.#reconciliation.missingRows + unjudged,
      async () => {
        await raw.readJudged();
        unjudged = await raw.countUnjudged();
      },
      "the sources and processors to take the newest records",
    );
    await raw.readUnjudged();
    return raw.verdictsAt;
  }

  /** What retention has left, before anything is compared. */
  async #tellKept(inputs: readonly string[]): Promise<void> {
    const { deliveries, matches, verdicts, quarantine } = CRICKET_TOPICS;
    const whole = async (topic: string): Promise<readonly boolean[]> =>
      (await this.#ends(topic)).low.map((low) => low === 0);
    const [hasVerdicts, hasDeliveries, hasMatches, hasQuarantine] = await Promise.all(
      [verdicts, deliveries, matches, quarantine].map(whole),
    );
    for (const topic of inputs) {
      const { low } = await this.#ends(topic);
      low.forEach((raw, partition) =>
        this.#reconciliation.retained(topic, partition, {
          raw,
          verdicts: hasVerdicts?.[partition] === true,
          clean: hasDeliveries?.[partition] === true && hasMatches?.[partition] === true,
          quarantine: hasQuarantine?.[partition] === true,
        }),
      );
    }
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
        `a source could not rule out ${gaps} gap(s) and copied all rows again: rows that were inserted and deleted within cannot be known`,
      );
    }
  }

  async #compareWarehouse(
    warehouse: ReadableWarehouse,
    ends: ReadonlyMap<string, TopicEnds>,
    loaded: ReadonlyMap<string, number>,
    lastRecords: ReadonlyMap<string, number>,
    verdictsAt: readonly number[],
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
          // Only a file that nobody writes can be opened itself.
          isLoading: warehouse.from === "snapshot",
        });
      });
    }
    const { verdicts, quarantine } = CRICKET_TOPICS;
    const quarantineTo = ends.get(quarantine)!.high;
    const inputs = INPUTS.map(({ topic }) => topic);
    const has = (topic: string, to: readonly number[]): boolean =>
      to.every((end, partition) => (loaded.get(`${topic}/${partition}`) ?? 0) >= end);
    if (has(verdicts, verdictsAt) && has(quarantine, quarantineTo)) {
      this.#reconciliation.verdictTables(await readVerdictTables(connection, inputs, verdictsAt, quarantineTo));
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
