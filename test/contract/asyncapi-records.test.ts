import fc from "fast-check";
import { FAILSAFE_SCHEMA, load } from "js-yaml";
import { beforeAll, describe, expect, it } from "vitest";
import { CRICKET_EVENT, CRICKET_TOPICS } from "../../src/domain/cricket/topics.ts";
import { parseYamlObject } from "../../src/domain/cricket/yaml.ts";
import { decodeSegment } from "../../src/domain/review/segment.ts";
import { decodeVerdictBlock } from "../../src/domain/review/verdict-block.ts";
import { encodeStoredPosition, gapEvent, type PositionCodec } from "../../src/sources/kit/position.ts";
import type { ModelRecord } from "../../src/testing/index.ts";
import { type CricketPipeline, headerText, rawRecord, review, withHeader } from "../support/cricket-pipeline.ts";
import { rawCsv1, rawCsv2, rawJson, rawYaml } from "../support/raw-matches.ts";
import { cleanDeletion, cleanDelivery, cleanMatch } from "./asyncapi-arbitraries.ts";
import { channelOf, type Contract, parseContract, documentText, problemsOf, theContract } from "./asyncapi-document.ts";

/* What the pipeline really writes is what asyncapi.yaml says of it, and nothing else is. */

const CSV1_MATCH = "235831";
const CSV2_MATCH = "1185311";
const JSON_MATCH = "951373";
const YAML_MATCH = "1152848";

const GONE = { match_id: JSON_MATCH, innings: 1, over: 19, ball: 30, edition: 2, deleted: true };
const GONE_CSV = { match_id: CSV2_MATCH, innings: "1", ball: "19.30", edition: "2", deleted: "true" };
const GONE_YAML = `match_id: "${YAML_MATCH}"\ninnings: 1\nlabel: 4.30\nedition: 2\ndeleted: true\n`;

let contract: Contract;
let pipeline: CricketPipeline;

