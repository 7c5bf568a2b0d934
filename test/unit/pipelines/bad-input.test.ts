import { describe, expect, it } from "vitest";
import { CRICKET_EVENT, CRICKET_TOPICS } from "../../../src/domain/cricket/topics.ts";
import { plainRow } from "../../support/cricket.ts";
import { headerText, rawRecord, type RawRecord, review, withHeader } from "../../support/cricket-pipeline.ts";

/* Bad records among good ones, format by format: each in quarantine with a reason to read, the rest goes on (EO-1). */

const row = (change: Readonly<Record<string, unknown>> = {}): object => ({ ...plainRow(), ...change });
const csv1Row = (change: Readonly<Record<string, unknown>> = {}): object => ({
  match_id: "1",
  innings: "1",
  ball: "0.1",
  nth: "1",
  batting_team: "A",
  striker: "One",
  non_striker: "Two",
  bowler: "Three",
  runs_off_bat: "1",
  extras: "0",
  kind: "",
  player_dismissed: "",
  ...change,
});
const json = (change: Readonly<Record<string, unknown>> = {}): object => ({
  match_id: "1",
  innings: 1,
  over: 0,
  ball: 1,
  team: "A",
  delivery: { batter: "One", non_striker: "Two", bowler: "Three", runs: { batter: 1, extras: 0, total: 1 } },
  ...change,
});
const yaml = (
  delivery = "batsman: One, non_striker: Two, bowler: Three, runs: {batsman: 1, extras: 0, total: 1}",
): string => `match_id: "1"\ninnings: 1\nteam: A\nlabel: 0.1\ndelivery: {${delivery}}\n`;

const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);

const GOOD: Readonly<Record<string, RawRecord>> = {
  csv2: rawRecord(CRICKET_EVENT.odiDelivery, "1", row()),
  csv1: rawRecord(CRICKET_EVENT.odiCsv1Delivery, "1", csv1Row()),
  json: rawRecord(CRICKET_EVENT.t20iDelivery, "1", json()),
  yaml: rawRecord(CRICKET_EVENT.testObject, "1", yaml()),
};

const { odiDelivery, odiMatch, odiCsv1Delivery, odiCsv1Match, t20iDelivery, t20iMatch, testObject } = CRICKET_EVENT;
const jsonText = JSON.stringify(json());

const BAD: Readonly<Record<string, readonly (readonly [RawRecord, RegExp])[]>> = {
  csv2: [
    [rawRecord(odiDelivery, "1", row({ ball: 0.1 })), /^ball: must be text$/],
    [rawRecord(odiDelivery, "1", row({ striker: null })), /^striker: must be text$/],
    [rawRecord(odiDelivery, "1", row({ ball: undefined })), /^ball: is missing$/],
    [rawRecord(odiDelivery, "1", row({ ball: "one" })), /column "ball" is "one"/],
    [rawRecord(odiDelivery, "1", '"0.1"'), /^the value: must be an object$/],
    [rawRecord(odiDelivery, "1", JSON.stringify(row()).slice(0, 40)), /^the value is not JSON: /],
    [rawRecord(odiDelivery, "1", JSON.stringify(row()).replace("{", '{"extras":"4",')), /names a member twice/],
    [rawRecord(odiDelivery, "1", Buffer.from([0x22, 0xc3, 0x28, 0x22])), /^the value is not UTF-8$/],
    [rawRecord(odiDelivery, "1", row({ striker: "x\u0000y" })), /control character/],
    [rawRecord(odiDelivery, "1", row({ striker: "x".repeat(70_000) })), /^the record has \d+ bytes, more than 65536$/],
    [rawRecord(odiMatch, "1", { match_id: "1" }), /^info: is missing$/],
    [rawRecord(odiMatch, "1", { match_id: "1", info: 7 }), /^info: must be text$/],
    [rawRecord(odiMatch, "1", { match_id: "1", info: "nonsense" }), /^info of match "1": /],
  ],
  csv1: [
    [rawRecord(odiCsv1Delivery, "1", csv1Row({ nth: 1 })), /^nth: must be text$/],
    [rawRecord(odiCsv1Delivery, "1", csv1Row({ nth: "2" })), /number 2 of its over/],
    [rawRecord(odiCsv1Delivery, "1", row()), /^nth: is missing$/],
    [rawRecord(odiCsv1Match, "1", { match_id: "1", info: "" }), /^info of match "1": /],
  ],
  json: [
    [rawRecord(t20iDelivery, "1", json({ over: "0" })), /^over: must be a whole number$/],
    [rawRecord(t20iDelivery, "1", json({ over: 0.5 })), /^over: must be a whole number$/],
    [rawRecord(t20iDelivery, "1", json({ delivery: {} })), /^delivery\.batter: is missing$/],
    [
      rawRecord(t20iDelivery, "1", jsonText.replace('"runs":', '"wickets":[7],"runs":')),
      /^delivery\.wickets\.0: must be an object$/,
    ],
    [rawRecord(t20iDelivery, "1", jsonText.slice(0, -1)), /^the value is not JSON: /],
    [rawRecord(t20iDelivery, "1", jsonText.replace('"runs":', '"batter":"Four","runs":')), /names a member twice/],
    [
      rawRecord(t20iDelivery, "1", jsonText.replace('"runs":', `"review":${nested(5_000)},"runs":`)),
      /nests deeper than 32 levels/,
    ],
    [rawRecord(t20iDelivery, "1", nested(30_000)), /nests deeper than 32 levels/],
    [rawRecord(t20iDelivery, "1", json({ ball: 0 })), /ball/],
    [rawRecord(t20iMatch, "1", json()), /^match: is missing$/],
    [
      rawRecord(t20iMatch, "1", { match_id: "1", match: { meta: {}, info: {}, innings: [] } }),
      /^match\.meta\.data_version: is missing$/,
    ],
  ],
  yaml: [
    [rawRecord(testObject, "1", yaml().slice(0, -4)), /not YAML/],
    [rawRecord(testObject, "1", yaml("bowler: Three")), /delivery\.\w+ is missing/],
    [rawRecord(testObject, "1", yaml("batsman: One, batsman: Two")), /not YAML: .*duplicate/i],
    [rawRecord(testObject, "1", `a: &a [x]\nb: [*a, *a]\n${yaml()}`), /not YAML: .*alias/i],
    [rawRecord(testObject, "1", `${yaml()}x: ${nested(5_000)}\n`), /not YAML: .*depth/i],
    [rawRecord(testObject, "1", Buffer.from([0x61, 0x3a, 0xff])), /^the value is not UTF-8$/],
    [rawRecord(testObject, "1", `${yaml()}x: "\u0000"`), /not YAML/],
    [rawRecord(testObject, "1", "x".repeat(1024 * 1024 + 1)), /^the record has 1048577 bytes, more than 1048576$/],
    [
      rawRecord(testObject, "1", 'match_id: "1"\nfile: 1.yaml\nline: 7\nproblem: cut off\n'),
      /1\.yaml, line 7: cut off$/,
    ],
    [rawRecord(testObject, "1", ""), /no mapping|not YAML/],
  ],
};

