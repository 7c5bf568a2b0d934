/** The schema `odi` as the target of a feed: one statement a row, and so one transaction. */
import { classifyPostgresError } from "../../postgres/errors.ts";
import type { Sql } from "../../postgres/sql.ts";
import { closeSql, openSql } from "../../postgres/sql.ts";
import type { OdiContent } from "../formats/odi-content.ts";
import type { PlanOptions, Step } from "../plan.ts";
import type { OdiTable } from "../../pipelines/cricket/sources/odi.ts";
import { DOCUMENT_COLUMN, ensureMatchIndex, ensureOdiSchema } from "../schema.ts";
import { ODI_COLUMNS, ODI_PUBLICATION } from "../../pipelines/cricket/sources/odi.ts";
import type { FeedConnection, FeedTarget, Progress, StatedAt, StatedKeys, StepPlace } from "../target.ts";
import { type BallTable, ballKey } from "../formats/csv-editions.ts";

const APPLICATION = "third-umpire feed";
/** Rows on their way to the server: they hide the round trip; the guard in the statement keeps their order. */
const WINDOW_ROWS = 32;

export interface PostgresTargetOptions {
  readonly connection: string;
  readonly publication?: string;
}

export function postgresTarget(options: PostgresTargetOptions): FeedTarget<OdiContent> {
  const sql = openSql(options.connection, { applicationName: APPLICATION });
  return {
    prepare: () => ensureOdiSchema(sql, options.publication ?? ODI_PUBLICATION),
    finished: (matchIds) => finishedMatches(sql, matchIds),
    again: (matchIds, plan) => playAgain(sql, matchIds, plan),
    connect: () => Promise.resolve(postgresConnection(openSql(options.connection, { applicationName: APPLICATION }))),
    classify: (error, doing) => {
      const named = classifyPostgresError(error, doing);
      return named instanceof Error ? named : new Error(String(named));
    },
    close: () => closeSql(sql),
  };
}

/** Owns `sql` and closes it. */
export function postgresConnection(sql: Sql): FeedConnection<OdiContent> {
  return {
    windowRows: WINDOW_ROWS,
    begin: (matchId, plan, digest) => beginMatch(sql, matchId, plan, digest),
    restart: (matchId, plan, digest) => restartMatch(sql, matchId, plan, digest),
    stated: (at) => statedKeys(sql, at),
    records: (at) => earlierRecords(sql, at),
    insert: (at, step) => insertStep(sql, at, step),
    finish: (matchId, pass, steps) => finishMatch(sql, matchId, pass, steps),
    close: () => closeSql(sql),
  };
}

interface ProgressRow {
  match_id: string;
  pass: number;
  next_step: string;
  done: boolean;
  plan: PlanOptions;
  files_sha256: string;
  /** Null of the first. */
  edition: number | null;
}

async function beginMatch(sql: Sql, matchId: string, plan: PlanOptions, filesSha256: string): Promise<Progress> {
  const { seed, replayRate, correctionRate } = plan;
  await sql`
    insert into odi.feed_progress (match_id, pass, next_step, done, plan, files_sha256)
    values (${matchId}, 0, 0, false, ${sql.json({ seed, replayRate, correctionRate })}, ${filesSha256})
    on conflict (match_id) do nothing`;
  const [row] = await sql<ProgressRow[]>`select * from odi.feed_progress where match_id = ${matchId}`;
  if (row === undefined) throw new Error(`no progress for match ${matchId}`);
  return {
    pass: row.pass,
    nextStep: Number(row.next_step),
    done: row.done,
    plan: row.plan,
    filesSha256: row.files_sha256,
    ...(row.edition === null ? {} : { edition: row.edition }),
  };
}

async function finishedMatches(sql: Sql, matchIds: readonly string[]): Promise<Map<string, string>> {
  const rows = await sql<
    { match_id: string; files_sha256: string }[]
  >`select match_id, files_sha256 from odi.feed_progress where done and match_id = any(${[...matchIds]})`;
  return new Map(rows.map((row) => [row.match_id, row.files_sha256]));
}

async function playAgain(sql: Sql, matchIds: readonly string[], plan: PlanOptions): Promise<void> {
  const { seed, replayRate, correctionRate } = plan;
  await sql`
    update odi.feed_progress set pass = pass + 1, next_step = 0, done = false, plan = ${sql.json({ seed, replayRate, correctionRate })}
    where done and match_id = any(${[...matchIds]})`;
}

async function restartMatch(sql: Sql, matchId: string, plan: PlanOptions, filesSha256: string): Promise<void> {
  const { seed, replayRate, correctionRate } = plan;
  await sql`
    update odi.feed_progress
    set pass = pass + 1, edition = coalesce(edition, 1) + 1, next_step = 0, done = false, files_sha256 = ${filesSha256}, plan = ${sql.json({ seed, replayRate, correctionRate })}
    where match_id = ${matchId}`;
}

/** A row as far as editions go. */
interface StatedRow {
  readonly innings: string | null;
  readonly ball: string | null;
  readonly nth: string | null;
  readonly edition: string | null;
  readonly deleted: string | null;
}

