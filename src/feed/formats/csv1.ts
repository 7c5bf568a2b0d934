/**
 * Cricsheet's original CSV: one file a match, each line beginning with its kind. A ball line has 11, 16 or 21 fields, by version.
 *
 *   version,1.3.0
 *   info,team,Australia
 *   ball,1,0.4,Australia,UT Khawaja,DA Warner,Mohammad Hafeez,1,0,"",""
 *   penalty_runs,1,post,5
 *
 * All lines but the balls make the match record, as they are written.
 */
import { basename } from "node:path";
import { decode, splitFields, unreadable } from "../csv.ts";
import { digestOfFiles } from "../files.ts";
import type { Line } from "../lines.ts";
import { MAX_LINE_BYTES, readLines } from "../lines.ts";
import type { MatchScript, ScriptRow } from "../plan.ts";
import type { Random } from "../../domain/random.ts";
import type { Csv1Column } from "../../pipelines/cricket/sources/odi.ts";
import { CSV1_COLUMNS } from "../../pipelines/cricket/sources/odi.ts";
import { otherRuns } from "../slip.ts";
import { csvEditions } from "./csv-editions.ts";
import type { OdiContent } from "./odi-content.ts";
import { unreadableRow } from "./odi-content.ts";

/** Fields of a ball line, the word `ball` included, and the columns that they are; innings and label stand before them. */
const PLAIN_FIELDS = 11;
const PLAIN: readonly Csv1Column[] = [
  "batting_team",
  "striker",
  "non_striker",
  "bowler",
  "runs_off_bat",
  "extras",
  "kind",
  "player_dismissed",
];
/** Versions that tell the kinds of extras have them before the wicket; 1.8 has five more fields at the end. */
const DETAILED_FIELDS = 16;
const DETAILED: readonly Csv1Column[] = [
  "batting_team",
  "striker",
  "non_striker",
  "bowler",
  "runs_off_bat",
  "extras",
  "wides",
  "noballs",
  "byes",
  "legbyes",
  "penalty",
  "kind",
  "player_dismissed",
  "actual_delivery",
  "non_boundary",
  "fielder_1",
  "fielder_2",
  "fielder_3",
];

export function csv1Script(matchId: string, path: string, progressKey: string = matchId): MatchScript<OdiContent> {
  return {
    matchId,
    progressKey,
    record: () => matchRecord(matchId, path),
    rows: () => balls(matchId, path),
    wrong: wrongVersion,
    editions: csvEditions(matchId, "csv1_deliveries"),
    digest: () => digestOfFiles([path]),
  };
}

async function matchRecord(matchId: string, path: string): Promise<ScriptRow<OdiContent>> {
  const file = basename(path);
  const bad = (bytes: Buffer, problem: string): ScriptRow<OdiContent> => {
    const line: Line = { number: 0, bytes, unterminated: false, oversize: null };
    return unreadableRow(matchId, unreadable(file, line, problem), 0);
  };
  const texts: string[] = [];
  let length = 0;
  for await (const line of readLines(path)) {
    const read = readLine(line);
    if (read.kind !== "about") continue;
    texts.push(`${read.text}\n`);
    length += read.text.length + 1;
    if (length > MAX_LINE_BYTES)
      return bad(Buffer.from(texts.join("")), `over ${MAX_LINE_BYTES} bytes about the match`);
  }
  const info = texts.join("");
  if (info === "") return bad(Buffer.alloc(0), "the file says nothing about the match");
  return { content: { table: "csv1_match_info", matchId, info }, line: 0, bytes: length, repeatable: true };
}

async function* balls(matchId: string, path: string): AsyncGenerator<ScriptRow<OdiContent>> {
  const file = basename(path);
  const counter = new OverCounter();
  const layout = new Layout();
  let row = 0;
  for await (const line of readLines(path)) {
    const read = readLine(line);
    if (read.kind === "about" || read.kind === "blank") continue;
    row += 1;
    // Also a ball that cannot be read was bowled: those after it keep their number.
    const nth = counter.next(read.kind === "ball" ? read.fields : beginning(line));
    const problem = read.kind === "unreadable" ? read.problem : layout.problemOf(read.fields.length, line.unterminated);
    if (read.kind === "unreadable" || problem !== null) {
      yield unreadableRow(matchId, unreadable(file, line, problem ?? ""), row);
      continue;
    }
    const columns = columnsOf(matchId, nth, read.fields);
    const bytes = columns.reduce((sum, column) => sum + (column?.length ?? 0) + 4, 100);
    yield { content: { table: "csv1_deliveries", columns }, bytes, line: row, repeatable: true };
  }
}

