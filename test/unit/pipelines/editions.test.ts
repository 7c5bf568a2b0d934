import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rawFact } from "../../../src/audit/raw-fact.ts";
import { cleanFact } from "../../../src/audit/read-clean.ts";
import { readStaleMarts, readWarehouse } from "../../../src/audit/read-warehouse.ts";
import { Reconciliation } from "../../../src/audit/reconciliation.ts";
import { scoreMatch, type ScoredMatch } from "../../../src/domain/cricket/scorecard.ts";
import { CRICKET_EVENT, CRICKET_TOPICS } from "../../../src/domain/cricket/topics.ts";
import type { CleanDeletion, Delivery, Match } from "../../../src/domain/cricket/types.ts";
import { IdentityHasher } from "../../../src/domain/review/identity.ts";
import { decodeVerdictBlock } from "../../../src/domain/review/verdict-block.ts";
import { readStoredMatches } from "../../../src/loader/match-rows.ts";
import { scoreStored } from "../../../src/loader/marts.ts";
import { planLoad } from "../../../src/loader/plan.ts";
import { Warehouse } from "../../../src/loader/warehouse.ts";
import { cricketTopology } from "../../../src/pipelines/cricket/topology.ts";
import { match as matchNamed, recordBatch } from "../../support/clean-records.ts";
import { CricketPipeline, rawRecord, type RawRecord, review } from "../../support/cricket-pipeline.ts";
import { csv1Row, csv2Row, jsonDelivery, jsonMatch } from "../../support/cricket-writers.ts";
import { delivery } from "../../support/cricket.ts";
import { loadPlan } from "../../support/load-plan.ts";

/* A file is corrected after its match was played: what the new edition does not have leaves the card. */

const ID = "990104";
const MATCH: Match = { ...matchNamed(ID), format: "json", version: "1.1.0", inningsNotes: [] };

function ball(n: number, bat: number): Delivery {
  return { ...delivery({ ball: n, bat }), matchId: ID, innings: 1 };
}

/** A delivery of an edition; the first does not count itself. */
function said(d: Delivery, edition: number): RawRecord {
  const document = { ...jsonDelivery(d), ...(edition === 1 ? {} : { edition }) };
  return rawRecord(CRICKET_EVENT.t20iDelivery, ID, document);
}

function gone(n: number, edition: number): RawRecord {
  const { innings, over } = ball(n, 0);
  const document = { match_id: ID, innings, over, ball: n, edition, deleted: true };
  return rawRecord(CRICKET_EVENT.t20iDeletion, ID, document);
}

/** A ball of a CSV and its deletion, as the rows of Postgres have them: all is text. */
const CSV = {
  csv2: { type: CRICKET_EVENT.odiDelivery, row: (d: Delivery) => csv2Row(d, "2.3"), named: ["innings", "ball"] },
  csv1: { type: CRICKET_EVENT.odiCsv1Delivery, row: csv1Row, named: ["innings", "ball", "nth"] },
} as const;

function csvSaid(form: keyof typeof CSV, d: Delivery, edition: number): RawRecord {
  const { type, row } = CSV[form];
  return rawRecord(type, ID, { ...row(d), ...(edition === 1 ? {} : { edition: String(edition) }) });
}

function csvGone(form: keyof typeof CSV, d: Delivery, edition: number): RawRecord {
  const row = CSV[form].row(d);
  const named = Object.fromEntries(CSV[form].named.map((name) => [name, row[name]]));
  const value = { match_id: ID, ...named, edition: String(edition), deleted: "true" };
  return rawRecord(CRICKET_EVENT.odiDeletion, ID, value);
}

const RECORD = rawRecord(CRICKET_EVENT.t20iMatch, ID, jsonMatch(MATCH));

let dir: string;
let warehouse: Warehouse;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "tu-editions-"));
  warehouse = await opened(dir);
});

afterEach(() => {
  warehouse.close();
  rmSync(dir, { recursive: true });
});

async function opened(folder: string): Promise<Warehouse> {
  const one = await Warehouse.open(folder, 0);
  await one.start(new Map(Object.values(CRICKET_TOPICS).map((topic) => [`${topic}/0`, 0])), []);
  return one;
}

