import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { parse } from "csv-parse/sync";
import { dump, FAILSAFE_SCHEMA, load } from "js-yaml";
import { parseCsv1Delivery, parseCsv1Match } from "../../src/domain/cricket/csv1.ts";
import { parseCsv2Delivery, parseCsv2Info } from "../../src/domain/cricket/csv2.ts";
import { parseJsonDelivery, parseJsonMatch } from "../../src/domain/cricket/json.ts";
import type { Delivery, Match } from "../../src/domain/cricket/types.ts";
import { parseYamlObject } from "../../src/domain/cricket/yaml.ts";
import { expectedCards, type MatchSet, readMatch } from "./cricket.ts";
import { largerSets } from "./larger-sets.ts";

/** A match of any form, read as its source would hand it on: record by record. */
export interface ReadMatch {
  readonly match: Match;
  readonly deliveries: readonly Delivery[];
}

const ROOT: string = resolve(import.meta.dirname, "../..");
const CARDS: string = join(ROOT, "test/fixtures/expected");

const BUNDLED_SETS: readonly (readonly [name: string, dir: string, cards: string])[] = [
  ["t20i", "data/t20i", "t20i.jsonl"],
  ["test", "data/test", "test.jsonl"],
  ["odi_csv1", "test/fixtures/cricket/csv1", "odi_csv1.jsonl"],
  ["mdm", "test/fixtures/cricket/mdm", "mdm.jsonl"],
];

const LARGER_SETS: readonly (readonly [name: string, path: string])[] = [
  ["t20i_json", "t20i_json"],
  ["odi_csv", "odi_csv"],
  ["test_yaml", "test_yaml"],
  ["extra_mdm_forfeited", "test_yaml/extra_mdm_forfeited"],
];

/** Sets of JSON, YAML and original CSV: those of the repository, and the larger ones that are asked for. */
export function documentSets(): readonly MatchSet[] {
  const bundled = BUNDLED_SETS.map(([name, dir, cards]) => ({ name, dir: join(ROOT, dir), cards: join(CARDS, cards) }));
  return [...bundled, ...largerSets(LARGER_SETS)].map(({ name, dir, cards }) => ({
    name,
    dir,
    expected: expectedCards(cards),
  }));
}

/** File names of the matches in a folder; of csv2's two files, the one with the deliveries. */
export function matchFiles(dir: string): readonly string[] {
  return readdirSync(dir)
    .filter((name) => /^\w+\.(?:json|yaml|csv)$/u.test(name) && !name.endsWith("_info.csv"))
    .sort();
}

export function idOf(file: string): string {
  return file.slice(0, -extname(file).length);
}

/** A match of any form, by what its file is called and how it begins. */
export function readAnyMatch(dir: string, file: string): ReadMatch {
  const id = idOf(file);
  if (extname(file) === ".csv" && existsSync(join(dir, `${id}_info.csv`))) {
    const { rows, info } = readMatch(dir, id);
    return { match: parseCsv2Info(id, info), deliveries: rows.map((row) => parseCsv2Delivery(row)) };
  }
  const text = readFileSync(join(dir, file), "utf8");
  if (extname(file) === ".json") return readJson(id, text);
  if (extname(file) === ".yaml") return readYaml(yamlObjects(id, text));
  const { rows, info } = csv1Records(id, text);
  return { match: parseCsv1Match(id, info), deliveries: rows.map((row) => parseCsv1Delivery(row)) };
}

interface JsonFile {
  readonly meta: object;
  readonly info: object;
  readonly innings: readonly {
    readonly team: string;
    readonly overs?: readonly { readonly over: number; readonly deliveries: readonly object[] }[];
  }[];
}

/** The documents that a JSON file is fed as: its match, and one for each delivery. */
export function jsonDocuments(id: string, text: string): { readonly match: object; readonly deliveries: object[] } {
  const { meta, info, innings } = JSON.parse(text) as JsonFile;
  return {
    match: { match_id: id, match: { meta, info, innings: innings.map(({ overs: _overs, ...rest }) => rest) } },
    deliveries: innings.flatMap(({ team, overs = [] }, i) =>
      overs.flatMap(({ over, deliveries }) =>
        deliveries.map((delivery, n) => ({ match_id: id, innings: i + 1, over, ball: n + 1, team, delivery })),
      ),
    ),
  };
}

function readJson(id: string, text: string): ReadMatch {
  const { match, deliveries } = jsonDocuments(id, text);
  return { match: parseJsonMatch(match), deliveries: deliveries.map(parseJsonDelivery) };
}

interface YamlFile {
  readonly meta: object;
  readonly info: object;
  readonly innings: readonly Readonly<
    Record<string, { readonly team: string; readonly deliveries?: readonly Readonly<Record<string, object>>[] }>
  >[];
}

/** The objects that a YAML file is fed as, as text. */
export function yamlObjects(id: string, text: string): { readonly match: string; readonly deliveries: string[] } {
  const { meta, info, innings } = load(text, { schema: FAILSAFE_SCHEMA }) as YamlFile;
  const labelled = innings.flatMap((item) => Object.entries(item));
  const bare = labelled.map(([label, { deliveries: _deliveries, ...rest }]) => ({ [label]: rest }));
  return {
    match: yamlText({ match_id: id, match: { meta, info, innings: bare } }),
    deliveries: labelled.flatMap(([, { team, deliveries = [] }], i) =>
      deliveries
        .flatMap((item) => Object.entries(item))
        .map(([label, delivery]) => yamlText({ match_id: id, innings: String(i + 1), team, label, delivery })),
    ),
  };
}

/** Texts only: nothing in it is quoted but what YAML could not read back as text. */
export function yamlText(value: object): string {
  return dump(value, { schema: FAILSAFE_SCHEMA, noRefs: true, lineWidth: -1 });
}

function readYaml(objects: { readonly match: string; readonly deliveries: readonly string[] }): ReadMatch {
  const match = parseYamlObject(objects.match);
  const deliveries = objects.deliveries.map((text) => parseYamlObject(text));
  if (match.kind !== "match") throw new Error("the match object was read as a delivery");
  return {
    match: match.match,
    deliveries: deliveries.map((fact) => {
      if (fact.kind !== "delivery") throw new Error("a delivery object was read as a match");
      return fact.delivery;
    }),
  };
}

const BALL_COLUMNS = [
  "innings",
  "ball",
  "batting_team",
  "striker",
  "non_striker",
  "bowler",
  "runs_off_bat",
  "extras",
  "kind",
  "player_dismissed",
] as const;

/** The rows that a file of the original CSV is fed as, deliveries counted, and all its other lines. */
export function csv1Records(
  id: string,
  text: string,
): { readonly rows: readonly Readonly<Record<string, string>>[]; readonly info: string } {
  const lines = text.split("\n");
  const balls = parse(lines.filter((line) => line.startsWith("ball,")).join("\n")) as string[][];
  const counts = new Map<string, number>();
  return {
    info: lines.filter((line) => !line.startsWith("ball,")).join("\n"),
    rows: balls.map(([, ...values]) => {
      const row = Object.fromEntries(BALL_COLUMNS.map((name, index) => [name, values[index] ?? ""]));
      const over = `${values[0]}/${values[1]?.split(".")[0]}`;
      const nth = (counts.get(over) ?? 0) + 1;
      counts.set(over, nth);
      return { match_id: id, nth: String(nth), ...row };
    }),
  };
}
