import { setImmediate } from "node:timers/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import { mergeMatch } from "../domain/cricket/merge.ts";
import { CRICKET_TOPICS } from "../domain/cricket/topics.ts";
import type { GapEvent } from "../domain/source-position.ts";
import { append, appendBatch } from "./appender.ts";
import { duckdbReaction } from "./duckdb-errors.ts";
import { type HotFile, openHotFile } from "./hot-file.ts";
import { type CachedMatch, MatchCache, OFFSET_NOT_KNOWN, type ReplacedRow } from "./match-cache.ts";
import { rebuildMarts } from "./marts.ts";
import { MARTS_VERSION, migrate, readMartsVersion } from "./migrations.ts";
import { type LoadPlan, type PartitionName, partitionName, type Progress } from "./plan.ts";
import { type PreparedLoad, prepareLoad } from "./prepared-load.ts";
import { gapRow } from "./rows.ts";
import { Stage } from "./stage.ts";
import { sqlText } from "./tables.ts";
import { inTransaction, orRollBack } from "./transaction.ts";

/**
 * The warehouse, open for writing. One method at a time.
 *
 * Every error has a reaction (src/domain/errors.ts); after any of them the object is done with: close it,
 * and open it again if the reaction is to retry.
 */
export class Warehouse {
  readonly path: string;
  readonly #file: HotFile;
  readonly #cache: MatchCache;
  readonly #stage: Stage;
  /** Sees what is committed, also while a transaction is under way. */
  readonly #reading: DuckDBConnection;
  /** Tables of the stage that are of no use any more. */
  readonly #spent: string[] = [];
  /** Matches that are prepared and not yet loaded: how often. */
  readonly #underWay = new Map<string, number>();
  readonly #next: Map<PartitionName, number>;
  readonly #judged: Map<PartitionName, number>;

  private constructor(
    file: HotFile,
    cache: MatchCache,
    reading: DuckDBConnection,
    stage: Stage,
    next: Map<PartitionName, number>,
    judged: Map<PartitionName, number>,
  ) {
    this.path = file.path;
    this.#file = file;
    this.#cache = cache;
    this.#reading = reading;
    this.#stage = stage;
    this.#next = next;
    this.#judged = judged;
  }

  /** Opens, migrates, and makes the marts again where another version of the fold made them. `now` is ms since the Unix epoch. */
  static async open(warehouseDir: string, now: number): Promise<Warehouse> {
    const file = await openHotFile(warehouseDir);
    try {
      const { connection } = file;
      await migrate(connection, now);
      if ((await readMartsVersion(connection)) !== MARTS_VERSION) await rebuildMarts(connection);
      const cache = new MatchCache({
        records: await readIds(connection, "matches"),
        deliveries: await readIds(connection, "deliveries"),
      });
      const [next, judged] = [await readNext(connection), await readJudged(connection)];
      const reading = await file.connect();
      return new Warehouse(file, cache, reading, await Stage.open(reading), next, judged);
    } catch (error) {
      file.close();
      throw duckdbReaction(error, file.path);
    }
  }

  /** For reading in the same process: a second opening of the file would drop its lock. */
  get connection(): DuckDBConnection {
    return this.#file.connection;
  }

  /** A further connection, which sees what is committed. To be closed before the warehouse is. */
  connect(): Promise<DuckDBConnection> {
    return this.#file.connect();
  }

