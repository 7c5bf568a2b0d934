/**
 * What the cricket pipeline writes, byte by byte, from the bundled matches: raw events, topics of the topology, warehouse, cards. Other
 * code may write them; they stay as they are, or topics, state and warehouses of the version before could not be read.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ObjectId } from "mongodb";
import { beforeAll, describe, expect, test } from "vitest";
import { scoredMatchJson } from "../../../src/domain/cricket/scorecard.ts";
import { CRICKET_TOPICS } from "../../../src/domain/cricket/topics.ts";
import { ODI_ROWS } from "../../../src/pipelines/cricket/sources/odi.ts";
import { type RecordHeaders, WriteBatch } from "../../../src/kafka/log.ts";
import { planLoad } from "../../../src/loader/plan.ts";
import { readScorecards } from "../../../src/loader/read.ts";
import { Warehouse } from "../../../src/loader/warehouse.ts";
import { packageFile } from "../../../src/local/paths.ts";
import { etagOf } from "../../../src/object-store/store.ts";
import { cricketTopology } from "../../../src/pipelines/cricket/topology.ts";
import { topologyFingerprint } from "../../../src/processor/fingerprint.ts";
import { decodeOffsetMetadata } from "../../../src/processor/offset-metadata.ts";
import {
  encodeStoredPosition,
  gapEvent,
  type PositionCodec,
  type StoredPosition,
} from "../../../src/sources/kit/index.ts";
import { ObjectWriter, problemOf } from "../../../src/sources/lambda/events.ts";
import { LAMBDA_POSITION } from "../../../src/sources/lambda/position.ts";
import { DocumentWriter } from "../../../src/sources/mongo/events.ts";
import { positionCodec as MONGO_POSITION } from "../../../src/sources/mongo/position.ts";
import { RowWriter } from "../../../src/sources/postgres/events.ts";
import { POSTGRES_POSITION } from "../../../src/sources/postgres/position.ts";
import { recordBatch } from "../../support/clean-records.ts";
import { readMatch } from "../../support/cricket.ts";
import { csv1Records, idOf, jsonDocuments, matchFiles, yamlObjects } from "../../support/cricket-files.ts";
import { type CricketPipeline, type RawRecord, review } from "../../support/cricket-pipeline.ts";
import { loadPlan } from "../../support/load-plan.ts";
import { T20I_DOCUMENTS } from "../../../src/pipelines/cricket/sources/t20i.ts";
import { TEST_OBJECTS } from "../../../src/pipelines/cricket/sources/test.ts";

/** ms since the Unix epoch: when every row was written. */
const TIME = Date.UTC(2026, 0, 1);
const GOLDEN = "../../fixtures/golden/cricket";

/** A hash over parts of any length, null told from empty. */
class Digest {
  readonly #hash = createHash("sha256");

  add(...parts: readonly (Buffer | string | number | null | undefined)[]): void {
    for (const part of parts) {
      const bytes =
        part === null || part === undefined ? null : Buffer.isBuffer(part) ? part : Buffer.from(String(part));
      this.#hash.update(bytes === null ? "-;" : `${bytes.length};`);
      if (bytes !== null) this.#hash.update(bytes);
    }
  }

  headers(headers: RecordHeaders | undefined): void {
    for (const [name, value] of headers ?? []) this.add(name, value);
  }

  text(): string {
    return this.#hash.digest("hex").slice(0, 32);
  }
}

function read(dir: string, file: string): string {
  return readFileSync(join(packageFile(dir), file), "utf8");
}

/** A row as the server's replication protocol tells it. */
function appendRow(batch: WriteBatch, writer: RowWriter, name: string, row: Readonly<Record<string, string>>): void {
  const id = batch.length + 1;
  const cells = { id: String(id), inserted_at: "2026-01-01", ...row };
  const relation = { id: 1, schema: "odi", name, columns: Object.keys(cells) };
  const tuple = Object.values(cells).map((cell) => (cell === "" ? null : Buffer.from(cell)));
  writer.append(batch, relation, tuple, { id: `pg:odi:0/${id.toString(16)}:0`, timeMs: TIME + id });
}