describe("bad records among good ones", () => {
  it.each(Object.keys(BAD))("go to quarantine with a reason, and the good ones of %s go on (EO-1)", async (format) => {
    const good = GOOD[format]!;
    const bad = BAD[format]!;
    const pipeline = await review([...bad.flatMap(([record]) => [record, good]), good]);
    expect(pipeline.reasons()).toHaveLength(bad.length);
    for (const [index, reason] of pipeline.reasons().entries()) expect(reason).toMatch(bad[index]![1]);
    expect(pipeline.counts()).toMatchObject({ accepted: 1, duplicate: bad.length, poison: bad.length });
    expect(pipeline.deliveries()).toHaveLength(1);
  });

  it("keep key, value and headers, and say where they stood", async () => {
    const [record] = BAD["csv2"]![0]!;
    const pipeline = await review([GOOD["csv2"]!, record]);
    const [kept] = pipeline.quarantine();
    expect(kept?.key?.toString()).toBe(record.key);
    expect(kept?.value?.toString()).toBe(record.value);
    for (const [name, value] of record.headers) expect(headerText(kept!, name)).toBe(value.toString());
    expect([headerText(kept!, "tu_topic"), headerText(kept!, "tu_partition"), headerText(kept!, "tu_offset")]).toEqual([
      CRICKET_TOPICS.odiRaw,
      "0",
      "1",
    ]);
  });

  it("may have their fault in the headers", async () => {
    const good = GOOD["yaml"]!;
    const faults: readonly (readonly [RawRecord, string])[] = [
      [{ ...good, headers: [] }, "the record has no ce_type header"],
      [withHeader(good, "ce_type", "cricket.test.object.v9"), 'event type "cricket.test.object.v9" is unknown'],
      [withHeader(good, "ce_type", "__proto__"), 'event type "__proto__" is unknown'],
      [withHeader(good, "ce_specversion", "0.3"), 'ce_specversion is "0.3"; expected "1.0"'],
      [withHeader(good, "ce_specversion", null), "the record has no ce_specversion header"],
      [withHeader(good, "ce_id", ""), "header ce_id is empty"],
      [withHeader(good, "ce_source", null), "the record has no ce_source header"],
      [withHeader(good, "content-type", null), "the record has no content-type header"],
      [
        withHeader(good, "content-type", "application/json"),
        'content-type is "application/json"; expected "application/yaml"',
      ],
      [withHeader(good, "ce_time", "yesterday"), 'ce_time "yesterday" is no time'],
      [{ ...good, value: null }, "the record has no value"],
    ];
    const pipeline = await review([...faults.map(([record]) => record), good]);
    expect(pipeline.reasons()).toEqual(faults.map(([, reason]) => reason));
    expect(pipeline.counts()).toMatchObject({ accepted: 1, poison: faults.length });
  });

  it("may be ones that a feed or source gave up on: their reason is passed on, whatever their size", async () => {
    const types = [CRICKET_EVENT.odiUnreadable, CRICKET_EVENT.t20iUnreadable, CRICKET_EVENT.testUnreadable];
    const value = {
      match_id: "1",
      file: "1.csv",
      line: 240,
      raw: "A".repeat(2_000_000),
      problem: "27 columns, 3 found",
    };
    const bare = { match_id: null, file: null, line: 0, raw: "", problem: null };
    const pipeline = await review([
      ...types.map((type) => rawRecord(type, "1", value)),
      rawRecord(CRICKET_EVENT.testUnreadable, "", bare),
      rawRecord(CRICKET_EVENT.testUnreadable, "", { file: "1.csv" }),
    ]);
    expect(pipeline.reasons()).toHaveLength(5);
    expect(pipeline.reasons().toSorted()).toEqual(
      [
        ...types.map(() => "1.csv, line 240: 27 columns, 3 found"),
        "a file, line 0: unreadable",
        "line: is missing",
      ].toSorted(),
    );
  });
});

describe("what the content type says beside the type", () => {
  it("does not matter", async () => {
    const pipeline = await review([withHeader(GOOD["json"]!, "content-type", "Application/JSON; charset=utf-8")]);
    expect(pipeline.counts()).toMatchObject({ accepted: 1, poison: 0 });
  });
});
