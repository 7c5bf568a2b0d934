import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { scoredMatchJson } from "../../../src/domain/cricket/scorecard.ts";
import { packageFile } from "../../../src/local/paths.ts";
import { rebuildMarts } from "../../../src/loader/marts.ts";
import { warehousePaths } from "../../../src/loader/paths.ts";
import { planLoad } from "../../../src/loader/plan.ts";
import { readMatch, readScorecards } from "../../../src/loader/read.ts";
import { Warehouse } from "../../../src/loader/warehouse.ts";
import {
  cleanDelivery,
  cleanMatch,
  delivery,
  json,
  match,
  recordBatch,
  topicsNamed,
} from "../../support/clean-records.ts";
import { expectedCards } from "../../support/cricket.ts";
import { loadPlan } from "../../support/load-plan.ts";

const topics = topicsNamed("cricket");
let dir: string;
let warehouse: Warehouse;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "tu-before-"));
  const { hot } = warehousePaths(dir);
  mkdirSync(dirname(hot), { recursive: true });
  writeFileSync(hot, gunzipSync(readFileSync(packageFile("test/fixtures/before/cricket.duckdb.gz"))));
  warehouse = await Warehouse.open(dir, 0);
});

afterEach(() => {
  warehouse.close();
  rmSync(dir, { recursive: true });
});

async function rows(sql: string): Promise<unknown[][]> {
  return (await warehouse.connection.runAndReadAll(sql)).getRowsJson();
}

/** All marts, as text. */
async function marts(): Promise<unknown[][]> {
  const tables = ["innings", "batting", "bowling", "partnerships", "fall_of_wickets"];
  const found = await Promise.all(
    tables.map((table) => rows(`SELECT '${table}', t::VARCHAR FROM ${table} AS t ORDER BY ALL`)),
  );
  return found.flat();
}

describe("a warehouse of the version before", () => {
  test("gives the cards of its matches, which another program made of their files", async () => {
    const files = ["odi.jsonl", "t20i.jsonl"].map((name) => packageFile(`test/fixtures/expected/${name}`));
    const expected = new Map(files.flatMap((file) => [...expectedCards(file)]));
    const cards = [];
    for await (const { matchId, scored } of readScorecards(warehouse.connection))
      cards.push([matchId, JSON.parse(scoredMatchJson(scored))]);
    expect(cards).toEqual(["1185311", "1415706"].map((id) => [id, expected.get(id)]));
    const counts =
      "SELECT sum(accepted)::INT, sum(duplicate)::INT, sum(correction)::INT, sum(stale)::INT FROM verdict_counts";
    expect(await rows(counts)).toEqual([[134, 30, 8, 8]]);
  });

  test("has the marts that this version computes", async () => {
    const before = await marts();
    await rebuildMarts(warehouse.connection);
    expect(await marts()).toEqual(before);
    expect(before.length).toBeGreaterThan(10);
  });

  test("takes what comes next", async () => {
    const { next } = warehouse.progress;
    const at = (topic: string): number => next.get(`${topic}/1`)!;
    await loadPlan(
      warehouse,
      planLoad(
        [
          recordBatch(topics.matches, 1, [{ offset: at(topics.matches), value: json(cleanMatch(match("m1"))) }]),
          recordBatch(topics.deliveries, 1, [
            { offset: at(topics.deliveries), value: json(cleanDelivery(delivery("m1", 0), 0)) },
          ]),
        ],
        warehouse.progress,
        topics,
      ),
    );
    expect((await readMatch(warehouse.connection, "m1"))?.deliveries).toEqual([delivery("m1", 0)]);
    expect(await rows("SELECT count(*)::INT FROM deliveries")).toEqual([[134 - 2 + 1]]);
  });
});
