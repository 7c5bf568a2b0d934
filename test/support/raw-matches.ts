import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CRICKET_EVENT } from "../../src/domain/cricket/topics.ts";
import { packageFile } from "../../src/local/paths.ts";
import { BUNDLED, readMatch } from "./cricket.ts";
import { csv1Records, jsonDocuments, yamlObjects } from "./cricket-files.ts";
import { rawRecord, type RawRecord } from "./cricket-pipeline.ts";

/** The folders of the repository, by form. */
const FOLDERS = { csv1: "test/fixtures/cricket/csv1", json: "data/t20i", yaml: "data/test" } as const;

function read(form: keyof typeof FOLDERS, file: string): string {
  return readFileSync(join(packageFile(FOLDERS[form]), file), "utf8");
}

/** A match of the repository as its source writes it: the match record, then ball by ball. Empty columns are left out. */
export function rawCsv2(id: string): readonly RawRecord[] {
  const { rows, info } = readMatch(BUNDLED.dir, id);
  return [
    rawRecord(CRICKET_EVENT.odiMatch, id, { match_id: id, info }),
    ...rows.map((row) => rawRecord(CRICKET_EVENT.odiDelivery, id, filled(row))),
  ];
}

export function rawCsv1(id: string): readonly RawRecord[] {
  const { rows, info } = csv1Records(id, read("csv1", `${id}.csv`));
  return [
    rawRecord(CRICKET_EVENT.odiCsv1Match, id, { match_id: id, info }),
    ...rows.map((row) => rawRecord(CRICKET_EVENT.odiCsv1Delivery, id, filled(row))),
  ];
}

export function rawJson(id: string): readonly RawRecord[] {
  const { match, deliveries } = jsonDocuments(id, read("json", `${id}.json`));
  return [
    rawRecord(CRICKET_EVENT.t20iMatch, id, match),
    ...deliveries.map((delivery) => rawRecord(CRICKET_EVENT.t20iDelivery, id, delivery)),
  ];
}

export function rawYaml(id: string): readonly RawRecord[] {
  const { match, deliveries } = yamlObjects(id, read("yaml", `${id}.yaml`));
  return [match, ...deliveries].map((body) => rawRecord(CRICKET_EVENT.testObject, id, body));
}

function filled(row: Readonly<Record<string, string>>): object {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== ""));
}
