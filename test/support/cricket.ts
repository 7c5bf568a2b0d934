import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "csv-parse/sync";
import { parseCsv2Delivery, parseCsv2Info } from "../../src/domain/cricket/csv2.ts";
import type { Delivery, Match } from "../../src/domain/cricket/types.ts";
import { largerSets } from "./larger-sets.ts";

const ROOT: string = resolve(import.meta.dirname, "../..");

/** One match as its two files tell it. */
export interface MatchFiles {
  readonly id: string;
  readonly rows: readonly Readonly<Record<string, string>>[];
  readonly info: string;
}

/** A folder of matches and the cards they must give, by match. */
export interface MatchSet {
  readonly name: string;
  readonly dir: string;
  readonly expected: ReadonlyMap<string, unknown>;
}

/** Fields with which the reference scorer reports on itself: no part of a card. */
const REFERENCE_ONLY: ReadonlySet<string> = new Set(["fmt", "version", "checked", "notes", "mismatches"]);

/** The twelve matches of the repository. */
export const BUNDLED: MatchSet = {
  name: "bundled",
  dir: join(ROOT, "data/odi"),
  expected: expectedCards(join(ROOT, "test/fixtures/expected/odi.jsonl")),
};

/** The bundled set, and the larger ones that are asked for. */
export function matchSets(): readonly MatchSet[] {
  const larger = largerSets([
    ["odi_csv2", "odi_csv2"],
    ["odi_csv2_v21", "odi_csv2_v21"],
  ]);
  return [BUNDLED, ...larger.map(({ name, dir, cards }) => ({ name, dir, expected: expectedCards(cards) }))];
}

/** Cards by match, without what the reference scorer reports on itself. */
export function expectedCards(file: string): ReadonlyMap<string, unknown> {
  const lines = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "");
  return new Map(
    lines.map((line) => {
      const card = JSON.parse(line) as Record<string, unknown> & { id: string };
      return [card.id, Object.fromEntries(Object.entries(card).filter(([name]) => !REFERENCE_ONLY.has(name)))] as const;
    }),
  );
}

export function matchIds(dir: string): readonly string[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith("_info.csv"))
    .map((name) => name.slice(0, -"_info.csv".length))
    .sort();
}

export function readMatch(dir: string, id: string): MatchFiles {
  return {
    id,
    rows: parse(readFileSync(join(dir, `${id}.csv`)), { columns: true }) as Record<string, string>[],
    info: readFileSync(join(dir, `${id}_info.csv`), "utf8"),
  };
}

/** A bundled match, parsed. */
export function bundledMatch(id: string): { readonly match: Match; readonly deliveries: readonly Delivery[] } {
  const { rows, info } = readMatch(BUNDLED.dir, id);
  return { match: parseCsv2Info(id, info), deliveries: rows.map((row) => parseCsv2Delivery(row)) };
}

/** A row of 2.3.0 with nothing special in it; `changes` replace columns, undefined leaves one out. */
export function plainRow(changes: Readonly<Record<string, string | undefined>> = {}): Record<string, string> {
  const row: Record<string, string | undefined> = {
    match_id: "1144530",
    season: "2019",
    start_date: "2019-07-14",
    venue: "Lord's",
    innings: "1",
    ball: "0.1",
    actual_delivery: "0.1",
    batting_team: "New Zealand",
    bowling_team: "England",
    striker: "MJ Guptill",
    non_striker: "HM Nicholls",
    bowler: "CR Woakes",
    runs_off_bat: "0",
    extras: "0",
    wides: "",
    noballs: "",
    byes: "",
    legbyes: "",
    penalty: "",
    non_boundary: "",
    wicket_type: "",
    player_dismissed: "",
    other_wicket_type: "",
    other_player_dismissed: "",
    fielder_1: "",
    fielder_2: "",
    fielder_3: "",
    ...changes,
  };
  return Object.fromEntries(Object.entries(row).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** The columns that 2.1 and 2.2 do not have. */
export const COLUMNS_OF_2_3: readonly string[] = [
  "actual_delivery",
  "non_boundary",
  "fielder_1",
  "fielder_2",
  "fielder_3",
];

/** The same row as a file of 2.1 or 2.2 has it. */
export function asVersion21(row: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !COLUMNS_OF_2_3.includes(name)));
}

/** A delivery with nothing special in it. */
export function delivery(
  changes: Partial<Delivery> & { readonly bat?: number; readonly extra?: Partial<Delivery["extras"]> } = {},
): Delivery {
  const { bat = 0, extra = {}, ...rest } = changes;
  const extras = { wides: 0, noballs: 0, byes: 0, legbyes: 0, penalty: 0, ...extra };
  const sum = extras.wides + extras.noballs + extras.byes + extras.legbyes + extras.penalty;
  return {
    matchId: "1",
    innings: 1,
    over: 0,
    ball: 1,
    battingTeam: "A",
    batter: "a1",
    nonStriker: "a2",
    bowler: "b1",
    runs: { batter: bat, extras: sum, total: bat + sum },
    extras,
    nonBoundary: false,
    wickets: [],
    ...rest,
  };
}
