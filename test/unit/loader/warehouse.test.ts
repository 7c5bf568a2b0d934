import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blobValue } from "@duckdb/node-api";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { planLoad } from "../../../src/loader/plan.ts";
import { readMatch, readScorecards } from "../../../src/loader/read.ts";
import { TABLES } from "../../../src/loader/tables.ts";
import { Warehouse } from "../../../src/loader/warehouse.ts";
import { scoreMatch } from "../../../src/domain/cricket/scorecard.ts";
import type { RecordBatch } from "../../../src/kafka/log.ts";
import {
  cleanDelivery,
  cleanMatch,
  delivery,
  json,
  match,
  quarantined,
  recordBatch,
  topicsNamed,
  verdictBlock,
} from "../../support/clean-records.ts";
import { loadPlan } from "../../support/load-plan.ts";

const topics = topicsNamed("t");
let dir: string;
let warehouse: Warehouse;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "tu-warehouse-"));
  warehouse = await Warehouse.open(dir, 0);
  await warehouse.start(new Map(Object.values(topics).map((topic: string) => [`${topic}/0`, 0])), []);
});

afterEach(() => {
  warehouse.close();
  rmSync(dir, { recursive: true });
});

async function load(...batches: RecordBatch[]): Promise<void> {
  await loadPlan(warehouse, planLoad(batches, warehouse.progress, topics));
}

async function rows(sql: string): Promise<unknown[][]> {
  return (await warehouse.connection.runAndReadAll(sql)).getRowsJson();
}

