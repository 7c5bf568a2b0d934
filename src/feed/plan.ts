/**
 * What the feed does with one match, step by step: a function of the files, the seed and the rates, and of nothing else. A feed that was
 * killed makes the same plan again and goes on at the step that the database says is next.
 *
 * An unreliable source, on demand:
 *   replay      a row (or the match record) that was inserted before, once more under a new primary key
 *   wrong → correction → stale   a row with a wrong value; some lines later the file's value; later still the wrong one again
 * The last new content of every ball is the file's.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { decode, readRows, unreadable } from "./csv.ts";
import type { DeliveryColumns, UnreadableLine } from "./csv.ts";
import type { MatchFiles } from "./folder.ts";
import { MAX_LINE_BYTES, readLines } from "./lines.ts";
import type { Line } from "./lines.ts";
import type { Random } from "./random.ts";
import { pick, seededBy } from "./random.ts";
import { CSV2_COLUMNS } from "./schema.ts";
import type { Csv2Column } from "./schema.ts";

export interface PlanOptions {
  readonly seed: number;
  /** Share of rows after which one is repeated, 0 … 1. */
  readonly replayRate: number;
  /** Share of rows that come wrong first, 0 … 1. */
  readonly correctionRate: number;
}

export type StepContent =
  | { readonly table: "match_info"; readonly info: string }
  | { readonly table: "deliveries"; readonly columns: DeliveryColumns }
  | { readonly table: "unreadable_rows"; readonly unreadable: UnreadableLine };

export interface Step {
  readonly content: StepContent;
  /** `file`: what the file says at this point. */
  readonly cause: "file" | "replay" | "wrong" | "correction" | "stale";
  /** Line of the deliveries file; 0 for the match record. */
  readonly line: number;
  /** About the size in memory and on the wire. */
  readonly bytes: number;
}

/** The source remembers this much of a match to repeat it; larger rows are not repeated. */
const MEMORY_ROWS = 5000;
const MEMORY_BYTES = 16 * 1024 * 1024;
const REPEATABLE_BYTES = 64 * 1024;

/** Four of five replays are of the last 20 rows, as after a short outage; the others reach back anywhere. */
const RECENT_ROWS = 20;
const RECENT_SHARE = 0.8;

/** Lines until a wrong row is corrected, and from there until the wrong one comes again, at most. */
const CORRECTION_WITHIN = 30;
const STALE_WITHIN = 60;

/** The steps of one pass through a match. */
export async function* planMatch(files: MatchFiles, pass: number, options: PlanOptions): AsyncGenerator<Step> {
  const random = seededBy(options.seed, `${files.matchId}/${pass}`);
  const memory = new Memory(random);
  const due = new DueList();
  const record = await matchRecord(files);
  memory.keep(record);
  yield record;
  let line = 0;
  for await (const row of deliveries(files)) {
    line += 1;
    if ("unreadable" in row) {
      const content = { table: "unreadable_rows", unreadable: row.unreadable } as const;
      yield { content, cause: "file", line, bytes: row.unreadable.raw.length + 200 };
      continue;
    }
    const right = delivery(row.columns, "file", line);
    const wrong = random() < options.correctionRate ? wrongVersion(row.columns, random) : null;
    if (wrong === null) {
      memory.keep(right);
      yield right;
    } else {
      const first = delivery(wrong, "wrong", line);
      memory.keep(first);
      yield first;
      const correctedAt = line + 1 + pick(random, CORRECTION_WITHIN);
      due.add(correctedAt, { ...right, cause: "correction" });
      due.add(correctedAt + 1 + pick(random, STALE_WITHIN), { ...first, cause: "stale" });
    }
    if (random() < options.replayRate && !memory.empty) yield { ...memory.recall(), cause: "replay" };
    yield* due.upTo(line, memory);
  }
  yield* due.upTo(Number.POSITIVE_INFINITY, memory);
}

async function* deliveries(
  files: MatchFiles,
): AsyncGenerator<{ columns: DeliveryColumns } | { unreadable: UnreadableLine }> {
  if (files.deliveries === null) return;
  yield* readRows(basename(files.deliveries), readLines(files.deliveries));
}

function delivery(columns: DeliveryColumns, cause: Step["cause"], line: number): Step {
  const bytes = columns.reduce((sum, column) => sum + (column?.length ?? 0) + 4, 100);
  return { content: { table: "deliveries", columns }, cause, line, bytes };
}

