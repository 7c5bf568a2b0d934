import { foldInnings, initialInnings } from "../domain/cricket/innings.ts";
import { partnershipsOf } from "../domain/cricket/partnerships.ts";
import { matchInfo, scoreInnings } from "../domain/cricket/scorecard.ts";
import type { Match } from "../domain/cricket/types.ts";
import { type InningsMarts, martRows, type TouchedMatch } from "./marts.ts";
import type { CachedMatch } from "./match-cache.ts";
import { matchWithoutRecord, sqlList } from "./match-rows.ts";
import type { Row } from "./rows.ts";
import { MART_TABLES, sqlText } from "./tables.ts";

type InningsKey = readonly [matchId: string, innings: number];

/** What brings the marts to what the deliveries of some matches say. */
export interface MartChanges {
  /** Statements; they come before the rows. */
  readonly deletes: readonly string[];
  /** By table. */
  readonly rows: ReadonlyMap<string, readonly Row[]>;
  /** The matches, scored. */
  readonly touched: readonly TouchedMatch[];
}

/**
 * Only innings that a delivery came to are folded again, and of these only the tables are written whose rows changed. The matches in
 * memory then count as written: they must be forgotten when that fails.
 */
export function changeMarts(matches: readonly CachedMatch[]): MartChanges {
  const touched: TouchedMatch[] = [];
  const wholeMatches: string[] = [];
  const changes = new Map(MART_TABLES.map(({ name }) => [name, { gone: [] as InningsKey[], rows: [] as Row[] }]));
  for (const cached of matches) {
    const score = scoreCached(cached);
    touched.push(score);
    const { matchId, written: before } = cached;
    const after = new Map<number, ReadonlyMap<string, string>>();
    if (before === null) wholeMatches.push(matchId);
    for (const { number } of score.scored.innings) {
      const marts = cached.folded.get(number)!;
      const known = before?.get(number);
      const texts = new Map<string, string>();
      for (const [table, rows] of Object.entries(martRows(matchId, marts))) {
        const text = JSON.stringify(rows);
        texts.set(table, text);
        if (known?.get(table) === text) continue;
        const change = changes.get(table)!;
        if (known !== undefined) change.gone.push([matchId, number]);
        for (const row of rows) change.rows.push(row);
      }
      after.set(number, texts);
    }
    for (const number of before?.keys() ?? []) {
      if (!after.has(number)) for (const { gone } of changes.values()) gone.push([matchId, number]);
    }
    cached.written = after;
  }
  const deletes: string[] = [];
  for (const [table, { gone }] of changes) {
    if (wholeMatches.length > 0) deletes.push(`DELETE FROM ${table} WHERE match_id IN (${sqlList(wholeMatches)})`);
    if (gone.length > 0) deletes.push(deleteInnings(table, gone));
  }
  return { deletes, rows: new Map(Array.from(changes, ([table, { rows }]) => [table, rows])), touched };
}

function deleteInnings(table: string, gone: readonly InningsKey[]): string {
  const [only, ...more] = gone;
  if (only !== undefined && more.length === 0)
    return `DELETE FROM ${table} WHERE match_id = ${sqlText(only[0])} AND innings = ${only[1]}`;
  const keys = gone.map(([matchId, innings]) => `(${sqlText(matchId)}, ${innings})`).join(", ");
  return (
    `DELETE FROM ${table} USING (VALUES ${keys}) AS k(match_id, innings) ` +
    `WHERE ${table}.match_id = k.match_id AND ${table}.innings = k.innings`
  );
}

/** As `scoreMatch` scores it, from what is folded already where nothing changed. */
function scoreCached(cached: CachedMatch): TouchedMatch {
  const match = cached.match ?? recordMissing(cached);
  const notes = new Map(match.inningsNotes.map((note) => [note.innings, note]));
  const numbers = new Set(cached.innings.keys());
  for (const { innings, forfeited } of match.inningsNotes) if (forfeited === true) numbers.add(innings);
  const innings = [...numbers]
    .sort((a, b) => a - b)
    .map((number) => {
      let marts = cached.folded.get(number);
      if (marts === undefined) {
        marts = foldMarts(match, notes.get(number), number, cached.innings.get(number)?.of(match.matchId) ?? []);
        cached.folded.set(number, marts);
      }
      return marts.innings;
    });
  return { match, scored: { id: match.matchId, info: matchInfo(match), innings } };
}

function foldMarts(
  match: Match,
  note: Match["inningsNotes"][number] | undefined,
  number: number,
  deliveries: Parameters<typeof foldInnings>[1],
): InningsMarts {
  const start = initialInnings(number, match.ballsPerOver, note?.penaltyPre ?? 0);
  return {
    innings: scoreInnings(match, note, foldInnings(start, deliveries)),
    partnerships: partnershipsOf(deliveries),
  };
}

function recordMissing({ matchId, innings }: CachedMatch): Match {
  const deliveries = [...innings].sort(([a], [b]) => a - b).flatMap(([, ofInnings]) => ofInnings.of(matchId));
  return matchWithoutRecord({ matchId, match: null, deliveries });
}
