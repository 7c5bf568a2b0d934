/** Cricsheet's "Ashwin" CSV: `<id>.csv` with a row a delivery, and `<id>_info.csv` with what is said about the match. */
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import type { DeliveryRow, UnreadableLine } from "../csv.ts";
import { decode, readRows, unreadable } from "../csv.ts";
import { digestOfFiles } from "../files.ts";
import { MAX_LINE_BYTES, readLines } from "../lines.ts";
import type { Line } from "../lines.ts";
import type { MatchScript, ScriptRow } from "../plan.ts";
import type { Random } from "../../domain/random.ts";
import { otherRuns } from "../slip.ts";
import type { Csv2Column } from "../../pipelines/cricket/sources/odi.ts";
import { CSV2_COLUMNS } from "../../pipelines/cricket/sources/odi.ts";
import { csvEditions } from "./csv-editions.ts";
import type { OdiContent } from "./odi-content.ts";
import { unreadableRow } from "./odi-content.ts";

/** The two files of a match; one of them may be missing. */
export interface Csv2Files {
  readonly matchId: string;
  readonly deliveries: string | null;
  readonly info: string | null;
}

export function csv2Script(files: Csv2Files, progressKey: string = files.matchId): MatchScript<OdiContent> {
  return {
    matchId: files.matchId,
    progressKey,
    record: () => matchRecord(files),
    rows: () => deliveries(files),
    wrong: wrongVersion,
    editions: {
      ...csvEditions(files.matchId, "deliveries"),
      // What is said about the match stands in a file of its own, and there may be none: no ball is hidden in it.
      hides: ({ line }) => line > 0,
    },
    digest: () => digestOfFiles([files.info, files.deliveries]),
  };
}

async function* deliveries(files: Csv2Files): AsyncGenerator<ScriptRow<OdiContent>> {
  if (files.deliveries === null) return;
  let line = 0;
  for await (const row of readRows(basename(files.deliveries), readLines(files.deliveries))) {
    line += 1;
    if ("unreadable" in row) {
      yield unreadableRow(files.matchId, row.unreadable, line);
      continue;
    }
    const stated = row.columns[MATCH_ID] ?? "";
    yield stated.trim() !== files.matchId
      ? unreadableRow(files.matchId, otherMatch(basename(files.deliveries), row, stated), line)
      : {
          content: { table: "deliveries", columns: row.columns },
          bytes: row.columns.reduce((sum, column) => sum + (column?.length ?? 0) + 4, 100),
          line,
          repeatable: true,
        };
  }
}

const MATCH_ID = CSV2_COLUMNS.indexOf("match_id");

/** A row of another match would go in under this one's progress: that file is played on its own, or nobody knows which is right. */
function otherMatch(file: string, { line, columns }: DeliveryRow, stated: string): UnreadableLine {
  const raw = Buffer.from(columns.map((column) => column ?? "").join(","));
  return {
    file,
    line,
    raw,
    problem: `the row is of match ${JSON.stringify(stated.slice(0, 64))}, the file of another`,
  };
}

async function matchRecord({ matchId, info }: Csv2Files): Promise<ScriptRow<OdiContent>> {
  const file = info === null ? `${matchId}_info.csv` : basename(info);
  const bad = (line: Line, problem: string): ScriptRow<OdiContent> =>
    unreadableRow(matchId, unreadable(file, line, problem), 0);
  const nothing: Line = { number: 0, bytes: Buffer.alloc(0), unterminated: false, oversize: null };
  if (info === null) return bad(nothing, "the match has no info file");
  const { size } = await stat(info);
  if (size > MAX_LINE_BYTES) return bad(nothing, `${size} bytes; sha256 ${await digestOfFiles([info], "")}`);
  const bytes = await readFile(info);
  if (bytes.length === 0) return bad(nothing, "the file is empty");
  const decoded = decode({ bytes, oversize: null });
  if ("problem" in decoded) return bad({ ...nothing, bytes, number: 1 }, decoded.problem);
  return {
    content: { table: "match_info", matchId, info: decoded.text },
    line: 0,
    bytes: bytes.length,
    repeatable: true,
  };
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

/** Only a ball without extras and wickets: there the runs off the bat could just be different. */
function wrongVersion(content: OdiContent, random: Random): OdiContent | null {
  const draw = random();
  if (content.table !== "deliveries") return null;
  const { columns } = content;
  if (PLAIN_INDEXES.some((index) => (columns[index] ?? "") !== "")) return null;
  const slip = otherRuns(columns[RUNS], draw);
  return slip === null ? null : { table: "deliveries", columns: columns.with(RUNS, slip) };
}