/** Loads what the clean stream has, so many records a transaction. */
async function load({ broker }: CricketPipeline, records: number, into: Warehouse = warehouse): Promise<void> {
  for (const topic of [CRICKET_TOPICS.matches, CRICKET_TOPICS.deliveries]) {
    const all = broker.readCommitted(topic);
    for (let at = 0; at < all.length; at += records)
      await loadPlan(
        into,
        planLoad([recordBatch(topic, 0, all.slice(at, at + records))], into.progress, CRICKET_TOPICS),
      );
  }
}

async function card(from: Warehouse = warehouse): Promise<ScoredMatch> {
  const [stored] = await readStoredMatches(from.connection, [ID]);
  return scoreStored(stored!).scored;
}

async function marts(): Promise<unknown> {
  const { connection } = warehouse;
  const reader = await connection.runAndReadAll("SELECT runs, legal_balls, deliveries FROM innings ORDER BY innings");
  return reader.getRowsJson().map((row) => row.map(Number));
}

/** What the audit finds wrong between the sources, the topics and the warehouse. */
async function audited(pipeline: CricketPipeline): Promise<readonly string[]> {
  const topology = cricketTopology({ partitions: 1 });
  const hasher = await IdentityHasher.create();
  const inputs = [
    { topic: CRICKET_TOPICS.odiRaw, source: "odi" },
    { topic: CRICKET_TOPICS.t20iRaw, source: "t20i" },
  ];
  const audit = new Reconciliation({ hasher, inputs });
  const { broker } = pipeline;
  const records = inputs.flatMap(({ topic }) =>
    broker.readCommitted(topic).map((record) => ({ ...record, topic, partition: 0 })),
  );
  const facts = records.map((record) => {
    const fact = rawFact(topology, record);
    const source = record.topic === CRICKET_TOPICS.odiRaw ? "odi" : "t20i";
    return { fact: { ...fact, row: { table: "deliveries", id: record.offset + 1 } }, source };
  });
  for (const { fact, source } of facts) {
    const { identity, version, row } = fact;
    const payload = fact.payload ?? "";
    audit.sourceRow({ source, ...row, payload, identity, ...(version === undefined ? {} : { version }) });
  }
  for (const { value } of broker.readCommitted(CRICKET_TOPICS.verdicts)) {
    const block = decodeVerdictBlock(value!);
    for (const { fact } of facts) {
      if (fact.topic === block.topic && fact.offset >= block.fromOffset && fact.offset < block.toOffset)
        audit.rawRecord(fact);
    }
    audit.verdictBlock(block);
  }
  for (const topic of [CRICKET_TOPICS.matches, CRICKET_TOPICS.deliveries]) {
    const all = broker.readCommitted(topic);
    const batch = recordBatch(topic, 0, all);
    for (const index of all.keys()) audit.cleanRecord(cleanFact(batch, index, true));
  }
  await readWarehouse(warehouse.connection, (row) => audit.warehouseRow(row));
  for (const innings of await readStaleMarts(warehouse.connection)) audit.staleMart(innings);
  const { differences, arrows } = audit.finish();
  const warehouseArrow = arrows.find(({ name }) => name === "warehouse")!;
  expect(warehouseArrow.from.count).toBe(warehouseArrow.to.count);
  return differences.map(({ text }) => text);
}

