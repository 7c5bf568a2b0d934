/**
 * The rows that were there before the slot: copied through a second connection that adopts the snapshot exported with the slot, so
 * that copy and stream meet without gap or overlap.
 *
 * `pg` and not `postgres`: the latter's COPY stream pauses the socket on its last chunk and never resumes it (3.4.9), so that a
 * second COPY on the same connection waits for ever.
 */
import pg from "pg";
import { to as copyTo } from "pg-copy-streams";
import { WriteBatch } from "../../kafka/log.ts";
import { statedTime } from "../kit/index.ts";
import type { BatchLimits } from "./assembler.ts";
import { CopyTextReader } from "./copy-text.ts";
import type { RowWriter } from "./events.ts";
import type { Relation } from "./pgoutput.ts";
import { PRINTING } from "./replication.ts";
import { quotedName, type SourceTables } from "./tables.ts";

/** The row's name and its time. */
const OWN_COLUMNS: readonly string[] = ["id", "inserted_at"];

export interface SnapshotBatch {
  readonly write: WriteBatch;
  readonly last: boolean;
}

export interface SnapshotOptions {
  readonly connection: string;
  readonly applicationName: string;
  readonly snapshotName: string;
  readonly slot: string;
  readonly events: RowWriter;
  readonly limits: BatchLimits;
  readonly now: () => number;
  /** Ends the copy at once. */
  readonly signal: AbortSignal;
  /** The number of rows that will come; before the first batch. */
  readonly onCount: (rows: number) => Promise<void>;
  /** Called with one batch after another; the copy waits meanwhile (the server, too: the socket is not read). */
  readonly onBatch: (batch: SnapshotBatch) => Promise<void>;
}

/**
 * Copies all rows, ordered by id within a table. Ids of one key rise in the order of its commits where one
 * connection writes a key, so the order per key is kept. Event ids are deterministic: a second attempt repeats them.
 */
export async function copySnapshot(options: SnapshotOptions): Promise<void> {
  const client = new pg.Client({
    connectionString: options.connection,
    application_name: options.applicationName,
    connectionTimeoutMillis: 5000,
    keepAlive: true,
    // A copy may wait long for Kafka, so no limit may end it. Rows that a policy hides are an error and not left out.
    options: `${PRINTING} -c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c row_security=off`,
  });
  // The loss of the connection is reported by whatever waits for it; without a listener it would end the process.
  client.on("error", () => undefined);
  const stop = (): void => void client.end().catch(() => undefined);
  options.signal.addEventListener("abort", stop);
  try {
    await client.connect();
    await client.query("begin isolation level repeatable read read only");
    await client.query(`set transaction snapshot '${options.snapshotName.replaceAll("'", "''")}'`);
    await options.onCount(await countRows(client, options.events.tables));
    await copyTables(client, options);
    await client.query("commit");
  } finally {
    options.signal.removeEventListener("abort", stop);
    // With a COPY half read this destroys the socket, and the server notices.
    await client.end().catch(() => undefined);
  }
}

async function copyTables(client: pg.Client, options: SnapshotOptions): Promise<void> {
  const { limits, onBatch } = options;
  let batch = new WriteBatch();
  const { tables } = options.events;
  for (const [table, { columns }] of Object.entries(tables.tables)) {
    const { relation, from } = await describe(client, tables, table, columns);
    const names = relation.columns.map((name) => `"${name.replaceAll('"', '""')}"`).join(", ");
    const stream = client.query(copyTo(`copy (select ${names} from ${from} order by id) to stdout`));
    const reader = new CopyTextReader();
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      for (const row of reader.push(chunk)) {
        append(options, batch, relation, row);
        if (batch.length >= limits.maxEvents || batch.bytes >= limits.maxBytes) {
          await onBatch({ write: batch, last: false });
          batch = new WriteBatch();
        }
      }
    }
    if (!reader.complete)
      throw Object.assign(new Error("the copy of a table was cut short"), { code: "CONNECTION_CLOSED" });
  }
  await onBatch({ write: batch, last: true });
}

async function countRows(client: pg.Client, tables: SourceTables): Promise<number> {
  let rows = 0;
  for (const table of Object.keys(tables.tables)) {
    const counted = await client.query<{ n: string }>(`select count(*) as n from ${quotedName(tables, table)}`);
    rows += Number(counted.rows[0]?.n ?? 0);
  }
  return rows;
}

/**
 * What is copied of a table: the columns that the stream has too (it has none that are generated), and the rows of the table itself: those
 * of tables that inherit from it are published under their own names, those of its partitions under its own.
 */
async function describe(
  client: pg.Client,
  tables: SourceTables,
  table: string,
  wanted: readonly string[],
): Promise<{ readonly relation: Relation; readonly from: string }> {
  const columns = await client.query<{ attname: string; relkind: string }>(
    `select attname, relkind from pg_attribute join pg_class c on c.oid = attrelid
     where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`,
    [quotedName(tables, table)],
  );
  const names = columns.rows.map(({ attname }) => attname).filter((name) => [...OWN_COLUMNS, ...wanted].includes(name));
  const from = `${columns.rows[0]?.relkind === "p" ? "" : "only "}${quotedName(tables, table)}`;
  return { relation: { id: 0, schema: tables.schema, name: table, columns: names }, from };
}

function append(
  options: SnapshotOptions,
  batch: WriteBatch,
  relation: Relation,
  row: readonly (Buffer | null)[],
): void {
  const cell = (column: string): string => row[relation.columns.indexOf(column)]?.toString("utf8") ?? "";
  options.events.append(batch, relation, row, {
    id: `pg:snap:${options.slot}:${relation.name}:${cell("id")}`,
    timeMs: statedTime(parseTimestamp(cell("inserted_at")), options.now()),
  });
}

/** `timestamptz` as this session prints it, "2024-06-01 10:20:30.123456+00"; NaN for infinity, or what is no such time. */
function parseTimestamp(text: string): number {
  return Date.parse(text.replace(" ", "T").replace(/([+-]\d\d)$/u, "$1:00"));
}