/** The match record goes first: a match is announced before its first ball. */
async function matchRecord(files: MatchFiles): Promise<Step> {
  const file = files.info === null ? `${files.matchId}_info.csv` : basename(files.info);
  const bad = (line: Line, problem: string): Step => {
    const content = { table: "unreadable_rows", unreadable: unreadable(file, line, problem) } as const;
    return { content, cause: "file", line: 0, bytes: content.unreadable.raw.length + 200 };
  };
  const nothing: Line = { number: 0, bytes: Buffer.alloc(0), unterminated: false, oversize: null };
  if (files.info === null) return bad(nothing, "the match has no info file");
  const { size } = await stat(files.info);
  if (size > MAX_LINE_BYTES) return bad(nothing, `${size} bytes; sha256 ${await fileDigest(files.info)}`);
  const bytes = await readFile(files.info);
  if (bytes.length === 0) return bad(nothing, "the file is empty");
  const decoded = decode({ bytes, oversize: null });
  if ("problem" in decoded) return bad({ ...nothing, bytes, number: 1 }, decoded.problem);
  return { content: { table: "match_info", info: decoded.text }, cause: "file", line: 0, bytes: bytes.length };
}

async function fileDigest(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest("hex");
}

/** Rows that were inserted, to be repeated. Bounded; the oldest ones give way. */
class Memory {
  readonly #random: Random;
  readonly #steps: Step[] = [];
  #next = 0;
  #bytes = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  keep(step: Step): void {
    if (step.content.table === "unreadable_rows" || step.bytes > REPEATABLE_BYTES) return;
    if (this.#bytes + step.bytes > MEMORY_BYTES) return;
    const at = this.#next % MEMORY_ROWS;
    this.#bytes += step.bytes - (this.#steps[at]?.bytes ?? 0);
    this.#steps[at] = step;
    this.#next += 1;
  }

  /** A row that was inserted before; not when `empty`. */
  recall(): Step {
    const count = this.#steps.length;
    const recent = this.#random() < RECENT_SHARE ? Math.min(count, RECENT_ROWS) : count;
    const back = 1 + pick(this.#random, recent);
    const step = this.#steps[(this.#next - back + MEMORY_ROWS) % MEMORY_ROWS];
    if (step === undefined) throw new RangeError("nothing to repeat");
    return step;
  }

  get empty(): boolean {
    return this.#steps.length === 0;
  }
}

/** Steps that wait for a line, in the order of their lines. */
class DueList {
  #waiting: { readonly line: number; readonly step: Step }[] = [];

  add(line: number, step: Step): void {
    this.#waiting.push({ line, step });
    this.#waiting.sort((a, b) => a.line - b.line);
  }

  *upTo(line: number, memory: Memory): Generator<Step> {
    while ((this.#waiting[0]?.line ?? Number.POSITIVE_INFINITY) <= line) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      memory.keep(next.step);
      yield next.step;
    }
  }
}

const RUNS: number = CSV2_COLUMNS.indexOf("runs_off_bat");
const PLAIN_ONLY: readonly Csv2Column[] = [
  "wides",
  "noballs",
  "byes",
  "legbyes",
  "penalty",
  "non_boundary",
  "wicket_type",
  "other_wicket_type",
];
const PLAIN_INDEXES: readonly number[] = PLAIN_ONLY.map((name) => CSV2_COLUMNS.indexOf(name));
const PLAUSIBLE_RUNS = ["0", "1", "2", "3", "4", "6"] as const;

/**
 * The same ball with other runs off the bat: what a scorer's slip looks like. null for a ball where runs off the bat could not just be
 * different (a wide, a wicket, extras), so that the wrong row is wrong and not unreadable.
 */
function wrongVersion(columns: DeliveryColumns, random: Random): DeliveryColumns | null {
  const draw = random();
  const runs = columns[RUNS];
  if (typeof runs !== "string" || !/^\d$/u.test(runs)) return null;
  if (PLAIN_INDEXES.some((index) => (columns[index] ?? "") !== "")) return null;
  const others = PLAUSIBLE_RUNS.filter((candidate) => candidate !== runs);
  return columns.with(RUNS, others[Math.floor(draw * others.length)] ?? "0");
}
