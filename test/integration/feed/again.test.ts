/** Rows that a store holds, put into it once more on demand, and what the review makes of them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CRICKET_EVENT } from "../../../src/domain/cricket/topics.ts";
import { repeatInMongo } from "../../../src/feed/again/mongo.ts";
import { repeatInPostgres } from "../../../src/feed/again/postgres.ts";
import {
  type FeedOptions,
  odiScripts,
  postgresTarget,
  runFeed,
  type T20iContent,
  t20iScripts,
  testScripts,
} from "../../../src/feed/index.ts";
import { mongoTarget } from "../../../src/feed/targets/mongo.ts";
import { objectStoreTarget } from "../../../src/feed/targets/object-store.ts";
import { packageFile } from "../../../src/local/paths.ts";
import { openReader, readObjects } from "../../../src/object-store/open.ts";
import { relaxedJson } from "../../../src/sources/mongo/relaxed-json.ts";
import { type RawRecord, rawRecord, review } from "../../support/cricket-pipeline.ts";
import { newDatabase } from "../../support/mongodb.ts";
import { newWorld } from "../sources/harness.ts";

const COUNT = 20;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "again-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** One match as it stands in its file. */
function feeding(match: string): FeedOptions {
  return {
    matches: [match],
    intervalMs: 0,
    ...{ seed: 1, replayRate: 0, correctionRate: 0 },
    signal: AbortSignal.timeout(60_000),
    onStatus: () => undefined,
  };
}

/** The records of a store in their order; `values` tells the repeated ones, and each source key is new. */
interface Store {
  readonly records: readonly RawRecord[];
  /** The store's own key of each: a primary key, an id, a number. */
  readonly keys: readonly string[];
}

/** What must be true of a store before and after its last rows came again. */
async function expectOnlyDuplicates(before: Store, after: Store): Promise<void> {
  const repeated = after.records.slice(before.records.length);
  const lastKeys = new Set(before.keys.slice(-COUNT));
  const last = before.records.filter((_, index) => lastKeys.has(before.keys[index]!));
  expect(repeated.map(({ value }) => String(value))).toEqual(last.map(({ value }) => String(value)));
  expect(after.records.slice(0, before.records.length)).toEqual(before.records);
  expect(new Set(after.keys).size).toBe(after.keys.length);

  const [once, twice] = await Promise.all([review(before.records), review(before.records, repeated)]);
  expect(twice.counts()).toEqual({ ...once.counts(), duplicate: COUNT });
  expect(once.counts()).toMatchObject({ duplicate: 0, correction: 0, poison: 0 });
  expect(twice.deliveries()).toEqual(once.deliveries());
  expect(twice.matches()).toEqual(once.matches());
}

test("EO-2: rows inserted again into Postgres are duplicates and change no score", async () => {
  const world = await newWorld();
  try {
    const scripts = await odiScripts([packageFile("data", "odi")]);
    await runFeed({ ...feeding("65258"), scripts, target: postgresTarget({ connection: world.url }) });
    const read = async (): Promise<Store> => {
      const rows = await world.sql<Record<string, string | null>[]>`
        select 0 as n, 'info/' || id as key, to_jsonb(m) - 'id' - 'inserted_at' as row from odi.match_info m
        union all select id, 'ball/' || id, to_jsonb(d) - 'id' - 'inserted_at' from odi.deliveries d order by n`;
      return {
        records: rows.map(({ key, row }) => rawOdi(String(key), row as unknown as Record<string, string | null>)),
        keys: rows.map(({ key }) => String(key)),
      };
    };
    const before = await read();
    expect(await repeatInPostgres(world.url, COUNT)).toBe(COUNT);
    await expectOnlyDuplicates(before, await read());
    const [transactions] =
      await world.sql`select count(distinct xmin::text)::int as n, count(*)::int as rows from odi.deliveries`;
    expect(transactions?.["n"]).toBe(transactions?.["rows"]);
  } finally {
    await world.close();
  }
});

function rawOdi(key: string, row: Readonly<Record<string, string | null>>): RawRecord {
  const columns = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
  const type = key.startsWith("ball/") ? CRICKET_EVENT.odiDelivery : CRICKET_EVENT.odiMatch;
  return rawRecord(type, row["match_id"] ?? "", columns);
}

test("EO-2: documents inserted again into MongoDB are duplicates and change no score", async () => {
  const database = await newDatabase();
  try {
    const scripts = await t20iScripts([packageFile("data", "t20i")]);
    await runFeed({ ...feeding("287862"), scripts, target: mongoTarget<T20iContent>({ connection: database.url }) });
    const read = async (): Promise<Store> => {
      const of = async (name: string, type: string): Promise<[string, RawRecord][]> => {
        const found = database.db.collection(name).find({}, { sort: { _id: 1 }, promoteValues: false });
        return (await found.toArray()).map(({ _id, ...document }) => [
          _id.toHexString(),
          rawRecord(type, String(document["match_id"]), relaxedJson(document)),
        ]);
      };
      const all = [
        ...(await of("matches", CRICKET_EVENT.t20iMatch)),
        ...(await of("deliveries", CRICKET_EVENT.t20iDelivery)),
      ];
      return { records: all.map(([, record]) => record), keys: all.map(([id]) => id) };
    };
    const before = await read();
    expect(await repeatInMongo(database.url, COUNT)).toBe(COUNT);
    await expectOnlyDuplicates(before, await read());
  } finally {
    await database.close();
  }
});

test("EO-2: objects appended again to the store are duplicates and change no score", async () => {
  const target = objectStoreTarget({ location: dir });
  const scripts = await testScripts([packageFile("data", "test")]);
  await runFeed({ ...feeding("649089"), scripts, target });
  const read = async (): Promise<Store> => {
    const records: RawRecord[] = [];
    const keys: string[] = [];
    for await (const { seq, key, body } of readObjects(await openReader(dir))) {
      records.push(rawRecord(CRICKET_EVENT.testObject, key.split("/")[0] ?? "", body ?? ""));
      keys.push(String(seq));
    }
    return { records, keys };
  };
  const before = await read();
  const again = objectStoreTarget({ location: dir });
  expect(await again.repeat(COUNT)).toBe(COUNT);
  await again.close();
  await expectOnlyDuplicates(before, await read());
});

test("what came again can come again, and a feed that goes on finds its own progress untouched", async () => {
  const target = objectStoreTarget({ location: dir });
  const scripts = await testScripts([packageFile("data", "test")]);
  const repeating = objectStoreTarget({ location: dir });
  const first = await runFeed({ ...feeding("817215"), scripts, target });
  expect(await repeating.repeat(5)).toBe(5);
  expect(await repeating.repeat(5)).toBe(5);
  await repeating.close();
  const next = await runFeed({ ...feeding("817215"), scripts, target: objectStoreTarget({ location: dir }) });
  expect(next).toMatchObject({ complete: true, rowsInserted: 0 });
  const reader = await openReader(dir);
  expect((await reader.list(0, 0, 0)).head).toBe(first.rowsInserted + 10);
});