  get progress(): Progress {
    return { next: this.#next, judged: this.#judged };
  }

  /** Where partitions begin that are read for the first time, or again after an accepted gap; with the gap events (EO-13). */
  async start(offsets: ReadonlyMap<PartitionName, number>, gaps: readonly GapEvent[]): Promise<void> {
    if (offsets.size === 0) return;
    await this.#guarded((connection) =>
      inTransaction(connection, async () => {
        await append(
          connection,
          "gaps",
          gaps.map((gap) => gapRow(gap, null)),
        );
        for (const name of offsets.keys()) {
          const [topic, partition] = splitName(name);
          await connection.run(`DELETE FROM offsets WHERE topic = ${sqlText(topic)} AND partition = ${partition}`);
        }
        await append(
          connection,
          "offsets",
          [...offsets].map(([name, offset]) => [...splitName(name), BigInt(offset), null]),
        );
      }),
    );
    for (const [name, offset] of offsets) this.#next.set(name, offset);
    const judged = await readJudged(this.connection);
    for (const name of this.#judged.keys()) if (!judged.has(name)) this.#judged.delete(name);
  }

  /** By topic, the id of the one that was loaded; without those of which no loader has noted it yet. */
  async topicIds(): Promise<ReadonlyMap<string, string>> {
    const reader = await this.connection.runAndReadAll(
      "SELECT DISTINCT topic, topic_id FROM offsets WHERE topic_id IS NOT NULL",
    );
    return new Map(reader.getRows().map(([topic, id]) => [String(topic), String(id)]));
  }

  /** Notes ids of topics where there are none. */
  async noteTopicIds(ids: ReadonlyMap<string, string>): Promise<void> {
    const notes = [...ids].map(
      ([topic, id]) =>
        `UPDATE offsets SET topic_id = ${sqlText(id)} WHERE topic = ${sqlText(topic)} AND topic_id IS NULL`,
    );
    if (notes.length === 0) return;
    await this.#guarded((connection) => inTransaction(connection, () => run(connection, notes)));
  }

  /**
   * Works out what a plan writes, and puts it where one statement takes it from. May be called while the transaction before is
   * under way: `settled` waits for its end, and is called where something must be read that it writes. From then on the matches in
   * memory are ahead of the tables: what is prepared must be loaded next.
   */
  async prepare(plan: LoadPlan, settled: () => Promise<void> = () => Promise.resolve()): Promise<PreparedLoad> {
    try {
      const { cached, replaced, removed } = await this.#cached(plan, settled);
      await setImmediate();
      const prepared = await this.#stage.put(prepareLoad(plan, cached, replaced, removed));
      for (const id of prepared.touched.keys()) this.#underWay.set(id, (this.#underWay.get(id) ?? 0) + 1);
      return prepared;
    } catch (error) {
      this.#forget();
      throw duckdbReaction(error, this.path);
    }
  }

  /** One transaction (EO-9): delete what is replaced → insert, marts of the touched matches too → offsets → COMMIT. */
  async load(prepared: PreparedLoad): Promise<void> {
    const { plan, touched, staged } = prepared;
    await this.#guarded((connection) => orRollBack(connection, () => this.#write(connection, prepared)));
    this.#spent.push(...staged);
    for (const [name, offset] of plan.next) this.#next.set(name, offset);
    for (const [name, offset] of plan.judged) this.#judged.set(name, offset);
    for (const id of touched.keys()) {
      const others = this.#underWay.get(id)! - 1;
      if (others === 0) this.#underWay.delete(id);
      else this.#underWay.set(id, others);
    }
  }

  /** Remembers that nothing stands before these offsets: transaction markers at the end of a partition. */
  async advance(next: ReadonlyMap<PartitionName, number>): Promise<void> {
    if (next.size === 0) return;
    await this.#guarded((connection) => inTransaction(connection, () => run(connection, updateNext(next))));
    for (const [name, offset] of next) this.#next.set(name, offset);
  }

  /** Puts everything committed into the file itself, so that it can be copied without its log. */
  async checkpoint(): Promise<void> {
    try {
      await run(this.#file.connection, [...this.#dropSpent(), "CHECKPOINT"]);
    } catch (error) {
      throw duckdbReaction(error, this.path);
    }
  }

  close(): void {
    this.#cache.clear();
    this.#stage.close();
    this.#file.close();
  }

  /** In as few calls as can be: between two of them DuckDB waits for its turn in the JavaScript thread. */
  async #write(connection: DuckDBConnection, load: PreparedLoad): Promise<void> {
    const { plan, deletes, batches, inserts, removals } = load;
    const end = [...removals, ...updateNext(plan.next), "COMMIT"];
    const begin = [...this.#dropSpent(), "BEGIN", ...deletes, ...inserts];
    if (batches.length === 0) {
      await run(connection, [...begin, ...end]);
      return;
    }
    await run(connection, begin);
    for (const batch of batches) await appendBatch(connection, batch);
    await run(connection, end);
  }

  /**
   * Gives the memory of rows back that waited in the stage. On the connection that writes: that of the stage may be busy with the next,
   * and a second query there would break the first one off.
   */
  #dropSpent(): string[] {
    return this.#spent.splice(0).map((table) => `DROP TABLE ${table}`);
  }

  async #guarded(body: (connection: DuckDBConnection) => Promise<void>): Promise<void> {
    try {
      await body(this.#file.connection);
    } catch (error) {
      this.#forget();
      throw duckdbReaction(error, this.path);
    }
  }

  /** Matches in memory may be ahead of the tables, which stay as they were. */
  #forget(): void {
    this.#cache.clear();
    this.#underWay.clear();
  }

