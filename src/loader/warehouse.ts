import type { DuckDBConnection } from "@duckdb/node-api";
import type { GapEvent } from "../domain/cricket/topics.ts";
import { append, appendBatch } from "./appender.ts";
import { placeOfKey } from "./delivery-fields.ts";
import { duckdbReaction } from "./duckdb-errors.ts";
import { type HotFile, openHotFile } from "./hot-file.ts";
import { type CachedMatch, MatchCache, type ReplacedRow } from "./match-cache.ts";
import { sqlList } from "./match-rows.ts";
import { rebuildMarts, type TouchedMatch } from "./marts.ts";
import { MARTS_VERSION, migrate, readMartsVersion } from "./migrations.ts";
import { type LoadPlan, type PartitionName, partitionName, type Progress } from "./plan.ts";
import { refreshMarts } from "./refresh-marts.ts";
import { gapRow } from "./rows.ts";
import { sqlText } from "./tables.ts";
import { inTransaction } from "./transaction.ts";

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
  readonly #next: Map<PartitionName, number>;
  readonly #judged: Map<PartitionName, number>;

  private constructor(
    file: HotFile,
    cache: MatchCache,
    next: Map<PartitionName, number>,
    judged: Map<PartitionName, number>,
  ) {
    this.path = file.path;
    this.#file = file;
    this.#cache = cache;
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
      return new Warehouse(file, cache, await readNext(connection), await readJudged(connection));
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
    await this.#run(async (connection) => {
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
        [...offsets].map(([name, offset]) => [...splitName(name), BigInt(offset)]),
      );
    });
    for (const [name, offset] of offsets) this.#next.set(name, offset);
  }

  /**
   * One transaction (EO-9): delete what is replaced → insert → marts of the touched matches → offsets → COMMIT.
   * Returns the touched matches by id.
   */
  async load(plan: LoadPlan): Promise<Map<string, TouchedMatch>> {
    const touched = new Map<string, TouchedMatch>();
    await this.#run(async (connection) => {
      const { cached, replaced } = await this.#cached(connection, plan);
      if (replaced.length > 0) await deleteDeliveries(connection, replaced);
      await appendBatch(connection, plan.deliveries.rows);
      if (plan.matches.size > 0) await replaceMatches(connection, plan);
      if (plan.verdictCounts.length > 0) await append(connection, "verdict_counts", plan.verdictCounts);
      if (plan.verdicts.length > 0) await append(connection, "verdicts", plan.verdicts);
      if (plan.quarantine.length > 0) await append(connection, "quarantine", plan.quarantine);
      if (plan.gaps.length > 0) await append(connection, "gaps", plan.gaps);
      for (const match of await refreshMarts(connection, cached)) touched.set(match.match.matchId, match);
      await writeNext(connection, plan.next);
    });
    for (const [name, offset] of plan.next) this.#next.set(name, offset);
    for (const [name, offset] of plan.judged) this.#judged.set(name, offset);
    this.#cache.trim();
    return touched;
  }

  /** Remembers that nothing stands before these offsets: transaction markers at the end of a partition. */
  async advance(next: ReadonlyMap<PartitionName, number>): Promise<void> {
    if (next.size === 0) return;
    await this.#run((connection) => writeNext(connection, next));
    for (const [name, offset] of next) this.#next.set(name, offset);
  }

  /** Puts everything committed into the file itself, so that it can be copied without its log. */
  async checkpoint(): Promise<void> {
    try {
      await this.#file.connection.run("CHECKPOINT");
    } catch (error) {
      throw duckdbReaction(error, this.path);
    }
  }

  close(): void {
    this.#cache.clear();
    this.#file.close();
  }

  async #run(body: (connection: DuckDBConnection) => Promise<void>): Promise<void> {
    const { connection } = this.#file;
    try {
      await inTransaction(connection, () => body(connection));
    } catch (error) {
      this.#cache.clear();
      throw duckdbReaction(error, this.path);
    }
  }

  /**
   * The touched matches with the plan's deliveries and records already in them, and the rows that these replace. What a
   * match in memory does not have, the tables have not either: so a delivery that comes for the first time needs no
   * deleting, whatever its verdict says.
   */
  async #cached(
    connection: DuckDBConnection,
    plan: LoadPlan,
  ): Promise<{ readonly cached: readonly CachedMatch[]; readonly replaced: readonly ReplacedRow[] }> {
    const { deliveries } = plan;
    this.#cache.use(deliveries.names);
    const ids = new Set<string>([...plan.matches.keys(), ...deliveries.matchIds]);
    const cached = await this.#cache.get(connection, [...ids]);
    const replaced: ReplacedRow[] = [];
    for (const match of cached) {
      const record = plan.matches.get(match.matchId);
      if (record !== undefined) this.#cache.putRecord(match, record.clean.match);
      for (const row of deliveries.rowsOf(match.matchId)) {
        const before = this.#cache.put(match, deliveries.packed, row);
        if (before !== undefined) replaced.push(before);
      }
    }
    return { cached, replaced };
  }
}