describe("an edition", () => {
  const first = [RECORD, said(ball(1, 4), 1), said(ball(2, 4), 1), said(ball(3, 1), 1)];
  const second = [said(ball(1, 4), 2), said(ball(2, 1), 2), gone(3, 2)];

  it.each([1, 100])(
    "takes a ball off the card, and replays do not bring it back, %i records a transaction",
    async (records) => {
      const pipeline = await review(first, second, [...first, ...second]);
      expect(pipeline.verdicts(CRICKET_TOPICS.t20iRaw)).toEqual([
        ...["accepted", "accepted", "accepted", "accepted"],
        ...["duplicate", "correction", "correction"],
        ...["duplicate", "duplicate", "stale", "stale"],
        ...["duplicate", "duplicate", "duplicate"],
      ]);
      const tombstone = JSON.parse(
        pipeline.broker.readCommitted(CRICKET_TOPICS.deliveries).at(-1)!.value!.toString(),
      ) as CleanDeletion;
      expect(tombstone).toMatchObject({ deleted: true, edition: 2, verdict: "correction", delivery: { ball: 3 } });
      expect(Object.keys(tombstone.delivery)).toEqual(["matchId", "innings", "over", "ball"]);
      await load(pipeline, records);
      expect(await card()).toEqual(scoreMatch(MATCH, [ball(1, 4), ball(2, 1)]));
      expect(await marts()).toEqual([[5, 2, 2]]);
      expect(await audited(pipeline)).toEqual([]);
    },
  );

  it.each([1, 2, 100])(
    "brings a ball back that an earlier one took away, %i records a transaction",
    async (records) => {
      const third = [said(ball(1, 4), 3), said(ball(2, 4), 3), said(ball(3, 1), 3)];
      const pipeline = await review(first, second, third, [...second, ...first]);
      expect(pipeline.verdicts(CRICKET_TOPICS.t20iRaw).slice(7, 10)).toEqual(["duplicate", "correction", "correction"]);
      await load(pipeline, records);
      expect(await card()).toEqual(scoreMatch(MATCH, [ball(1, 4), ball(2, 4), ball(3, 1)]));
      expect(await audited(pipeline)).toEqual([]);
    },
  );

  it.each(["csv2", "csv1"] as const)(
    "of %s takes a ball off the card, and a later one brings it back",
    async (form) => {
      const tenth = { ...ball(10, 1), over: 3 };
      const one = [ball(1, 4), ball(2, 4), tenth].map((d) => csvSaid(form, d, 1));
      const two = [csvSaid(form, ball(1, 4), 2), csvSaid(form, ball(2, 1), 2), csvGone(form, tenth, 2)];
      const gone = await review([RECORD], one, two, [...one, ...two]);
      expect(gone.reasons()).toEqual([]);
      expect(gone.verdicts(CRICKET_TOPICS.odiRaw)).toEqual([
        ...["accepted", "accepted", "accepted", "duplicate", "correction", "correction"],
        ...["duplicate", "stale", "stale", "duplicate", "duplicate", "duplicate"],
      ]);
      expect(gone.deliveries().at(-1)).toMatchObject({ deleted: true, edition: 2, delivery: { over: 3, ball: 10 } });
      await load(gone, 100);
      expect((await card()).innings[0]).toMatchObject({ runs: 5, deliveries: 2 });
      expect(await audited(gone)).toEqual([]);

      const back = await review([RECORD], one, two, [csvSaid(form, tenth, 3)], two);
      expect(back.verdicts(CRICKET_TOPICS.odiRaw)).toEqual([
        ...["accepted", "accepted", "accepted", "duplicate", "correction", "correction"],
        ...["correction", "duplicate", "duplicate", "stale"],
      ]);
    },
  );

  it("that takes every ball away leaves no innings", async () => {
    const pipeline = await review(
      first,
      [1, 2, 3].map((n) => gone(n, 2)),
    );
    await load(pipeline, 1);
    expect(await marts()).toEqual([]);
    expect(await audited(pipeline)).toEqual([]);
  });

  it("of one source takes nothing back that the other says later", async () => {
    const csv = rawRecord(CRICKET_EVENT.odiDelivery, ID, csv2Row(ball(3, 1), "2.3"));
    const pipeline = await review(first, second, [csv]);
    await load(pipeline, 1);
    expect(await audited(pipeline)).toEqual([]);
    expect((await card()).innings[0]).toMatchObject({ deliveries: 2 });
  });

  it("says right what the first had wrong for a while, and beats what it has replaced itself", async () => {
    const pipeline = await review([said(ball(1, 6), 1), said(ball(1, 4), 1)], [said(ball(1, 6), 2)]);
    expect(pipeline.verdicts(CRICKET_TOPICS.t20iRaw)).toEqual(["accepted", "correction", "correction"]);
    await load(pipeline, 100);
    expect(await audited(pipeline)).toEqual([]);
  });

  it("meets state that was written before editions were counted", async () => {
    const { version: _version, deleted: _deleted, ...before } = cricketTopology({ partitions: 1 });
    const start = await CricketPipeline.start();
    await start.stop();
    let pipeline = CricketPipeline.after(start, before);
    const wrong = said(ball(3, 6), 1);
    const told = [[RECORD, said(ball(1, 4), 1), said(ball(2, 4), 1), wrong, said(ball(3, 1), 1)], second, first];
    for (const [at, records] of told.entries()) {
      if (at === 1) {
        await pipeline.stop();
        pipeline = CricketPipeline.after(pipeline);
      }
      pipeline.append(records);
      await pipeline.judged();
    }
    await pipeline.stop();
    expect(pipeline.verdicts(CRICKET_TOPICS.t20iRaw).slice(5)).toEqual([
      ...["duplicate", "correction", "correction"],
      ...["duplicate", "duplicate", "stale", "stale"],
    ]);
    await load(pipeline, 100);
    expect(await card()).toEqual(scoreMatch(MATCH, [ball(1, 4), ball(2, 1)]));
    expect(await audited(pipeline)).toEqual([]);
  });

  it("that does not count itself cannot delete", async () => {
    const { edition: _, ...document } = JSON.parse(gone(1, 2).value!.toString()) as Record<string, unknown>;
    const pipeline = await review([rawRecord(CRICKET_EVENT.t20iDeletion, ID, document)]);
    expect(pipeline.reasons()).toEqual(["edition: is missing"]);
  });

  it.each([
    [{ edition: undefined }, "edition: is missing"],
    [{ edition: "0" }, /^edition: breaks the rule "pattern"/u],
    [{ deleted: "false" }, /^deleted: breaks the rule "const"/u],
    [{ ball: "3.01" }, /^match 990104, innings 1, ball 3\.01: column "ball" is "3\.01"/u],
    [{ nth: "2" }, /but the delivery is number 2 of its over$/u],
  ])("of CSV that says %j deletes nothing", async (change, reason) => {
    const value = JSON.parse(csvGone("csv2", ball(1, 4), 2).value!.toString()) as object;
    const pipeline = await review([rawRecord(CRICKET_EVENT.odiDeletion, ID, { ...value, ...change })]);
    expect(pipeline.reasons()).toEqual([
      typeof reason === "string" ? reason : (expect.stringMatching(reason) as string),
    ]);
  });
});

