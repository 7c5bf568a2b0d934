import { afterEach, beforeEach, expect, test } from "vitest";
import { newWorld, type RawEvent, readTopic, settle, startSource, type World } from "./harness.ts";

let world: World;
beforeEach(async () => {
  world = await newWorld();
});
afterEach(() => world.close());

const streaming = (status: { state: string }): boolean => status.state === "streaming";

/** Inserts before the source starts and once more while it streams; resolves with the events of the copy and of the stream. */
async function bothWays(insert: () => Promise<unknown>): Promise<{ copied: RawEvent[]; streamed: RawEvent[] }> {
  await insert();
  const source = startSource(world);
  await source.until(streaming);
  await insert();
  await settle(world);
  await source.stop();
  const events = await readTopic(world, world.topics.raw);
  const isCopied = ({ id }: RawEvent): boolean => id.startsWith("pg:snap:");
  return { copied: events.filter(isCopied), streamed: events.filter((event) => !isCopied(event)) };
}

test("EO-11: a row with any time of insertion is sent, by the copy and by the stream", async () => {
  const times = [
    "infinity",
    "-infinity",
    "0044-03-15 10:00:00+00 BC",
    "4713-01-01 00:00:00+00 BC",
    "10000-01-01 00:00:00+00",
    "294276-12-31 23:59:59.999999+00",
    "9999-12-31 23:59:59+00",
    "2026-01-02 24:00:00+00",
  ];
  const { copied, streamed } = await bothWays(async () => {
    for (const time of times)
      await world.sql`insert into odi.deliveries (match_id, ball, inserted_at) values ('m1', ${time}, ${time}::text::timestamptz)`;
    await world.sql`insert into odi.match_info (match_id, info, inserted_at) values ('m1', 'i', 'infinity')`;
  });
  for (const events of [copied, streamed]) {
    expect(events.map(({ value }) => String(value["ball"] ?? value["info"])).toSorted()).toEqual(
      [...times, "i"].toSorted(),
    );
    for (const { time } of events) {
      expect(time).toMatch(/^\d{4}-/u);
      expect(Date.parse(time)).toBeLessThanOrEqual(Date.now());
    }
  }
});

test("EO-11: a row with any value of any type is sent as text, the same by the copy and by the stream", async () => {
  const types: Readonly<Record<string, readonly [type: string, ...values: string[]]>> = {
    season: ["interval", "-178000000 years", "1 mon -1 day 25:00:00"],
    start_date: ["timestamptz", "infinity", "4713-01-01 BC", "294276-12-31 23:59:59.999999+00"],
    venue: ["bytea", String.raw`\x00ff5c4e0a09`, ""],
    innings: ["timestamp", "-infinity", "2026-03-29 02:30:00"],
    actual_delivery: ["date", "infinity", "5874897-12-31"],
    runs_off_bat: ["numeric", "NaN", "Infinity", "1e1000", "-0.10"],
    extras: ["double precision", "NaN", "-Infinity", "1.7976931348623157e308", "-0", "0.1"],
    wides: ["money", "-92233720368547758.08", "92233720368547758.07"],
    noballs: ["time", "24:00:00"],
    byes: ["json", '{"a": 1, "a": 2}', '"\\u0000"'],
    legbyes: ["text[]", '{a,NULL,"NULL","x\\"y",{}}'.replace(",{}", "")],
    penalty: ["uuid", "00000000-0000-0000-0000-000000000000"],
    non_boundary: ["xml", "<a>&amp;</a>"],
    wicket_type: ["point", "(NaN,Infinity)"],
    fielder_1: ["tstzrange", "[-infinity,infinity)", "empty"],
    fielder_2: ["timetz", "24:00:00-15:59"],
    fielder_3: ["real", "1e-45", "3.4028235e38"],
  };
  // The role prints all of it in a way of its own.
  await world.sql.unsafe(`
    alter database ${world.name} set datestyle = 'German'; alter database ${world.name} set intervalstyle = 'sql_standard';
    alter database ${world.name} set timezone = 'Asia/Kathmandu'; alter database ${world.name} set bytea_output = 'escape';
    alter database ${world.name} set extra_float_digits = -10;`);
  for (const [column, [type]] of Object.entries(types))
    await world.sql.unsafe(`alter table odi.deliveries alter ${column} type ${type} using null`);
  const { copied, streamed } = await bothWays(async () => {
    for (const [column, [type, ...values]] of Object.entries(types)) {
      for (const [n, value] of values.entries()) {
        const place = `${column}/${n}`;
        await world.sql.unsafe(
          `insert into odi.deliveries (match_id, ball, ${column}) values ('m1', '${place}', '${value.replaceAll("'", "''")}'::${type})`,
        );
      }
    }
  });
  const all = (events: readonly RawEvent[]): unknown[] => events.map(({ type, value }) => ({ type, value }));
  expect(copied).toHaveLength(Object.values(types).flatMap(([, ...values]) => values).length);
  expect(all(streamed)).toEqual(all(copied));
  for (const { type } of copied) expect(type).toBe("cricket.odi.delivery.v1");
  const sent = (place: string, column: string): unknown =>
    copied.find(({ value }) => value["ball"] === place)?.value[column];
  expect(sent("venue/0", "venue")).toBe(String.raw`\x00ff5c4e0a09`);
  expect(sent("extras/4", "extras")).toBe("0.1");
  expect(sent("byes/0", "byes")).toBe('{"a": 1, "a": 2}');
});

test("EO-11: a row that can be no record is quarantined with its reason, and what follows comes", async () => {
  const { copied, streamed } = await bothWays(async () => {
    await world.sql`insert into odi.deliveries (match_id, ball) values (repeat('k', 30000000), '0.1')`;
    await world.sql`insert into odi.unreadable_rows (match_id, line, problem) values (repeat('k', 2000), -1, null)`;
    await world.sql`insert into odi.deliveries (match_id, ball) values ('m1', '0.2')`;
  });
  for (const events of [copied, streamed]) {
    expect(events.map(({ type, key, value }) => `${type} ${key} ${String(value["problem"])}`).toSorted()).toEqual([
      "cricket.odi.delivery.v1 m1 undefined",
      "cricket.odi.unreadable.v1  match_id is 2000 bytes, over the limit of 1024",
      "cricket.odi.unreadable.v1  match_id is 30000000 bytes, over the limit of 1024",
    ]);
  }
});
