import { ColumnBatch, tableNamed } from "./columns.ts";
import { placeOfKey } from "./delivery-fields.ts";
import { changeMarts } from "./mart-changes.ts";
import type { TouchedMatch } from "./marts.ts";
import type { CachedMatch, ReplacedRow } from "./match-cache.ts";
import { sqlList } from "./match-rows.ts";
import type { LoadPlan } from "./plan.ts";
import { matchRow, playerRows, type Row } from "./rows.ts";
import { sqlText } from "./tables.ts";

/** What a transaction will write, worked out to the last row. */
export interface PreparedLoad {
  readonly plan: LoadPlan;
  /** The matches it touches, by id, as they will be. */
  readonly touched: ReadonlyMap<string, TouchedMatch>;
  /** Statements that take away what is replaced. They come first. */
  readonly deletes: readonly string[];
  /** Rows to be appended, none of them empty. */
  readonly batches: readonly ColumnBatch[];
  /** Statements that insert, of rows that are in the stage already. */
  readonly inserts: readonly string[];
  /** Statements that take away deliveries which are no more. They come after all rows, of which some may be theirs. */
  readonly removals: readonly string[];
  /** Tables of the stage, of no use any more when the transaction has ended. */
  readonly staged: readonly string[];
}

/** Works out what the plan writes; `cached` has its deliveries already, `replaced` are the rows they stand for, and `removed` those that are no more. Pure, but for the cache. */
export function prepareLoad(
  plan: LoadPlan,
  cached: readonly CachedMatch[],
  replaced: readonly ReplacedRow[],
  removed: readonly ReplacedRow[],
): PreparedLoad {
  const deletes = deleteDeliveries(replaced);
  const matches = [...plan.matches.values()];
  if (matches.length > 0) {
    const ids = sqlList([...plan.matches.keys()]);
    deletes.push(`DELETE FROM matches WHERE match_id IN (${ids})`, `DELETE FROM players WHERE match_id IN (${ids})`);
  }
  const marts = changeMarts(cached);
  deletes.push(...marts.deletes);
  const rows: readonly (readonly [table: string, rows: readonly Row[]])[] = [
    ["matches", matches.map(({ clean, place }) => matchRow(clean, place))],
    ["players", matches.flatMap(({ clean }) => playerRows(clean))],
    ["verdict_counts", plan.verdictCounts],
    ["verdicts", plan.verdicts],
    ["quarantine", plan.quarantine],
    ["gaps", plan.gaps],
    ...marts.rows,
  ];
  const batches = [plan.deliveries.rows, ...rows.map(([table, ofTable]) => batchOf(table, ofTable))];
  return {
    plan,
    touched: new Map(marts.touched.map((touched) => [touched.match.matchId, touched])),
    deletes,
    batches: batches.filter(({ length }) => length > 0),
    inserts: [],
    removals: deleteDeliveries(removed),
    staged: [],
  };
}

function batchOf(table: string, rows: readonly Row[]): ColumnBatch {
  const batch = new ColumnBatch(tableNamed(table));
  for (const row of rows) batch.push(row);
  return batch;
}

/** Keys of one statement, at most. */
const DELETE_KEYS = 1000;

function deleteDeliveries(replaced: readonly ReplacedRow[]): string[] {
  const statements: string[] = [];
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
    statements.push(
      `DELETE FROM deliveries USING (VALUES ${keys.join(", ")}) AS k(match_id, innings, over_no, ball_no) ` +
        "WHERE deliveries.match_id = k.match_id AND deliveries.innings = k.innings " +
        `AND deliveries.over_no = k.over_no AND deliveries.ball_no = k.ball_no${bounds}`,
    );
  }
  return statements;
}