/** What an edition says of each of three balls: runs off the bat, or that it is not there. */
const edition = fc.array(fc.option(fc.integer({ min: 0, max: 2 })), { minLength: 3, maxLength: 3 });
const story = fc.record({
  editions: fc.array(edition, { minLength: 2, maxLength: 4 }),
  replays: fc.array(fc.tuple(fc.nat(60), fc.nat(60)), { maxLength: 12 }),
  records: fc.integer({ min: 1, max: 5 }),
});

it("editions with any replays between them end at the card of the last one", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(story, async ({ editions, replays, records }) => {
      const folder = mkdtempSync(join(tmpdir(), "tu-editions-"));
      const there = await opened(folder);
      try {
        const told: RawRecord[] = [];
        for (const [at, balls] of editions.entries()) {
          for (const [n, bat] of balls.entries()) {
            const before = editions.slice(0, at).findLast((other) => other[n] !== null || other === editions[at - 1]);
            if (bat !== null) told.push(said(ball(n + 1, bat), at + 1));
            else if (before?.[n] !== null && before !== undefined) told.push(gone(n + 1, at + 1));
          }
        }
        const played = [...told];
        for (const [from, behind] of replays) {
          const source = from % Math.max(1, told.length);
          const record = told[source];
          const at = played.lastIndexOf(record!);
          // What is repeated was said before.
          if (record !== undefined) played.splice(Math.min(played.length, at + 1 + behind), 0, record);
        }
        const pipeline = await review([RECORD, ...played]);
        await load(pipeline, records, there);
        const last = editions.at(-1)!.flatMap((bat, n) => (bat === null ? [] : [ball(n + 1, bat)]));
        expect(await card(there)).toEqual(scoreMatch(MATCH, last));
      } finally {
        there.close();
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 15 },
  );
});
