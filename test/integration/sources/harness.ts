import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { inject } from "vitest";
import { confluentLog } from "../../../src/kafka/confluent/index.ts";
import { type Log, WriteBatch } from "../../../src/kafka/log.ts";
import { ensureOdiSchema } from "../../../src/feed/index.ts";
import { ODI_ROWS } from "../../../src/pipelines/cricket/sources/odi.ts";
import { closeSql, openSql, type Sql } from "../../../src/postgres/sql.ts";
import { parseLsn } from "../../../src/sources/postgres/lsn.ts";
import { encodeStoredPosition, readStoredPosition } from "../../../src/sources/kit/index.ts";
import {
  POSTGRES_POSITION,
  type PostgresPosition,
  type PostgresSourceOptions,
  runPostgresSource,
  type SourceStatus,
} from "../../../src/sources/postgres/index.ts";

export const PARTITIONS = 4;

/** TEST_BROKERS and TEST_POSTGRES name servers that run already. */
export function brokers(): string {
  return process.env["TEST_BROKERS"] ?? inject("brokers");
}

export function openLog(): Log {
  return confluentLog({ brokers: brokers(), clientId: "postgres-test" });
}

/** A database, slot, source and topics that no other test uses. */
export interface World {
  readonly url: string;
  readonly name: string;
  readonly sql: Sql;
  readonly log: Log;
  readonly topics: { readonly raw: string; readonly positions: string; readonly gaps: string };
  /** Stops what was started in it, drops database and slot. */
  close(): Promise<void>;
  readonly closers: (() => Promise<void> | void)[];
}

