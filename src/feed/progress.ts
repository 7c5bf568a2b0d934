/**
 * How far a match is: kept in the same database, moved in the same transaction as the row. So a commit whose answer got lost is
 * no riddle (the row is in exactly when the progress says so), and a database that lost its last commits takes the feed back with it.
 */
import type { Sql } from "../postgres/sql.ts";
import type { PlanOptions, Step, StepContent } from "./plan.ts";
import { CSV2_COLUMNS } from "./schema.ts";

export interface Progress {
  readonly pass: number;
  /** Index of the next step of the plan. */
  readonly nextStep: number;
  readonly done: boolean;
  /** What the plan was made with; a match that was begun is finished by the same plan. */
  readonly plan: PlanOptions;
  readonly filesSha256: string;
}

interface ProgressRow {
  match_id: string;
  pass: number;
  next_step: string;
  done: boolean;
  plan: PlanOptions;
  files_sha256: string;
}

/** The progress of a match; begins it with `plan` when there is none. */
export async function beginMatch(sql: Sql, matchId: string, plan: PlanOptions, filesSha256: string): Promise<Progress> {
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
  };
}

/** The matches, of those given, that are finished. */
export async function finishedMatches(sql: Sql, matchIds: readonly string[]): Promise<Set<string>> {
  const rows = await sql<
    { match_id: string }[]
  >`select match_id from odi.feed_progress where done and match_id = any(${[...matchIds]})`;
  return new Set(rows.map((row) => row.match_id));
}

/** Starts a new pass through the given matches as far as they are finished. */
export async function playAgain(sql: Sql, matchIds: readonly string[], plan: PlanOptions): Promise<void> {
  const { seed, replayRate, correctionRate } = plan;
  await sql`
    update odi.feed_progress set pass = pass + 1, next_step = 0, done = false, plan = ${sql.json({ seed, replayRate, correctionRate })}
    where done and match_id = any(${[...matchIds]})`;
}

/** The files of a match changed after it was begun: plays it from the start, as a new pass. */
export async function restartMatch(sql: Sql, matchId: string, plan: PlanOptions, filesSha256: string): Promise<void> {
  const { seed, replayRate, correctionRate } = plan;
  await sql`
    update odi.feed_progress
    set pass = pass + 1, next_step = 0, done = false, files_sha256 = ${filesSha256}, plan = ${sql.json({ seed, replayRate, correctionRate })}
    where match_id = ${matchId}`;
}

/** Marks a match finished, if all its steps are in. False when they are not. */
export async function finishMatch(sql: Sql, matchId: string, pass: number, steps: number): Promise<boolean> {
  const result = await sql`
    update odi.feed_progress set done = true, updated_at = now() where match_id = ${matchId} and pass = ${pass} and next_step = ${steps}`;
  return result.count === 1;
}

/**
 * Inserts one row and moves the progress past it: one statement, one transaction. Resolves to false when the progress is not at
 * `step`, and then nothing was inserted: a statement that was pipelined behind a failed one cannot overtake it.
 */
export async function insertStep(
  sql: Sql,
  at: { readonly matchId: string; readonly pass: number; readonly step: number },
  step: Step,
): Promise<boolean> {
  const { text, values } = statementFor(at.matchId, step.content);
  const result = await sql.unsafe(text, [at.matchId, at.pass, at.step, ...values], { prepare: true });
  return result.count === 1;
}

/** A parameter as the client takes it. */
type Value = string | number | Buffer | null;

function statementFor(matchId: string, content: StepContent): { readonly text: string; readonly values: Value[] } {
  switch (content.table) {
    case "deliveries":
      return { text: INSERT_DELIVERY, values: [...content.columns] };
    case "match_info":
      return { text: INSERT_MATCH, values: [matchId, content.info] };
    case "unreadable_rows": {
      const { file, line, raw, problem } = content.unreadable;
      return { text: INSERT_UNREADABLE, values: [matchId, file, line, raw, problem] };
    }
  }
}

function insertInto(table: string, columns: readonly string[], types: readonly string[]): string {
  const values = columns.map((_, index) => `$${index + 4}::${types[index] ?? "text"}`);
  return `with moved as (
      update odi.feed_progress set next_step = next_step + 1, updated_at = now()
      where match_id = $1::text and pass = $2::int and next_step = $3::bigint returning 1)
    insert into odi.${table} (${columns.join(", ")}) select ${values.join(", ")} from moved`;
}

const INSERT_DELIVERY = insertInto("deliveries", CSV2_COLUMNS, []);
const INSERT_MATCH = insertInto("match_info", ["match_id", "info"], []);
const INSERT_UNREADABLE = insertInto(
  "unreadable_rows",
  ["match_id", "file", "line", "raw", "problem"],
  ["text", "text", "int", "bytea", "text"],
);
