import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { mergeDelivery } from "../../../src/domain/cricket/merge.ts";
import type { Delivery } from "../../../src/domain/cricket/types.ts";
import type { RecordBatch } from "../../../src/kafka/log.ts";
import { emptyPlan, type LoadPlan, planLoad } from "../../../src/loader/plan.ts";
import { readStoredMatches } from "../../../src/loader/match-rows.ts";
import { rebuildMarts } from "../../../src/loader/marts.ts";
import { SharedTexts } from "../../../src/loader/shared-texts.ts";
import { MART_TABLES } from "../../../src/loader/tables.ts";
import { Warehouse } from "../../../src/loader/warehouse.ts";
import {
  cleanDelivery,
  cleanMatch,
  delivery,
  json,
  match,
  recordBatch,
  topicsNamed,
  verdictBlock,
} from "../../support/clean-records.ts";
import { loadPlan } from "../../support/load-plan.ts";

const topics = topicsNamed("t");
const IDS = ["m0", "m1", "m2"];
const BALLS = 1200;
let dir: string;
let warehouse: Warehouse;
const names = new SharedTexts();

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "tu-stage-"));
  warehouse = await Warehouse.open(dir, 0);
  await warehouse.start(new Map(Object.values(topics).map((topic: string) => [`${topic}/0`, 0])), []);
});

afterEach(() => {
  warehouse.close();
  rmSync(dir, { recursive: true });
});

async function rows(sql: string): Promise<unknown[][]> {
  return (await warehouse.connection.runAndReadAll(sql)).getRowsJson();
}

async function marts(): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const { name } of MART_TABLES) all.push(await rows(`SELECT * FROM ${name} ORDER BY ALL`));
  return all;
}

/** Rows of the same offset come from one batch: `from` is the first one's. */
function ballsOf(id: string, from: number, change: (ball: Delivery) => Delivery = (ball) => ball): RecordBatch {
  return recordBatch(
    topics.deliveries,
    0,
    Array.from({ length: BALLS }, (_, n) => ({
      offset: from + n,
      value: json(cleanDelivery(change(delivery(id, n)), from + n)),
    })),
  );
}

function plan(...batches: RecordBatch[]): LoadPlan {
  const next = new Map(batches.map((batch) => [`${batch.topic}/0`, batch.offset(0)]));
  return planLoad(batches, { next, judged: new Map() }, topics, names);
}

test("EO-9: large transactions, each worked out while the one before is under way, leave what small ones leave", async () => {
  const hit = (ball: Delivery): Delivery => ({ ...ball, runs: { batter: 4, extras: 0, total: 4 }, extras: null });
  const records = IDS.map((id, n) => ({ offset: n, value: json(cleanMatch(match(id), n)) }));
  const plans = [
    ...IDS.map((id, n) =>
      plan(
        ballsOf(id, n * BALLS),
        recordBatch(topics.matches, 0, [records[n]!]),
        recordBatch(topics.verdicts, 0, [{ offset: n, value: verdictBlock(0, n * 4_000, 3_000) }]),
      ),
    ),
    // The same balls again, corrected: they replace rows that a transaction under way writes.
    ...IDS.map((id, n) => plan(ballsOf(id, (IDS.length + n) * BALLS, hit))),
  ];
  let under: Promise<void> = Promise.resolve();
  for (const each of plans) {
    const prepared = await warehouse.prepare(each, () => under);
    expect(prepared.batches).toEqual([]);
    await under;
    under = warehouse.load(prepared);
  }
  await under;
  const stored = await readStoredMatches(warehouse.connection, IDS);
  for (const { matchId, deliveries } of stored) {
    const expected = Array.from({ length: BALLS }, (_, n) => {
      const before = delivery(matchId, n);
      return mergeDelivery(before, hit(before));
    });
    expect(deliveries).toEqual(
      expected.toSorted((a, b) => a.innings - b.innings || a.over - b.over || a.ball - b.ball),
    );
  }
  expect(await rows("SELECT count(*), count(DISTINCT source_id) FROM deliveries")).toEqual([
    [String(IDS.length * BALLS), String(IDS.length * BALLS)],
  ]);
  expect(await rows("SELECT count(*) > 1000 FROM verdicts")).toEqual([[true]]);
  expect(await rows("SELECT next_offset FROM offsets WHERE topic = 't.deliveries'")).toEqual([
    [String(2 * IDS.length * BALLS)],
  ]);
  const incremental = await marts();
  await rebuildMarts(warehouse.connection);
  expect(await marts()).toEqual(incremental);
  // Its memory is given back, at the latest when a snapshot is made.
  await warehouse.checkpoint();
  expect(await rows("SELECT table_name FROM duckdb_tables() WHERE database_name = 'stage'")).toEqual([]);
});

test("the next transaction may be worked out before the one under way has given the stage's memory back", async () => {
  const [first, second, third] = IDS.map((id, n) => plan(ballsOf(id, n * BALLS)));
  await warehouse.load(await warehouse.prepare(first!));
  const under = await warehouse.prepare(second!);
  // Its rows wait in the stage before the second transaction begins, which drops what the first one had there.
  const next = await warehouse.prepare(third!);
  await warehouse.load(under);
  await warehouse.load(next);
  expect(await rows("SELECT count(*) FROM deliveries")).toEqual([[String(IDS.length * BALLS)]]);
  await warehouse.checkpoint();
  expect(await rows("SELECT table_name FROM duckdb_tables() WHERE database_name = 'stage'")).toEqual([]);
});

test("memory of a plan that was loaded is used again, and nothing of it comes back", async () => {
  const first = plan(ballsOf("m0", 0));
  await loadPlan(warehouse, first);
  const second = emptyPlan(first.deliveries);
  expect([
    second.deliveries.size,
    second.deliveries.matchIds,
    second.deliveries.recent(),
    second.deliveries.last().size,
  ]).toEqual([0, [], [], 0]);
  const none = { ...delivery("m1", 0), extras: null, nonBoundary: null };
  second.deliveries.put(json(cleanDelivery(none, BALLS)), { topic: topics.deliveries, partition: 0, offset: BALLS });
  second.next.set("t.deliveries/0", BALLS + 1);
  await loadPlan(warehouse, second);
  expect(await readStoredMatches(warehouse.connection, ["m1"])).toMatchObject([{ deliveries: [none] }]);
  expect(await rows("SELECT count(*) FROM deliveries")).toEqual([[String(BALLS + 1)]]);
});