function odiEvents(): WriteBatch {
  const batch = new WriteBatch();
  const writer = new RowWriter(ODI_ROWS, { rawTopic: CRICKET_TOPICS.odiRaw, partitions: 1, sourceId: "odi" });
  const dir = packageFile("data/odi");
  for (const file of matchFiles(dir)) {
    const id = idOf(file);
    const isCsv2 = existsSync(join(dir, `${id}_info.csv`));
    const { rows, info } = isCsv2 ? readMatch(dir, id) : csv1Records(id, read("data/odi", file));
    appendRow(batch, writer, isCsv2 ? "match_info" : "csv1_match_info", { match_id: id, info });
    for (const row of rows) appendRow(batch, writer, isCsv2 ? "deliveries" : "csv1_deliveries", row);
  }
  appendRow(batch, writer, "unreadable_rows", {
    match_id: "1",
    file: "1.csv",
    line: "7",
    raw: String.raw`\xff00`,
    problem: "no columns",
  });
  return batch;
}

function t20iEvents(): WriteBatch {
  const batch = new WriteBatch();
  const writer = new DocumentWriter(T20I_DOCUMENTS, {
    rawTopic: CRICKET_TOPICS.t20iRaw,
    partitions: 1,
    sourceId: "t20i",
  });
  const append = (collection: "deliveries" | "matches" | "unreadable", document: object): void => {
    const id = batch.length + 1;
    const _id = ObjectId.createFromHexString(id.toString(16).padStart(24, "0"));
    writer.append(batch, collection, { _id, ...document }, { id: `mongo:${id}`, timeMs: TIME + id });
  };
  for (const file of matchFiles(packageFile("data/t20i"))) {
    const { match, deliveries } = jsonDocuments(idOf(file), read("data/t20i", file));
    append("matches", match);
    for (const delivery of deliveries) append("deliveries", delivery);
    // A later edition does not have the last one.
    const { delivery: _delivery, team: _team, ...last } = deliveries.at(-1) as Record<string, unknown>;
    append("deliveries", { ...last, edition: 2, deleted: true });
  }
  append("unreadable", { match_id: "1", file: "1.json", line: 1, raw: "AA==", problem: "no JSON" });
  append("deliveries", { match_id: "1", over: 1 });
  return batch;
}

function testEvents(): WriteBatch {
  const batch = new WriteBatch();
  const target = { sourceId: "test", rawTopic: CRICKET_TOPICS.testRaw, partitions: 1 };
  const objects = new ObjectWriter(TEST_OBJECTS, target, () => TIME * 2);
  const append = (key: string, body: string, etag = etagOf(body)): void => {
    const seq = batch.length + 1;
    const at = new Date(TIME + seq).toISOString();
    const item = { seq, key, etag, at, contentType: "application/yaml", size: body.length, body };
    objects.append(batch, item, "store-1", problemOf(item));
  };
  for (const file of matchFiles(packageFile("data/test"))) {
    const { match, deliveries } = yamlObjects(idOf(file), read("data/test", file));
    for (const body of [match, ...deliveries]) append(`${idOf(file)}/${batch.length}`, body);
  }
  append("1/x", "spoilt", etagOf("whole"));
  return batch;
}

function recordsOf(batch: WriteBatch): readonly RawRecord[] {
  return batch.topics.map((topic, index) => ({
    topic,
    key: batch.keys[index]?.toString() ?? "",
    value: batch.values[index] ?? null,
    headers: batch.headers[index] ?? [],
  }));
}

function digestOf(batch: WriteBatch): string {
  const digest = new Digest();
  for (let index = 0; index < batch.length; index += 1) {
    digest.add(batch.topics[index], batch.partitions[index], batch.keys[index], batch.values[index]);
    digest.headers(batch.headers[index]);
  }
  return `${batch.length} events ${digest.text()}`;
}

/** Every n-th record, a second time. */
function again(records: readonly RawRecord[], nth: number): readonly RawRecord[] {
  return records.filter((_, index) => index % nth === 0);
}

const SOURCES = { odi: odiEvents, t20i: t20iEvents, test: testEvents } as const;

test("raw events of the three sources", async () => {
  const lines = Object.entries(SOURCES).map(([name, events]) => `${name}: ${digestOf(events())}`);
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(`${GOLDEN}-events.txt`);
});

test("positions and gap events", async () => {
  const stored = <P>(position: P): StoredPosition<P> => ({ epoch: 2, events: 17, position });
  const lines = [
    positionText(
      "odi",
      POSTGRES_POSITION,
      stored({ phase: "stream", lsn: 16n, slot: "odi", systemId: "7", timeline: 1 }),
    ),
    positionText(
      "t20i",
      MONGO_POSITION,
      stored({ phase: "snapshot", token: "8265F0", database: "cricket", replicaSet: "rs0", collections: "a=1" }),
    ),
    positionText("test", LAMBDA_POSITION, stored({ store: "store-1", after: 12 })),
  ];
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(`${GOLDEN}-positions.txt`);
});