/** Rows by rows, for a table that somebody writes into may hold any. */
async function statedKeys(sql: Sql, at: StatedAt): Promise<StatedKeys> {
  const table: BallTable = at.table === "csv1_deliveries" ? at.table : "deliveries";
  await ensureMatchIndex(sql, table);
  const document = documentOf(at.progressKey, table, at.matchId);
  const rows = await sql<StatedRow[]>`
    select innings, ball, ${table === "deliveries" ? sql`null` : sql`nth`} as nth, edition, deleted
    from odi.${sql(table)} where match_id = ${at.matchId} and document is not distinct from ${document} order by id`;
  const before = new Set<string>();
  const deleted = new Set<string>();
  for (const row of rows) {
    const key = ballKey(row);
    const edition = Number(row.edition ?? 1);
    const isDeletion = row.deleted !== null;
    if (key === null || edition > at.edition) continue;
    if (edition === at.edition) {
      if (isDeletion) deleted.add(key);
    } else if (isDeletion) before.delete(key);
    else before.add(key);
  }
  return { before, deleted };
}

async function earlierRecords(sql: Sql, at: StatedAt): Promise<readonly string[]> {
  const table = at.table === "csv1_deliveries" ? "csv1_match_info" : "match_info";
  await ensureMatchIndex(sql, table);
  const document = documentOf(at.progressKey, table, at.matchId);
  const rows = await sql<{ info: string; edition: string | null }[]>`
    select info, edition from odi.${sql(table)}
    where match_id = ${at.matchId} and document is not distinct from ${document} and info is not null order by id`;
  return rows.flatMap(({ info, edition }) => (Number(edition ?? 1) < at.edition ? [info] : []));
}

async function finishMatch(sql: Sql, matchId: string, pass: number, steps: number): Promise<boolean> {
  const result = await sql`
    update odi.feed_progress set done = true, updated_at = now() where match_id = ${matchId} and pass = ${pass} and next_step = ${steps}`;
  return result.count === 1;
}

async function insertStep(sql: Sql, at: StepPlace, step: Step<OdiContent>): Promise<boolean> {
  const { text, values } = statementFor(step.content, at.matchId);
  const result = await sql.unsafe(text, [at.matchId, at.pass, at.step, ...values], { prepare: true });
  return result.count === 1;
}

/** What a row keeps of its progress key: nothing, unless an earlier folder holds the same match in the same format. */
function documentOf(progressKey: string, table: OdiTable, matchId: string): string | null {
  return progressKey === (table.startsWith("csv1_") ? `${matchId}#csv1` : matchId) ? null : progressKey;
}

/** A parameter as the client takes it. */
type Value = string | number | Buffer | null;

function statementFor(content: OdiContent, progressKey: string): { readonly text: string; readonly values: Value[] } {
  switch (content.table) {
    case "deliveries":
      return { text: INSERT_DELIVERY, values: ballValues(content, progressKey) };
    case "csv1_deliveries":
      return { text: INSERT_CSV1_DELIVERY, values: ballValues(content, progressKey) };
    case "csv1_match_info":
      return { text: INSERT_CSV1_MATCH, values: recordValues(content, progressKey) };
    case "match_info":
      return { text: INSERT_MATCH, values: recordValues(content, progressKey) };
    case "unreadable_rows": {
      const { file, line, raw, problem } = content.unreadable;
      return { text: INSERT_UNREADABLE, values: [content.matchId, file, line, raw, problem] };
    }
  }
}

function ballValues(
  { table, columns, edition, deleted }: Extract<OdiContent, { table: BallTable }>,
  progressKey: string,
): Value[] {
  // The first column of both is the match.
  return [...columns, textOf(edition), textOf(deleted), documentOf(progressKey, table, columns[0] ?? "")];
}

function recordValues(
  { table, matchId, info, edition, withdrawn }: Extract<OdiContent, { info: string }>,
  progressKey: string,
): Value[] {
  return [matchId, info, textOf(edition), withdrawn ?? null, documentOf(progressKey, table, matchId)];
}

function textOf(value: number | boolean | undefined): string | null {
  return value === undefined ? null : String(value);
}

function insertInto(table: OdiTable, columns: readonly string[], types: readonly string[]): string {
  const values = columns.map((_, index) => `$${index + 4}::${types[index] ?? "text"}`);
  return `with moved as (
      update odi.feed_progress set next_step = next_step + 1, updated_at = now()
      where match_id = $1::text and pass = $2::int and next_step = $3::bigint returning 1)
    insert into odi.${table} (${columns.join(", ")}) select ${values.join(", ")} from moved`;
}

const INSERT_DELIVERY = insertInto("deliveries", [...ODI_COLUMNS.deliveries, DOCUMENT_COLUMN], []);
const INSERT_MATCH = insertInto("match_info", [...ODI_COLUMNS.match_info, DOCUMENT_COLUMN], []);
const INSERT_CSV1_DELIVERY = insertInto("csv1_deliveries", [...ODI_COLUMNS.csv1_deliveries, DOCUMENT_COLUMN], []);
const INSERT_CSV1_MATCH = insertInto("csv1_match_info", [...ODI_COLUMNS.csv1_match_info, DOCUMENT_COLUMN], []);
const INSERT_UNREADABLE = insertInto(
  "unreadable_rows",
  ["match_id", "file", "line", "raw", "problem"],
  ["text", "text", "int", "bytea", "text"],
);