  /**
   * The touched matches with the plan's deliveries and records already in them, and the rows that these replace. What a
   * match in memory does not have, the tables have not either: so a delivery that comes for the first time needs no
   * deleting, whatever its verdict says.
   */
  async #cached(
    plan: LoadPlan,
    settled: () => Promise<void>,
  ): Promise<{
    readonly cached: readonly CachedMatch[];
    readonly replaced: readonly ReplacedRow[];
    readonly removed: readonly ReplacedRow[];
  }> {
    const { deliveries } = plan;
    const ids = [...new Set([...plan.matches.keys(), ...deliveries.matchIds])];
    this.#cache.use(deliveries.names);
    this.#cache.trim();
    // What was forgotten may be what a transaction under way writes: it can be read again when that has ended.
    if (this.#cache.missing(ids).some((id) => this.#underWay.has(id))) await settled();
    const cached = await this.#cache.get(this.#reading, ids);
    const replaced: ReplacedRow[] = [];
    const removed: ReplacedRow[] = [];
    for (const match of cached) {
      const record = plan.matches.get(match.matchId);
      if (record !== undefined) {
        const known = record.said.reduce(
          (before, next) => (before === null ? next : mergeMatch(before, next)),
          match.match,
        )!;
        plan.matches.set(match.matchId, { ...record, clean: { ...record.clean, match: known } });
        this.#cache.putRecord(match, known);
      }
      for (const row of deliveries.rowsOf(match.matchId)) {
        const before = this.#cache.put(match, deliveries.packed, row, (known) =>
          deliveries.fill(row, match.matchId, known),
        );
        if (before !== undefined) replaced.push(before);
      }
      for (const key of deliveries.deletedOf(match.matchId)) {
        this.#cache.remove(match, key);
        removed.push({ matchId: match.matchId, key, offset: OFFSET_NOT_KNOWN });
      }
    }
    return { cached, replaced, removed };
  }
}

function updateNext(next: ReadonlyMap<PartitionName, number>): string[] {
  // Updates in place: a delete and an insert would leave a dead row for every transaction. One each: a join costs more than
  // the few there are.
  return [...next].map(([name, offset]) => {
    if (!Number.isSafeInteger(offset)) throw new RangeError(`${offset} is no offset of ${name}`);
    const [topic, partition] = splitName(name);
    return `UPDATE offsets SET next_offset = ${offset} WHERE topic = ${sqlText(topic)} AND partition = ${partition}`;
  });
}

async function run(connection: DuckDBConnection, statements: readonly string[]): Promise<void> {
  await connection.run(statements.join("; "));
}

function splitName(name: PartitionName): [topic: string, partition: number] {
  const slash = name.lastIndexOf("/");
  return [name.slice(0, slash), Number(name.slice(slash + 1))];
}

async function readIds(connection: DuckDBConnection, table: string): Promise<string[]> {
  const reader = await connection.runAndReadAll(`SELECT DISTINCT match_id FROM ${table}`);
  return reader.getRows().map(([id]) => String(id));
}

async function readNext(connection: DuckDBConnection): Promise<Map<PartitionName, number>> {
  const reader = await connection.runAndReadAll("SELECT topic, partition, next_offset FROM offsets");
  return new Map(
    reader.getRows().map(([topic, partition, next]) => [partitionName(String(topic), Number(partition)), Number(next)]),
  );
}

/** Where the chain of verdicts stands. Behind an accepted gap in the verdicts themselves it begins anew. */
async function readJudged(connection: DuckDBConnection): Promise<Map<PartitionName, number>> {
  const reader = await connection.runAndReadAll(
    `SELECT input_topic, input_partition, max(to_offset) FROM verdict_counts WHERE log_offset >= coalesce((
       SELECT max((to_position ->> 'offset')::BIGINT) FROM gaps
       WHERE source_id = 'warehouse:${CRICKET_TOPICS.verdicts}/' || verdict_counts.log_partition), 0)
     GROUP BY ALL`,
  );
  return new Map(
    reader.getRows().map(([topic, partition, to]) => [partitionName(String(topic), Number(partition)), Number(to)]),
  );
}