function positionText<P>(sourceId: string, codec: PositionCodec<P>, to: StoredPosition<P>): string {
  const gap = gapEvent({ sourceId, codec, from: to, to, reason: "why", action: "what", nowMs: TIME });
  return `${encodeStoredPosition(sourceId, to, codec).toString()}\n${JSON.stringify(gap)}`;
}

describe("from raw events to the warehouse", () => {
  let pipeline: CricketPipeline;
  beforeAll(async () => {
    const batches = Object.values(SOURCES).map((events) => recordsOf(events()));
    pipeline = await review(...batches, ...batches.map((records) => again(records, 7)));
  }, 120_000);

  test("topics of the topology", async () => {
    const names = [...cricketTopology({ partitions: 1 }).outputs, CRICKET_TOPICS.verdicts, CRICKET_TOPICS.quarantine];
    const lines = names.map((topic) => {
      const digest = new Digest();
      const records = pipeline.broker.readCommitted(topic);
      for (const { partition, key, value, headers } of records) {
        digest.add(partition, key, value);
        digest.headers(headers.filter(([name]) => name !== "tu_at"));
      }
      return `${topic}: ${records.length} records ${digest.text()}`;
    });
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(`${GOLDEN}-topics.txt`);
  });

  test("state: fingerprint and digest in the offsets", async () => {
    const inputs = [CRICKET_TOPICS.odiRaw, CRICKET_TOPICS.t20iRaw, CRICKET_TOPICS.testRaw];
    const lines = inputs.map((topic) => {
      const committed = pipeline.committed(topic);
      const { fingerprint, streamTime, counts, digest } = decodeOffsetMetadata(committed?.metadata ?? "") ?? {};
      return `${topic} ${committed?.offset} ${JSON.stringify({ fingerprint, streamTime, counts, digest })}`;
    });
    expect(lines[0]).toContain(topologyFingerprint(cricketTopology({ partitions: 1 })));
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(`${GOLDEN}-state.txt`);
  });

  test("tables of the warehouse, and cards", async () => {
    const dir = mkdtempSync(join(tmpdir(), "tu-golden-"));
    const warehouse = await Warehouse.open(dir, TIME);
    try {
      const topics = [
        CRICKET_TOPICS.matches,
        CRICKET_TOPICS.deliveries,
        CRICKET_TOPICS.verdicts,
        CRICKET_TOPICS.quarantine,
      ];
      await warehouse.start(new Map([...topics, CRICKET_TOPICS.gaps].map((topic) => [`${topic}/0`, 0])), []);
      const batches = topics.map((topic) => recordBatch(topic, 0, pipeline.broker.readCommitted(topic)));
      await loadPlan(warehouse, planLoad(batches, warehouse.progress, CRICKET_TOPICS));
      const lines = await tableLines(warehouse);
      for await (const { matchId, scored } of readScorecards(warehouse.connection)) {
        const digest = new Digest();
        digest.add(scoredMatchJson(scored));
        lines.push(`card ${matchId}: ${digest.text()}`);
      }
      await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(`${GOLDEN}-warehouse.txt`);
    } finally {
      warehouse.close();
      rmSync(dir, { recursive: true });
    }
  });
});

/** Every table and view: its columns, how many rows, and what is in them. */
async function tableLines(warehouse: Warehouse): Promise<string[]> {
  const rows = async (sql: string): Promise<readonly unknown[][]> =>
    (await warehouse.connection.runAndReadAll(sql)).getRowsJson();
  const tables = await rows(
    "SELECT table_name, string_agg(column_name || ' ' || data_type, ', ' ORDER BY column_index) FROM duckdb_columns() " +
      "WHERE database_name = current_database() AND NOT internal GROUP BY ALL ORDER BY ALL",
  );
  const lines: string[] = [];
  for (const [name, columns] of tables) {
    const found = await rows(`SELECT t::VARCHAR FROM "${String(name)}" AS t ORDER BY ALL`);
    const digest = new Digest();
    digest.add(String(columns));
    for (const [row] of found) digest.add(String(row));
    lines.push(`${String(name)}: ${found.length} rows ${digest.text()}`);
  }
  return lines;
}