beforeAll(async () => {
  contract = await theContract();
  const odi = [...rawCsv2(CSV2_MATCH), ...rawCsv1(CSV1_MATCH)];
  const corrected = odi[1]!;
  pipeline = await review([
    ...odi,
    ...rawJson(JSON_MATCH),
    ...rawYaml(YAML_MATCH),
    rawRecord(CRICKET_EVENT.t20iDeletion, JSON_MATCH, GONE),
    rawRecord(CRICKET_EVENT.testObject, YAML_MATCH, GONE_YAML),
    rawRecord(CRICKET_EVENT.odiDeletion, CSV2_MATCH, GONE_CSV),
    { ...corrected, value: String(corrected.value).replace(/"bowler":"[^"]*"/, '"bowler":"Somebody Else"') },
    rawRecord(CRICKET_EVENT.odiUnreadable, "1", { match_id: "1", file: "a", line: 1, raw: "", problem: "cut" }),
    rawRecord(CRICKET_EVENT.t20iUnreadable, "", { match_id: null, file: null, line: 0, raw: "", problem: null }),
    rawRecord(CRICKET_EVENT.testUnreadable, "1", { match_id: "1", file: "k", line: 9, raw: "eA==", problem: "digest" }),
  ]);
}, 60_000);

/** The body of a record as its schema describes it: YAML with every scalar as text. */
function bodyOf(value: Buffer, contentType: string): unknown {
  if (contentType === "application/json") return JSON.parse(value.toString()) as unknown;
  if (contentType === "application/yaml") return load(value.toString(), { schema: FAILSAFE_SCHEMA });
  return value.toString("latin1");
}

/** The message of a channel that a record is, by its type where there is one, and what is wrong with it. */
function check(record: ModelRecord, within: Contract = contract): { message: string; problems: readonly string[] } {
  const messages = Object.entries(channelOf(within, record.topic).messages);
  const type = record.topic.endsWith(".raw") ? headerText(record, "ce_type") : undefined;
  const isDeletion = record.topic === CRICKET_TOPICS.deliveries && record.value?.includes('"deleted":true') === true;
  const wanted = isDeletion ? "clean-deletion" : type;
  const found = messages.find(([, { name }]) => wanted === undefined || name === wanted);
  if (found === undefined) return { message: "none", problems: [`${record.topic} has no message ${type}`] };
  const [message, { headers, payload, contentType }] = found;
  const texts = Object.fromEntries(record.headers.map(([name, bytes]) => [name, bytes.toString()]));
  return {
    message,
    problems: [
      ...(headers === undefined ? [] : problemsOf(headers, texts)),
      ...(record.value === null ? [] : problemsOf(payload, bodyOf(record.value, contentType))),
    ],
  };
}

const TOPICS = Object.values(CRICKET_TOPICS);
const recordsOf = (...topics: readonly string[]): readonly ModelRecord[] =>
  topics.flatMap((topic) => pipeline.broker.readCommitted(topic));

describe("every record that goes through the pipeline", () => {
  it("is what asyncapi.yaml says, and every message is seen", () => {
    const seen = new Map<string, number>();
    for (const record of recordsOf(...TOPICS)) {
      const { message, problems } = check(record);
      expect(problems, `${record.topic} offset ${record.offset}`).toEqual([]);
      seen.set(message, (seen.get(message) ?? 0) + 1);
    }
    const described = Object.values(contract.channels).flatMap(({ messages }) => Object.keys(messages));
    expect([...seen.keys(), "sourcePosition", "gapEvent"].toSorted()).toEqual(described.toSorted());
    expect(pipeline.counts()).toMatchObject({ correction: 1, poison: 3, duplicate: 0, stale: 0, late: 0 });
  });

  it("has the wire form that the contract names, where it is binary", () => {
    for (const { value } of recordsOf(CRICKET_TOPICS.verdicts)) {
      expect(decodeVerdictBlock(value ?? Buffer.alloc(0)).partition).toBe(0);
    }
    const segments = recordsOf(CRICKET_TOPICS.dedupe).filter(({ value }) => value !== null);
    expect(segments.length).toBeGreaterThan(0);
    for (const { value } of segments) {
      expect(decodeSegment(value ?? Buffer.alloc(0), () => undefined).entries).toBeGreaterThan(0);
    }
  });

  it("would be refused by a contract that says something else", async () => {
    const changed = documentText.replace("ce_type: { const: cricket.odi.match.v1 }", "ce_type: { const: other }");
    const other = (await parseContract(changed)).contract;
    const [match] = recordsOf(CRICKET_TOPICS.odiRaw);
    expect(check(match!, other).problems).not.toEqual([]);
    expect(check(match!).problems).toEqual([]);
  });

  it("comes with headers that the contract insists on", () => {
    const good = rawCsv2(CSV2_MATCH)[0]!;
    const { headers } = channelOf(contract, good.topic).messages["odiMatch"]!;
    for (const name of ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_rowid", "content-type"]) {
      const without = Object.fromEntries(withHeader(good, name, null).headers.map(([n, v]) => [n, v.toString()]));
      expect(problemsOf(headers!, without), name).not.toEqual([]);
    }
  });
});

describe("raw records of JSON", () => {
  const ofType = (type: string): object => {
    const records = recordsOf(CRICKET_TOPICS.odiRaw, CRICKET_TOPICS.t20iRaw);
    const record = records.find((candidate) => headerText(candidate, "ce_type") === type);
    return JSON.parse(record?.value?.toString() ?? "") as object;
  };

  it.each([
    [CRICKET_TOPICS.odiRaw, "odiDelivery", CRICKET_EVENT.odiDelivery],
    [CRICKET_TOPICS.odiRaw, "odiMatch", CRICKET_EVENT.odiMatch],
    [CRICKET_TOPICS.odiRaw, "odiCsv1Delivery", CRICKET_EVENT.odiCsv1Delivery],
    [CRICKET_TOPICS.odiRaw, "odiCsv1Match", CRICKET_EVENT.odiCsv1Match],
    [CRICKET_TOPICS.odiRaw, "odiDeletion", CRICKET_EVENT.odiDeletion],
    [CRICKET_TOPICS.t20iRaw, "t20iDelivery", CRICKET_EVENT.t20iDelivery],
  ])("of %s, %s, are refused when a member is nonsense, and let through when one is new", (topic, message, type) => {
    const { payload } = channelOf(contract, topic).messages[message]!;
    const value = ofType(type);
    const [nonsense, added] = [replaced(value), { ...value, mutant: "more" }];
    expect(nonsense.length).toBeGreaterThan(1);
    expect(nonsense.filter((other) => problemsOf(payload, other).length === 0)).toEqual([]);
    expect(problemsOf(payload, added)).toEqual([]);
  });
});

describe("positions and gaps, as the sources write them,", () => {
  const codec: PositionCodec<{ at: number }> = {
    describe: ({ at }) => ({ phase: "stream", at }),
    parse: ({ at }) => ({ at: Number(at) }),
  };
  const stored = { epoch: 2, events: 17, position: { at: 3 } };

  it("are what asyncapi.yaml says", () => {
    const position = JSON.parse(encodeStoredPosition("odi", stored, codec).toString()) as object;
    const gap = { sourceId: "odi", codec, to: stored, reason: "the slot was gone", action: "snapshot", nowMs: 0 };
    const positions = channelOf(contract, CRICKET_TOPICS.positions).messages["sourcePosition"]!.payload;
    const gaps = channelOf(contract, CRICKET_TOPICS.gaps).messages["gapEvent"]!.payload;
    expect(problemsOf(positions, position)).toEqual([]);
    for (const from of [null, stored]) expect(problemsOf(gaps, gapEvent({ ...gap, from }))).toEqual([]);
    expect(spoilt(position).filter((value) => problemsOf(positions, value).length === 0)).toEqual([]);
    expect(spoilt(gapEvent({ ...gap, from: stored })).filter((value) => problemsOf(gaps, value).length === 0)).toEqual(
      [],
    );
  });
});

/** A value that no member of ours may have. */
const MUTANT = [[{ mutant: [] }]];

/** Every version of a value with one member, at any depth, replaced by nonsense. */
function replaced(value: unknown, more: (value: unknown) => unknown[] = () => []): unknown[] {
  if (typeof value !== "object" || value === null) return [MUTANT];
  const inner: unknown[] = Array.isArray(value)
    ? value.flatMap((item, at) => replaced(item, more).map((other) => value.with(at, other) as unknown))
    : Object.entries(value).flatMap(([name, member]) =>
        replaced(member, more).map((other) => ({ ...value, [name]: other })),
      );
  return [...inner, ...more(value)];
}

/** The same, and every version with a member more. */
function spoilt(value: unknown): unknown[] {
  return replaced(value, (whole) => [
    Array.isArray(whole) ? [...(whole as unknown[]), MUTANT] : { ...(whole as object), mutant: MUTANT },
  ]);
}

describe("clean records", () => {
  const payloads = (): readonly [object, object] => [
    channelOf(contract, CRICKET_TOPICS.deliveries).messages["cleanDelivery"]!.payload,
    channelOf(contract, CRICKET_TOPICS.matches).messages["cleanMatch"]!.payload,
  ];

  it("are refused by their schemas when any member is missing or another", () => {
    const [delivery, match] = payloads();
    const cases: readonly (readonly [object, readonly object[]])[] = [
      [
        delivery,
        pipeline
          .deliveries()
          .filter((clean) => !("deleted" in clean))
          .filter(({ delivery: d }) => d.wickets.length > 0)
          .slice(0, 5),
      ],
      [match, pipeline.matches()],
    ];
    for (const [schema, records] of cases) {
      expect(records.length).toBeGreaterThan(3);
      for (const record of records) {
        for (const name of Object.keys(record)) {
          const { [name as keyof typeof record]: _gone, ...rest } = record;
          expect(problemsOf(schema, rest), `without ${name}`).not.toEqual([]);
        }
        expect(spoilt(record).filter((other) => problemsOf(schema, other).length === 0)).toEqual([]);
      }
    }
  });

  it("are accepted whatever their types allow", () => {
    const [delivery, match] = payloads();
    fc.assert(
      fc.property(cleanDelivery, (value) => {
        expect(problemsOf(delivery, value)).toEqual([]);
      }),
    );
    const deletion = channelOf(contract, CRICKET_TOPICS.deliveries).messages["cleanDeletion"]!.payload;
    fc.assert(
      fc.property(cleanDeletion, (value) => {
        expect(problemsOf(deletion, value)).toEqual([]);
        expect(problemsOf(delivery, value)).not.toEqual([]);
        expect(spoilt(value).filter((other) => problemsOf(deletion, other).length === 0)).toEqual([]);
      }),
    );
    fc.assert(
      fc.property(cleanMatch, (value) => {
        expect(problemsOf(match, value)).toEqual([]);
      }),
    );
  });
});

describe("the YAML of the store, which no compiled schema stands before,", () => {
  it("is refused by its parser wherever its schema refuses it", () => {
    const { payload } = channelOf(contract, CRICKET_TOPICS.testRaw).messages["testObject"]!;
    const bodies = rawYaml(YAML_MATCH).map(({ value }) => String(value));
    const wicket = bodies.find((body) => body.includes("wicket:"));
    const given = 'match_id: "1"\nfile: 1.yaml\nline: 7\nraw: eA==\nproblem: cut off\n';
    expect(problemsOf(payload, load(given, { schema: FAILSAFE_SCHEMA }))).toEqual([]);
    for (const body of [bodies[0], bodies[1], wicket]) {
      const object = load(body ?? "", { schema: FAILSAFE_SCHEMA }) as object;
      expect(problemsOf(payload, object)).toEqual([]);
      const refused = [...spoilt(object), ...withoutOne(object)].filter(
        (value) => problemsOf(payload, value).length > 0,
      );
      expect(refused.length).toBeGreaterThan(10);
      for (const value of refused) {
        const json = JSON.stringify(value);
        expect(() => parseYamlObject(json), json).toThrow(/./);
      }
    }
  });
});

/** Every version of an object with one member taken out, at any depth. */
function withoutOne(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([name, member]: [string, unknown]) => [
    Object.fromEntries(Object.entries(value).filter(([other]) => other !== name)),
    ...withoutOne(member).map((other) => ({ ...value, [name]: other })),
  ]);
}