describe("the warehouse", () => {
  test("explains every table and column in a comment", async () => {
    const bare = await rows(
      "SELECT table_name FROM duckdb_tables() WHERE database_name = 'cricket' AND comment IS NULL " +
        "UNION ALL SELECT table_name || '.' || column_name FROM duckdb_columns() WHERE database_name = 'cricket' AND comment IS NULL",
    );
    expect(bare).toEqual([]);
    const names = await rows("SELECT table_name FROM duckdb_tables() WHERE database_name = 'cricket'");
    expect(names.flat()).toEqual(expect.arrayContaining(TABLES.map(({ name }) => name)));
  });

  test("EO-9: gives back every delivery and the match as they were written", async () => {
    const deliveries = Array.from({ length: 40 }, (_, n) => delivery("m1", n));
    deliveries[3] = {
      ...delivery("m1", 3),
      extras: null,
      wickets: [{ kind: "run out", playerOut: "S Fouché", fielders: null }],
    };
    await load(
      recordBatch(topics.matches, 0, [{ offset: 0, value: json(cleanMatch(match("m1"))) }]),
      recordBatch(
        topics.deliveries,
        0,
        deliveries.map((ball, n) => ({ offset: n * 2, value: json(cleanDelivery(ball, n)) })),
      ),
    );
    const stored = await readMatch(warehouse.connection, "m1");
    expect(stored?.match).toEqual(match("m1"));
    expect(stored?.deliveries).toEqual(deliveries);
    expect(await rows("SELECT next_offset FROM offsets WHERE topic = 't.deliveries'")).toEqual([["79"]]);
    expect(
      await rows("SELECT event_id::VARCHAR, source_time, log_offset FROM deliveries ORDER BY log_offset LIMIT 1"),
    ).toEqual([["ffffffff-ffff-ffff-ffff-fffffffffff1", "2016-11-25 08:00:00", "0"]]);
  });

  test("replaces a delivery by its natural key, and the marts follow", async () => {
    await load(
      recordBatch(topics.matches, 0, [{ offset: 0, value: json(cleanMatch(match("m1"))) }]),
      recordBatch(
        topics.deliveries,
        0,
        [0, 1, 2].map((n) => ({ offset: n, value: json(cleanDelivery(delivery("m1", n), n)) })),
      ),
    );
    const corrected = delivery("m1", 1, 2);
    await load(
      recordBatch(topics.deliveries, 0, [{ offset: 5, value: json(cleanDelivery(corrected, 9, "correction")) }]),
    );
    expect(await rows("SELECT count(*), sum(runs_total) FROM deliveries")).toEqual([
      ["3", String(delivery("m1", 0).runs.total + corrected.runs.total + delivery("m1", 2).runs.total)],
    ]);
    expect(await rows("SELECT verdict, supersedes::VARCHAR FROM deliveries WHERE ball_no = 2")).toEqual([
      ["correction", "00000000-0000-0000-0000-000000000009"],
    ]);
    expect(await rows("SELECT runs FROM innings")).toEqual(
      await rows("SELECT sum(runs_total)::INTEGER FROM deliveries"),
    );
  });

  test("keeps the later of two contents of one key in the same batch", async () => {
    await load(
      recordBatch(topics.deliveries, 0, [
        { offset: 0, value: json(cleanDelivery(delivery("m1", 1, 5), 1)) },
        { offset: 1, value: json(cleanDelivery(delivery("m1", 1), 2, "correction")) },
      ]),
    );
    expect((await readMatch(warehouse.connection, "m1"))?.deliveries).toEqual([delivery("m1", 1)]);
  });

  test("EO-9: skips records below the stored offset, whatever they say", async () => {
    const first = recordBatch(
      topics.deliveries,
      0,
      [0, 1].map((n) => ({ offset: n, value: json(cleanDelivery(delivery("m1", n), n)) })),
    );
    await load(first);
    await load(
      first,
      recordBatch(topics.deliveries, 0, [
        { offset: 1, value: Buffer.from("redelivered, so not even read") },
        { offset: 2, value: json(cleanDelivery(delivery("m1", 2), 2)) },
      ]),
    );
    expect(await rows("SELECT count(*) FROM deliveries")).toEqual([["3"]]);
  });

  test("EO-9: a failed transaction leaves nothing behind, in the tables or in memory", async () => {
    await load(recordBatch(topics.deliveries, 0, [{ offset: 0, value: json(cleanDelivery(delivery("m1", 0), 0)) }]));
    const plan = planLoad(
      [recordBatch(topics.deliveries, 0, [{ offset: 1, value: json(cleanDelivery(delivery("m1", 1), 1)) }])],
      warehouse.progress,
      topics,
    );
    plan.quarantine.push([{ items: [] }] as never);
    await expect(loadPlan(warehouse, plan)).rejects.toThrow();
    expect(await rows("SELECT count(*), (SELECT max(next_offset) FROM offsets) FROM deliveries")).toEqual([["1", "1"]]);
    expect(warehouse.progress.next.get("t.deliveries/0")).toBe(1);
    await load(recordBatch(topics.deliveries, 0, [{ offset: 1, value: json(cleanDelivery(delivery("m1", 2), 2)) }]));
    expect((await readMatch(warehouse.connection, "m1"))?.deliveries).toEqual([delivery("m1", 0), delivery("m1", 2)]);
    expect(await rows("SELECT deliveries FROM innings")).toEqual([[2]]);
  });

  test("shows innings of a match whose own record has not come, and its card once it has", async () => {
    await load(recordBatch(topics.deliveries, 0, [{ offset: 0, value: json(cleanDelivery(delivery("m1", 0), 0)) }]));
    expect(await rows("SELECT team, deliveries FROM innings")).toEqual([["Zimbabwe", 1]]);
    await load(recordBatch(topics.matches, 0, [{ offset: 0, value: json(cleanMatch(match("m1"))) }]));
    const cards = [];
    for await (const card of readScorecards(warehouse.connection)) cards.push(card);
    expect(cards.map(({ scored }) => scored)).toEqual([scoreMatch(match("m1"), [delivery("m1", 0)])]);
    expect(await rows("SELECT first_date, winner, won_by_runs FROM matches")).toEqual([["2016-11-25", "Zimbabwe", 5]]);
    expect(await rows("SELECT count(*), count(registry_id) FROM players")).toEqual([["6", "4"]]);
  });

  test("keeps verdicts, quarantined bytes and gap events", async () => {
    const bad = quarantined("line 7 has 3 columns", 12);
    await load(
      recordBatch(topics.verdicts, 0, [
        { offset: 0, value: verdictBlock(0, 0, 8) },
        { offset: 2, value: verdictBlock(1, 10, 2) },
      ]),
      recordBatch(topics.quarantine, 0, [{ offset: 4, ...bad }]),
      recordBatch(topics.gaps, 0, [
        {
          offset: 0,
          value: json({
            sourceId: "odi",
            epoch: 2,
            from: { lsn: "0/1" },
            to: { lsn: "0/9" },
            reason: "slot recreated",
            action: "snapshot",
            at: "2026-11-21T10:00:00Z",
          }),
        },
      ]),
    );
    expect(await rows("SELECT input_offset, verdict, first_seen_offset FROM verdicts ORDER BY ALL")).toEqual([
      ["3", "duplicate", "2"],
      ["7", "duplicate", "6"],
      ["11", "duplicate", "10"],
    ]);
    expect(await rows("SELECT sum(accepted), sum(duplicate), max(stream_time) FROM verdict_counts")).toEqual([
      ["7", "3", "2016-11-25 08:00:00"],
    ]);
    const [row] = (
      await warehouse.connection.runAndReadAll(
        "SELECT reason, input_partition, input_offset, quarantined_at::VARCHAR, headers, value FROM quarantine",
      )
    ).getRows();
    expect(row?.slice(0, 5)).toEqual([
      "line 7 has 3 columns",
      2,
      12n,
      "2026-11-21 10:00:00",
      '[["ce_id","0/16B3748"],["odd",{"base64":"/w=="}]]',
    ]);
    expect(row?.[5]).toEqual(blobValue(bad.value));
    expect(await rows("SELECT source_id, epoch, noted_at FROM gaps")).toEqual([["odi", 2, "2026-11-21 10:00:00"]]);
  });

  test("goes on after being closed and opened, from its own offsets", async () => {
    await load(
      recordBatch(topics.deliveries, 0, [{ offset: 6, value: json(cleanDelivery(delivery("m1", 0), 0)) }]),
      recordBatch(topics.verdicts, 0, [{ offset: 3, value: verdictBlock(0, 0, 8) }]),
    );
    warehouse.close();
    warehouse = await Warehouse.open(dir, 0);
    expect(warehouse.progress.next.get("t.deliveries/0")).toBe(7);
    expect(warehouse.progress.judged.get("raw/0")).toBe(8);
    await load(recordBatch(topics.deliveries, 0, [{ offset: 8, value: json(cleanDelivery(delivery("m1", 1), 1)) }]));
    expect(await rows("SELECT deliveries FROM innings")).toEqual([[2]]);
  });
});
