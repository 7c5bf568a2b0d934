import { setImmediate } from "node:timers/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import { appendBatch, appendNumbers, appendTexts, sqlType } from "./appender.ts";
import type { ColumnBatch } from "./columns.ts";
import type { PreparedLoad } from "./prepared-load.ts";

/** A database in memory beside the file: what is written to it needs no log, and no turn of the connection that writes the file. */
const CATALOG = "stage";
/** Fewer rows are sooner appended where they belong than by way of here. */
const STAGED_ROWS = 1000;

interface StagedBatch {
  readonly tables: readonly string[];
  readonly creates: readonly string[];
  readonly append: () => Promise<void>;
  readonly insert: string;
}

/**
 * Where the rows of the next transactions wait, while one is under way.
 *
 * What makes appending slow is a call of the binding for each text. So the rows of a large batch stand here with numbers in place of
 * texts, and beside them each different text once; an INSERT puts them together inside DuckDB.
 */
export class Stage {
  readonly #connection: DuckDBConnection;
  /**
   * Every load has tables of its own name. Those of a transaction before are dropped on another connection, at a time that this one
   * does not know: a name used again could be that of the table dropped.
   */
  #loads = 0;

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  /** Takes the connection over. */
  static async open(connection: DuckDBConnection): Promise<Stage> {
    try {
      await connection.run(`ATTACH ':memory:' AS ${CATALOG} (BLOCK_SIZE 16384)`);
    } catch (error) {
      connection.closeSync();
      throw error;
    }
    return new Stage(connection);
  }

  /** Of a large load: the same, with its rows put here. */
  async put(load: PreparedLoad): Promise<PreparedLoad> {
    if (!load.batches.some(({ length }) => length >= STAGED_ROWS)) return load;
    this.#loads++;
    const staged = load.batches.map((batch) => this.#staged(batch));
    await this.#connection.run(staged.flatMap(({ creates }) => creates).join("; "));
    for (const { append } of staged) {
      await append();
      await setImmediate();
    }
    const tables = staged.flatMap((batch) => batch.tables);
    return { ...load, batches: [], inserts: staged.map(({ insert }) => insert), staged: tables };
  }

  close(): void {
    this.#connection.closeSync();
  }

  #staged(batch: ColumnBatch): StagedBatch {
    const table = { catalog: CATALOG, name: `${batch.table.name}_${this.#loads}` };
    const { name } = batch.table;
    if (batch.length < STAGED_ROWS) {
      return {
        creates: [createTable(table.name, batch, sqlType("text"))],
        tables: [`${CATALOG}.${table.name}`],
        append: () => appendBatch(this.#connection, batch, table),
        insert: `INSERT INTO ${name} FROM ${CATALOG}.${table.name}`,
      };
    }
    const texts = { catalog: CATALOG, name: `${table.name}_texts` };
    // Element 0 of a list is NULL.
    const values = batch.columns.map(({ name: column, kind }) =>
      kind === "text" ? `t.texts[s."${column}"]` : `s."${column}"`,
    );
    return {
      creates: [
        createTable(table.name, batch, "INTEGER"),
        `CREATE TABLE ${CATALOG}.${texts.name} (id INTEGER, text VARCHAR)`,
      ],
      tables: [`${CATALOG}.${table.name}`, `${CATALOG}.${texts.name}`],
      append: async () => {
        await appendNumbers(this.#connection, batch, table);
        await appendTexts(this.#connection, batch.texts.all, texts);
      },
      insert:
        `INSERT INTO ${name} SELECT ${values.join(", ")} FROM ${CATALOG}.${table.name} s, ` +
        `(SELECT list(text ORDER BY id) AS texts FROM ${CATALOG}.${texts.name}) t`,
    };
  }
}

function createTable(name: string, batch: ColumnBatch, textType: string): string {
  const columns = batch.columns.map(
    ({ name: column, kind }) => `"${column}" ${kind === "text" ? textType : sqlType(kind)}`,
  );
  return `CREATE TABLE ${CATALOG}.${name} (${columns.join(", ")})`;
}