/** In the order of `CSV1_COLUMNS`. Fields behind the last column that is known are of a later version, and passed over. */
function columnsOf(matchId: string, nth: number, fields: readonly string[]): readonly (string | null)[] {
  const [, innings = "", ball = "", ...rest] = fields;
  const values = new Map<Csv1Column, string | undefined>([
    ["match_id", matchId],
    ["innings", innings],
    ["ball", ball],
    ["nth", String(nth)],
  ]);
  const names = fields.length < DETAILED_FIELDS ? PLAIN : DETAILED;
  for (const [index, name] of names.entries()) values.set(name, rest[index]);
  return CSV1_COLUMNS.map((name) => values.get(name) ?? null);
}

/**
 * How many fields the ball lines of a file have. The fields have no names, so a line that is shorter than those before it is
 * broken: what stands in its place might be read as something else.
 */
class Layout {
  #fields: number | null = null;

  problemOf(fields: number, unterminated: boolean): string | null {
    const known = fields === PLAIN_FIELDS || fields >= DETAILED_FIELDS;
    if (known) this.#fields ??= fields;
    const wanted = this.#fields ?? PLAIN_FIELDS;
    const isLonger = fields > wanted && wanted >= DETAILED_FIELDS;
    if (known && (fields === wanted || isLonger)) return null;
    const counted = `${fields} fields instead of ${wanted}`;
    return unterminated && fields < wanted ? `the file ends within this line: ${counted}` : counted;
  }
}

/** The first fields of a line that cannot be read as a whole. */
function beginning(line: Line): string[] {
  return line.bytes.toString("latin1", 0, 64).split(",");
}

type Read =
  | { readonly kind: "ball"; readonly fields: readonly string[] }
  | { readonly kind: "about"; readonly text: string }
  | { readonly kind: "blank" }
  | { readonly kind: "unreadable"; readonly problem: string };

/** Quoted too, as a spreadsheet may save them. */
const ABOUT = /^(?:version|info|penalty_runs|"(?:version|info|penalty_runs)"),/u;

function readLine(line: Line): Read {
  if (line.bytes.length === 0) return { kind: "blank" };
  const decoded = decode(line);
  if ("problem" in decoded) return { kind: "unreadable", problem: decoded.problem };
  const text = line.number === 1 ? decoded.text.replace(/^\uFEFF/u, "") : decoded.text;
  if (ABOUT.test(text)) return { kind: "about", text };
  const split = splitFields(text);
  if ("problem" in split) return { kind: "unreadable", problem: split.problem };
  if (split.fields[0] !== "ball")
    return {
      kind: "unreadable",
      problem: "a line of the original CSV begins with version, info, ball or penalty_runs",
    };
  return { kind: "ball", fields: split.fields };
}

/**
 * Counts the deliveries of each over: the file writes the tenth as "47.1", like the first. An over may be taken up again after
 * another one. Lines that are no balls do not count. Bounded: no more innings and overs are told apart than the pattern allows.
 */
class OverCounter {
  readonly #counts = new Map<string, number>();
  #over = "";

  next([kind, innings = "", ball = ""]: readonly string[]): number {
    if (kind !== "ball") return 0;
    const label = /^(?<over>\d{1,3})\.(?<ball>\d{1,2})$/u.exec(ball)?.groups;
    if (label !== undefined && /^\d{1,2}$/u.test(innings)) this.#over = `${innings}/${label["over"]}`;
    const next = (this.#counts.get(this.#over) ?? 0) + 1;
    // A label that is further on tells of lines that are missing; one that is not may be the tenth, written as "1".
    const nth = Math.max(next, Number(label?.["ball"] ?? 0));
    this.#counts.set(this.#over, nth);
    return nth;
  }
}

const at = (name: Csv1Column): number => CSV1_COLUMNS.indexOf(name);

/** Only a ball without extras and wickets: there the runs off the bat could just be different. */
function wrongVersion(content: OdiContent, random: Random): OdiContent | null {
  const draw = random();
  if (content.table !== "csv1_deliveries") return null;
  const { columns } = content;
  if (columns[at("extras")] !== "0" || columns[at("kind")] !== "") return null;
  if ((columns[at("non_boundary")] ?? "") !== "") return null;
  const slip = otherRuns(columns[at("runs_off_bat")] ?? undefined, draw);
  return slip === null ? null : { table: "csv1_deliveries", columns: columns.with(at("runs_off_bat"), slip) };
}