export async function newWorld(
  serverUrl: string = process.env["TEST_POSTGRES"] ?? inject("postgresUrl"),
): Promise<World> {
  const name = `odi_${randomBytes(5).toString("hex")}`;
  const admin = openSql(serverUrl, { applicationName: "test admin" });
  await admin.unsafe(`create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const sql = openSql(url.href, { applicationName: "test", max: 4 });
  await ensureOdiSchema(sql);
  const closers: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.toReversed()) await closer();
    await closeSql(sql);
    // The server may take a moment to notice that a killed client is gone.
    await admin`select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = ${name} and active`;
    for (let attempt = 0; ; attempt += 1) {
      try {
        await admin`select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = ${name}`;
        await admin.unsafe(`drop database if exists ${name} with (force)`);
        break;
      } catch (error) {
        if (attempt === 20) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    await closeSql(admin);
  };
  const topics = { raw: `${name}.raw`, positions: `${name}.positions`, gaps: `${name}.gaps` };
  return { url: url.href, name, sql, log: openLog(), topics, closers, close };
}

export interface RunningSource {
  readonly statuses: SourceStatus[];
  readonly current: () => SourceStatus;
  /** The first status from now on, the current one included, for which `wanted` holds. */
  until(wanted: (status: SourceStatus) => boolean): Promise<SourceStatus>;
  stop(): Promise<void>;
  /** Settles with the source. */
  readonly ended: Promise<void>;
}

export function sourceOptions(
  world: Pick<World, "url" | "name" | "topics" | "log">,
): Omit<PostgresSourceOptions, "signal" | "onStatus"> {
  return {
    log: world.log,
    connection: world.url,
    sourceId: world.name,
    slot: world.name,
    publication: "odi",
    rows: ODI_ROWS,
    rawTopic: world.topics.raw,
    positionsTopic: world.topics.positions,
    gapsTopic: world.topics.gaps,
    partitions: PARTITIONS,
    maxEvents: 500,
  };
}

export function startSource(world: World, change: Partial<PostgresSourceOptions> = {}): RunningSource {
  const abort = new AbortController();
  const statuses: SourceStatus[] = [];
  const listeners = new Set<(status: SourceStatus) => void>();
  const ended = runPostgresSource({
    ...sourceOptions(world),
    ...change,
    signal: abort.signal,
    onStatus: (status) => {
      statuses.push(status);
      for (const listener of listeners) listener(status);
    },
  });
  // A test that expects the end awaits it; for the others `until` reports it.
  ended.catch(() => undefined);
  const current = (): SourceStatus => statuses.at(-1) as SourceStatus;
  const until = async (wanted: (status: SourceStatus) => boolean): Promise<SourceStatus> => {
    const now = statuses.at(-1);
    if (now !== undefined && wanted(now)) return now;
    let listener: ((status: SourceStatus) => void) | undefined;
    try {
      const found = new Promise<SourceStatus>((resolve) => {
        listener = (status) => {
          if (wanted(status)) resolve(status);
        };
        listeners.add(listener);
      });
      const failed = ended.then(() => Promise.reject(new Error(`the source ended: ${current().message}`)));
      return await Promise.race([found, failed]);
    } finally {
      if (listener !== undefined) listeners.delete(listener);
    }
  };
  const stop = async (): Promise<void> => {
    abort.abort();
    await ended.catch(() => undefined);
  };
  world.closers.push(stop);
  return { statuses, current, until, stop, ended };
}

export interface CrashAt {
  readonly point: string;
  /** How often it is passed before. */
  readonly nth: number;
  readonly in: "start" | "stream";
}

/** A source of its own process, to be killed; it kills itself at `crashAt`. */
export function forkSource(world: World, crashAt: CrashAt | null): ChildProcess {
  const { url, name, topics } = world;
  const config = JSON.stringify({ brokers: brokers(), url, name, topics, crashAt });
  const child = fork(fileURLToPath(new URL("source.child.ts", import.meta.url)), [config], {
    execArgv: ["--import", "tsx"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  world.closers.push(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  });
  return child;
}

/** Waits until the source has persisted everything that is committed now. */
export async function settle(world: World): Promise<Stored> {
  const [mark] = await world.sql<
    { lsn: string }[]
  >`select pg_logical_emit_message(true, 'third-umpire', 'mark')::text as lsn`;
  const lsn = parseLsn(mark?.lsn ?? "0/0");
  for (;;) {
    const position = await storedPosition(world);
    if (position !== null && position.phase === "stream" && position.lsn > lsn) return position;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export interface Stored extends PostgresPosition {
  readonly epoch: number;
  readonly events: number;
}

export async function storedPosition(world: World): Promise<Stored | null> {
  const stored = await readStoredPosition(world.log, world.topics.positions, world.name, 0, POSTGRES_POSITION);
  return stored === null ? null : { ...stored.position, epoch: stored.epoch, events: stored.events };
}

/** Writes the position once more as versions before did, which did not know what was published. The source must have stopped. */
export async function writeOldPosition(world: World): Promise<void> {
  const stored = await storedPosition(world);
  if (stored === null) throw new Error("the source has no position");
  const { epoch, events, published: _, ...position } = stored;
  const producer = world.log.producer({ transactionalId: `source-${world.name}`, transactionTimeoutMs: 10_000 });
  await producer.open();
  const batch = new WriteBatch();
  const value = encodeStoredPosition(world.name, { epoch, events, position }, POSTGRES_POSITION);
  batch.append(world.topics.positions, 0, Buffer.from(world.name), value);
  await producer.begin();
  await producer.write(batch);
  await producer.commit();
  await producer.close();
}

export interface RawEvent {
  readonly id: string;
  readonly type: string;
  readonly rowId: string;
  readonly key: string;
  /** ISO 8601. */
  readonly time: string;
  readonly partition: number;
  readonly value: Readonly<Record<string, unknown>>;
  readonly bytes: number;
}

/** Everything committed in a topic, partition by partition. */
export async function readTopic(
  world: Pick<World, "log">,
  topic: string,
  partitions: number = PARTITIONS,
): Promise<RawEvent[]> {
  const reader = world.log.reader({ isolation: "read_committed" });
  const events: RawEvent[] = [];
  try {
    await reader.open();
    for (let partition = 0; partition < partitions; partition += 1) {
      const at = { topic, partition };
      const { low, high } = await reader.watermarks(at, 10_000);
      reader.assign([{ ...at, offset: low }]);
      while (reader.position(at) < high) {
        for (const batch of await reader.fetch(5000, 1000)) {
          for (let index = 0; index < batch.length; index += 1) {
            const headers = new Map(batch.headers(index)?.map(([name, value]) => [name, value.toString()]));
            events.push({
              id: headers.get("ce_id") ?? "",
              type: headers.get("ce_type") ?? "",
              rowId: headers.get("ce_rowid") ?? "",
              key: batch.key(index)?.toString() ?? "",
              time: headers.get("ce_time") ?? "",
              partition,
              value: JSON.parse(batch.value(index)?.toString() ?? "null") as Record<string, unknown>,
              bytes: batch.value(index)?.length ?? 0,
            });
          }
        }
      }
    }
  } finally {
    await reader.close();
  }
  return events;
}

/** All rows of the schema, as events name them. */
export async function allRowIds(world: World): Promise<string[]> {
  const rows = await world.sql<{ row_id: string }[]>`
    select 'match_info/' || id as row_id from odi.match_info union all
    select 'deliveries/' || id from odi.deliveries union all
    select 'csv1_match_info/' || id from odi.csv1_match_info union all
    select 'csv1_deliveries/' || id from odi.csv1_deliveries union all
    select 'unreadable_rows/' || id from odi.unreadable_rows`;
  return rows.map((row) => row.row_id);
}

/** Inserts balls of some matches, one transaction each, in order per match. Returns their number. */
export async function insertBalls(world: World, count: number, from = 0): Promise<void> {
  for (let n = from; n < from + count; n += 1) {
    await world.sql`insert into odi.deliveries (match_id, ball, striker) values (${`m${n % 5}`}, ${String(n)}, 'X')`;
  }
}

/** The balls of every match in the order in which they arrived, repeats left out. */
export function ballsByMatch(events: readonly RawEvent[]): Map<string, string[]> {
  const seen = new Set<string>();
  const balls = new Map<string, string[]>();
  for (const event of events) {
    if (event.type !== "cricket.odi.delivery.v1" || seen.has(event.rowId)) continue;
    seen.add(event.rowId);
    balls.set(event.key, [...(balls.get(event.key) ?? []), String(event.value["ball"])]);
  }
  return balls;
}
