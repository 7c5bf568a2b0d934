import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { findJsonFault } from "../../../src/feed/formats/json-fault.ts";
import { jsonScript, type T20iContent } from "../../../src/feed/formats/json.ts";
import { jsonText, rowsOf, temporaryFolder, write } from "./files.ts";

const dir = temporaryFolder();

const contents = async (text: string | Buffer): Promise<T20iContent[]> =>
  (await rowsOf(jsonScript("7", write(dir, "7.json", text)))).map((row) => row.content);

/** A file of one innings with these overs. */
const withOvers = (overs: string): string => `{"meta":{},"info":{},"innings":[{"team":"A","overs":${overs}}]}`;

test("a match is its file without the overs, a delivery its object with its place", async () => {
  const [record, ...deliveries] = await contents(jsonText(8));
  const file = JSON.parse(jsonText(8)) as {
    meta: object;
    info: object;
    innings: [{ overs: { deliveries: object[] }[]; powerplays: object }];
  };
  const [{ overs, powerplays }] = file.innings;
  const match = { meta: file.meta, info: file.info, innings: [{ team: "A", powerplays }] };
  expect(record).toEqual({ kind: "match", document: { match_id: "7", match } });
  expect(deliveries.map(({ document }) => document)).toEqual(
    overs
      .flatMap((over) => over.deliveries)
      .map((delivery, n) => ({
        ...{ match_id: "7", innings: 1, over: Math.floor(n / 6), ball: (n % 6) + 1, team: "A" },
        delivery,
      })),
  );
});

test("an innings without overs, and a file without innings, have no deliveries and are told all the same", async () => {
  expect(await contents('{"meta":{},"info":{},"innings":[{"team":"A","forfeited":true}]}')).toEqual([
    {
      kind: "match",
      document: { match_id: "7", match: { meta: {}, info: {}, innings: [{ team: "A", forfeited: true }] } },
    },
  ]);
  expect(await contents('{"meta":{},"info":{}}')).toHaveLength(1);
});

test("an over that comes twice in an innings counts on: no two deliveries share a number", async () => {
  const all = await contents(withOvers('[{"over":3,"deliveries":[{},{}]},{"over":3,"deliveries":[{}]}]'));
  expect(all.slice(1).map(({ document }) => "ball" in document && document.ball)).toEqual([1, 2, 3]);
});

test("a broken delivery within a good file goes in as it is", async () => {
  const all = await contents(withOvers('[{"over":"x","deliveries":[null,7,{"runs":"many","__proto__":{"a":1}}]}]'));
  expect(JSON.stringify(all.slice(1).map(({ document }) => "delivery" in document && document.delivery))).toBe(
    '[null,7,{"runs":"many","__proto__":{"a":1}}]',
  );
});

test.each<[string, string | Buffer, number, string]>([
  ["that is truncated", jsonText(3).slice(0, 200), 14, "not JSON: the file ends too early"],
  ["that is truncated within a text", '{"a":\n"b', 2, "not JSON: the file ends too early"],
  ["that is no JSON", '{\n"a": oops}', 2, 'not JSON: "o" is unexpected at character 6'],
  ["that is YAML", "---\nmeta:\n", 1, 'not JSON: "-" is unexpected at character 1'],
  ["that is empty", "", 0, "the file is empty"],
  ["with a NUL byte", '{"a":\0}', 0, "NUL byte at byte 6"],
  ["with invalid UTF-8", Buffer.from([0x22, 0xff, 0x22]), 0, "invalid UTF-8"],
  ["with a key twice", '{"a":1,\n"b":{"c":1},"\\u0061":2}', 2, 'the key "a" occurs twice in one object'],
  ["with a NUL character in a key", '{"a\\u0000":1}', 1, 'the key "a\\u0000" holds a NUL character'],
  ["that nests deep", `\n${"[".repeat(65)}${"]".repeat(65)}`, 2, "nested more than 64 levels deep"],
  ["that nests very deep", "[".repeat(1_000_000), 1, "not JSON: the file ends too early"],
  ["that is a list", "[]", 0, "the file is no JSON object"],
  ["whose innings are no list", '{"innings":{}}', 0, '"innings" is no list'],
  ["whose innings is none", '{"innings":[7]}', 0, "innings 1 is no JSON object"],
  ["whose overs are no list", withOvers("{}"), 0, '"overs" of innings 1 is no list'],
  ["whose over is none", withOvers("[null]"), 0, "the 1. over of innings 1 is no JSON object"],
  ["whose over has no deliveries", withOvers('[{"over":0}]'), 0, '"deliveries" of the 1. over of innings 1 is no list'],
])("a file %s is one unreadable row, with the line and the reason", async (_, text, line, problem) => {
  const raw = Buffer.from(text);
  expect(await contents(text)).toEqual([
    {
      kind: "unreadable",
      document: {
        ...{ match_id: "7", file: "7.json", line, raw: raw.toString("base64") },
        problem,
      },
    },
  ]);
});

test("a file above the limit is not read: its beginning, size and digest are told", async () => {
  const text = Buffer.alloc(3 * 1024 * 1024, " ");
  const digest = createHash("sha256").update(text).digest("hex");
  const [only] = await contents(text);
  expect(only).toMatchObject({
    document: { line: 0, problem: `3145728 bytes in one file, over the limit of 2097152; sha256 ${digest}` },
  });
  expect(only?.kind === "unreadable" && Buffer.from(only.document.raw, "base64")).toEqual(text.subarray(0, 65_536));
});

test("a delivery too large for a document is unreadable alone, and the rest goes on", async () => {
  const large = JSON.stringify({ comment: "x".repeat(1_100_000) });
  const rows = await rowsOf(
    jsonScript("7", write(dir, "7.json", withOvers(`[{"over":0,"deliveries":[{},${large},{}]}]`))),
  );
  expect(rows.map((row) => row.content.kind)).toEqual(["match", "delivery", "unreadable", "delivery"]);
  expect(rows[2]).toMatchObject({
    repeatable: false,
    line: 2,
    content: {
      document: { line: 2, problem: expect.stringMatching(/^\d+ bytes in one document, over the limit/u) as unknown },
    },
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test("the place of a fault is that of the first word that no JSON could have there", () => {
  const wrong = fc.constantFrom("x", "}", "]", ",", ":", '"', "0", "\n", "\\", "tru", "-", "1e");
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.nat(), wrong, fc.boolean(), (json, place, insert, cut) => {
      const text = JSON.stringify(json, null, place % 2);
      const at = place % (text.length + 1);
      const broken = cut ? text.slice(0, at) : text.slice(0, at) + insert + text.slice(at);
      fc.pre(!isJson(broken));
      const fault = findJsonFault(broken);
      // What was cut might have gone on. A fault is found at most a word before its cause, and what comes before it might go on.
      if (cut) expect(fault).toEqual({ kind: "ends" });
      else if (fault.kind === "unexpected") {
        expect(fault.at).toBeGreaterThanOrEqual(at - 4);
        expect(findJsonFault(broken.slice(0, fault.at))).toEqual({ kind: "ends" });
      }
    }),
    { numRuns: 2000 },
  );
});
