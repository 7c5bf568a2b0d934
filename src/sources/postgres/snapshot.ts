/**
 * The rows that were there before the slot: copied through a second connection that adopts the snapshot exported with the slot, so
 * that copy and stream meet without gap or overlap.
 */
import type { Readable } from "node:stream";
import type { Sql } from "../../postgres/sql.ts";
import { WriteBatch } from "../../kafka/log.ts";
import { CopyTextReader } from "./copy-text.ts";
import type { BatchLimits } from "./assembler.ts";
import type { EventWriter } from "./events.ts";
import type { Relation } from "./pgoutput.ts";

/** Matches before their deliveries, so that a reader of the raw topic knows a match when its first ball comes. */
const TABLES = ["match_info", "deliveries", "unreadable_rows"] as const;

export interface SnapshotBatch {
  readonly write: WriteBatch;
  readonly last: boolean;
}

export interface SnapshotOptions {
  readonly sql: Sql;
  readonly snapshotName: string;
  readonly slot: string;
  readonly events: EventWriter;
  readonly limits: BatchLimits;
  /** The number of rows that will come; before the first batch. */
  readonly onCount: (rows: number) => Promise<void>;
  /** Called with one batch after another; the copy waits meanwhile (the server, too: the socket is not read). */
  readonly onBatch: (batch: SnapshotBatch) => Promise<void>;
}

/**
 * Copies all rows, ordered by id within a table. Ids of one match rise in the order of its commits, because the feed writes a match
 * over one connection, so the order per match is kept. Event ids are deterministic: a second attempt repeats them.
 */
export async function copySnapshot(options: SnapshotOptions): Promise<void> {
  const { sql, snapshotName, onCount, onBatch, limits } = options;
  await sql.begin("isolation level repeatable read read only", async (tx) => {
    await tx.unsafe(`set transaction snapshot '${snapshotName.replaceAll("'", "''")}'`);
    // A statement limit of the role must not end a copy that waits for Kafka.
    await tx.unsafe("set local statement_timeout = 0; set local bytea_output = 'hex'; set local datestyle = 'ISO'; set local timezone = 'UTC'");
    let rows = 0;
    for (const table of TABLES) {
      const [counted] = await tx.unsafe<{ n: string }[]>(`select count(*) as n from odi.${table}`);
      rows += Number(counted?.n ?? 0);
    }
    await onCount(rows);
    let batch = new WriteBatch();
    for (const table of TABLES) {
      const relation = await describe(tx, table);
      const stream = (await tx.unsafe(`copy (select * from odi.${table} order by id) to stdout`).readable()) as Readable;
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
      if (!reader.complete) throw Object.assign(new Error("the copy of a table was cut short"), { code: "CONNECTION_CLOSED" });
    }
    await onBatch({ write: batch, last: true });
  });
}

async function describe(tx: Pick<Sql, "unsafe">, table: string): Promise<Relation> {
  const columns = await tx.unsafe<{ attname: string }[]>(
    `select attname from pg_attribute where attrelid = 'odi.${table}'::regclass and attnum > 0 and not attisdropped order by attnum`,
  );
  return { id: 0, schema: "odi", name: table, columns: columns.map((column) => column.attname) };
}

function append(options: SnapshotOptions, batch: WriteBatch, relation: Relation, row: readonly (Buffer | null)[]): void {
  const cell = (column: string): string => row[relation.columns.indexOf(column)]?.toString("utf8") ?? "";
  options.events.append(batch, relation, row, {
    id: `pg:snap:${options.slot}:${relation.name}:${cell("id")}`,
    timeMs: parseTimestamp(cell("inserted_at")),
  });
}

/** `timestamptz` as the session prints it (ISO style), "2024-06-01 10:20:30.123456+00". */
function parseTimestamp(text: string): number {
  return Date.parse(text.replace(" ", "T").replace(/([+-]\d\d)$/u, "$1:00"));
}