/** Keys of one statement, at most. */
const DELETE_KEYS = 1000;

async function deleteDeliveries(connection: DuckDBConnection, replaced: readonly ReplacedRow[]): Promise<void> {
  for (let at = 0; at < replaced.length; at += DELETE_KEYS) {
    const some = replaced.slice(at, at + DELETE_KEYS);
    const keys = some.map(({ matchId, key }) => {
      const { innings, over, ball } = placeOfKey(key);
      return `(${sqlText(matchId)}, ${innings}, ${over}, ${ball})`;
    });
    // Rows stand in the order of the log, so its offsets tell which parts of the table need no reading.
    const offsets = some.map(({ offset }) => offset);
    const [first, last] = [Math.min(...offsets), Math.max(...offsets)];
    const bounds = first < 0 ? "" : ` AND deliveries.log_offset BETWEEN ${first} AND ${last}`;
    await connection.run(
      `DELETE FROM deliveries USING (VALUES ${keys.join(", ")}) AS k(match_id, innings, over_no, ball_no) ` +
        "WHERE deliveries.match_id = k.match_id AND deliveries.innings = k.innings " +
        `AND deliveries.over_no = k.over_no AND deliveries.ball_no = k.ball_no${bounds}`,
    );
  }
}

async function replaceMatches(connection: DuckDBConnection, plan: LoadPlan): Promise<void> {
  const ids = sqlList([...plan.matches.keys()]);
  await connection.run(`DELETE FROM matches WHERE match_id IN (${ids})`);
  await connection.run(`DELETE FROM players WHERE match_id IN (${ids})`);
  const matches = [...plan.matches.values()];
  await append(
    connection,
    "matches",
    matches.map(({ row }) => row),
  );
  await append(
    connection,
    "players",
    matches.flatMap(({ players }) => players),
  );
}

async function writeNext(connection: DuckDBConnection, next: ReadonlyMap<PartitionName, number>): Promise<void> {
  if (next.size === 0) return;
  // Updates in place: a delete and an insert would leave a dead row for every transaction. One each: a join costs more than
  // the few there are.
  const updates = [...next].map(([name, offset]) => {
    if (!Number.isSafeInteger(offset)) throw new RangeError(`${offset} is no offset of ${name}`);
    const [topic, partition] = splitName(name);
    return `UPDATE offsets SET next_offset = ${offset} WHERE topic = ${sqlText(topic)} AND partition = ${partition}`;
  });
  await connection.run(updates.join("; "));
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

async function readJudged(connection: DuckDBConnection): Promise<Map<PartitionName, number>> {
  const reader = await connection.runAndReadAll(
    "SELECT input_topic, input_partition, max(to_offset) FROM verdict_counts GROUP BY ALL",
  );
  return new Map(
    reader.getRows().map(([topic, partition, to]) => [partitionName(String(topic), Number(partition)), Number(to)]),
  );
}
