import { text as readAll } from "node:stream/consumers";
import type { DuckDBConnection, DuckDBResultReader, DuckDBValue } from "@duckdb/node-api";
import type { Command } from "commander";
import { SilentExit, UsageError } from "../errors.ts";
import { parseInteger } from "../options.ts";

interface Options {
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly limit: number;
}

/** What a shell expects of a command that Ctrl-C ended. */
const INTERRUPTED = 130;

/** A table longer than this is no longer read by a person. */
const ROWS_SHOWN = 200;

export function register(program: Command): void {
  program
    .command("sql")
    .argument("<query>", "a query in DuckDB's SQL, or - to read it from standard input")
    .description("ask the warehouse a question (read-only, on the newest published snapshot)")
    .option("--json", "print all rows as a JSON array of objects")
    .option("--csv", "print all rows as CSV with a header")
    .option("-n, --limit <rows>", "rows of the table to show, 0 = all", parseInteger(0), ROWS_SHOWN)
    .addHelpText(
      "after",
      "\nExamples:\n" +
        '  third-umpire sql "SELECT batter, sum(runs) AS runs FROM batting GROUP BY ALL ORDER BY runs DESC LIMIT 10"\n' +
        '  third-umpire sql "DESCRIBE deliveries"\n' +
        '  third-umpire sql "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE comment IS NOT NULL" --csv',
    )
    .action(ask);
}

async function ask(query: string, options: Options): Promise<void> {
  const [{ loadSettings }, { openForReading }, { noteSource }, { listenForShutdown }, { interruptible }] =
    await Promise.all([
      import("../../settings.ts"),
      import("../../loader/index.ts"),
      import("../warehouse-note.ts"),
      import("../shutdown.ts"),
      import("../interrupt.ts"),
    ]);
  const sql = query === "-" ? await readAll(process.stdin) : query;
  if (sql.trim() === "") throw new UsageError("there is no query", 'try `third-umpire sql "SHOW TABLES"`');
  const { signal, dispose } = listenForShutdown();
  const warehouse = await openForReading(loadSettings().warehouseDir, { prefer: "snapshot" });
  try {
    const { connection } = warehouse;
    // A question is about the warehouse: no other file is read or written, no extension loaded, nor can that be undone.
    await connection.run("SET enable_external_access = false; SET lock_configuration = true");
    if (process.stderr.isTTY) noteSource(warehouse);
    await interruptible(connection, signal, () => answer(connection, sql, options));
  } catch (error) {
    // Who pressed Ctrl-C knows why there is no answer.
    if (signal.aborted) throw new SilentExit(INTERRUPTED);
    throw error;
  } finally {
    dispose();
    warehouse.close();
  }
}

async function answer(connection: DuckDBConnection, sql: string, options: Options): Promise<void> {
  const { count, print, table } = await import("../output.ts");
  const reader = await run(() => connection.streamAndRead(sql));
  const names = reader.deduplicatedColumnNames();
  if (options.json === true || options.csv === true) {
    await run(() => reader.readAll());
    const rows = reader.getRows();
    if (options.json === true)
      print(
        JSON.stringify(
          rows.map((row) => Object.fromEntries(names.map((name, n) => [name, jsonValue(row[n])]))),
          null,
          1,
        ),
      );
    else print(...[names, ...rows.map((row) => row.map((value) => plainText(value)))].map(csvLine));
    return;
  }
  const shown = await firstRows(reader, options.limit);
  print(
    ...table<readonly DuckDBValue[]>(
      names.map((name, n) => ({
        title: name,
        value: (row) => cellText(row[n]),
        right: isNumber(shown.rows[0]?.[n]),
      })),
      shown.rows,
    ),
  );
  if (shown.isCut) print("", `The first ${count(options.limit)} rows are shown; --limit 0 or --csv shows all.`);
}

/** What DuckDB says of a query is about the query: the person who wrote it can mend it. */
async function run<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      (message.split("\n", 1)[0] ?? "").replace(/^Failed to extract statements: /u, ""),
      '`third-umpire sql "SHOW ALL TABLES"` lists tables and columns',
    );
  }
}

async function firstRows(
  reader: DuckDBResultReader,
  limit: number,
): Promise<{ rows: DuckDBValue[][]; isCut: boolean }> {
  await run(() => (limit === 0 ? reader.readAll() : reader.readUntil(limit + 1)));
  const rows = reader.getRows();
  return limit === 0 ? { rows, isCut: false } : { rows: rows.slice(0, limit), isCut: rows.length > limit };
}

function isNumber(value: DuckDBValue | undefined): boolean {
  return typeof value === "number" || typeof value === "bigint";
}

/** One line, whatever the value holds: control characters would move the cursor. */
function cellText(value: DuckDBValue | undefined): string {
  return plainText(value).replace(/[\p{Cc}\p{Cf}]+/gu, " ");
}

function plainText(value: DuckDBValue | undefined): string {
  return value === null || value === undefined ? "" : String(value);
}

function jsonValue(value: DuckDBValue | undefined): string | number | boolean | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  // A JSON number is read as a double: a larger integer would change on the way.
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  return String(value);
}

/** RFC 4180. */
function csvLine(values: readonly string[]): string {
  return values.map((value) => (/[",\r\n]/u.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(",");
}
