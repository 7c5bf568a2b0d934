import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OdiContent, odiScripts } from "../../../src/feed/index.ts";
import { CSV2_COLUMNS } from "../../../src/pipelines/cricket/sources/odi.ts";
import { planMatch, type PlanOptions, type Step } from "../../../src/feed/plan.ts";
import type { Sql } from "../../../src/postgres/sql.ts";

export const HEADER: string = CSV2_COLUMNS.join(",");

export function ballLine(matchId: string, n: number): string {
  const label = `${Math.floor(n / 6)}.${(n % 6) + 1}`;
  return `${matchId},2024,2024-01-01,"V, é",1,${label},${label},A,B,X,Y,Z,${n % 5},0${",".repeat(13)}`;
}

/** A folder of made-up matches. */
export function makeMatches(ids: readonly string[], balls: number): string {
  const dir = mkdtempSync(join(tmpdir(), "tu-matches-"));
  for (const id of ids) writeMatch(dir, id, balls);
  return dir;
}

export function writeMatch(dir: string, id: string, balls: number): void {
  const lines = Array.from({ length: balls }, (_, n) => ballLine(id, n));
  writeFileSync(join(dir, `${id}.csv`), `${HEADER}\n${lines.join("\n")}\n`);
  writeFileSync(join(dir, `${id}_info.csv`), `version,2.3.0\ninfo,match_id,${id}\n`);
}

/** What the rows of a match must be, in order, when every step was inserted exactly once. */
export async function plannedRows(dir: string, matchId: string, plan: PlanOptions, pass = 0): Promise<string[]> {
  const script = (await odiScripts([dir])).find((match) => match.matchId === matchId);
  const rows: string[] = [];
  if (script !== undefined) for await (const step of planMatch(script, pass, plan)) rows.push(rowOf(step));
  return rows;
}

function rowOf({ content }: Step<OdiContent>): string {
  if ("columns" in content) return JSON.stringify(content.columns);
  if ("info" in content) return JSON.stringify([content.info]);
  const { file, line, raw, problem } = content.unreadable;
  return JSON.stringify([file, line, raw.toString("base64"), problem]);
}

/** The rows of a match as they are, deliveries in order, then the others. */
export async function insertedRows(sql: Sql, matchId: string): Promise<{ deliveries: string[]; others: string[] }> {
  const deliveries = await sql.unsafe(
    `select ${CSV2_COLUMNS.join(", ")} from odi.deliveries where match_id = $1 order by id`,
    [matchId],
  );
  const infos = await sql`select info from odi.match_info where match_id = ${matchId} order by id`;
  const unreadable = await sql<{ file: string; line: number; raw: Buffer; problem: string }[]>`
    select file, line, raw, problem from odi.unreadable_rows where match_id = ${matchId} order by id`;
  return {
    deliveries: deliveries.map((row) =>
      JSON.stringify(CSV2_COLUMNS.map((name) => (row as Record<string, unknown>)[name])),
    ),
    others: [
      ...infos.map((row) => JSON.stringify([row["info"]])),
      ...unreadable.map((row) => JSON.stringify([row.file, row.line, row.raw.toString("base64"), row.problem])),
    ],
  };
}

/** Planned and inserted in a comparable form: the deliveries in order, the others as they come. */
export async function expectation(
  dir: string,
  matchId: string,
  plan: PlanOptions,
  pass = 0,
): Promise<{ deliveries: string[]; others: string[] }> {
  const rows = await plannedRows(dir, matchId, plan, pass);
  const isDelivery = (row: string): boolean => (JSON.parse(row) as unknown[]).length === CSV2_COLUMNS.length;
  return { deliveries: rows.filter(isDelivery), others: rows.filter((row) => !isDelivery(row)) };
}
