import { createHash } from "node:crypto";
import fc from "fast-check";
import { FAILSAFE_SCHEMA, load } from "js-yaml";
import { expect, test } from "vitest";
import { parseYamlObject } from "../../../src/domain/cricket/yaml.ts";
import type { TestContent } from "../../../src/feed/index.ts";
import { yamlScript } from "../../../src/feed/formats/yaml.ts";
import { rowsOf, temporaryFolder, write, yamlText } from "./files.ts";

const dir = temporaryFolder();

const contents = async (text: string | Buffer): Promise<TestContent[]> =>
  (await rowsOf(yamlScript("7", write(dir, "7.yaml", text)))).map((row) => row.content);

const asText = (body: string): unknown => load(body, { schema: FAILSAFE_SCHEMA });

/** A file of one innings with these deliveries, in flow style. */
const withDeliveries = (deliveries: string, more = ""): string =>
  `meta: {}\ninfo: {}\n${more}innings:\n- 1st innings:\n    team: A\n    deliveries: ${deliveries}\n`;

test("a delivery is an object of its own, written as in the file", async () => {
  const [, first, second] = await contents(yamlText(2));
  expect(first).toEqual({
    key: "7/1/0.1.yaml",
    body: `match_id: "7"
innings: 1
team: A
label: "0.1"
delivery:
  batsman: X
  bowler: Z
  extras:
    wides: 1
  non_striker: Y
  runs:
    batsman: 0
    extras: 1
    total: 1
`,
  });
  expect(parseYamlObject(second?.body ?? "")).toMatchObject({ kind: "delivery", delivery: { over: 0, ball: 2 } });
});

test("a match is its file without the deliveries, each scalar in the style that it had", async () => {
  const [record] = await contents(yamlText(2));
  expect(record).toEqual({
    key: "7/match.yaml",
    body: `match_id: "7"
match:
  meta:
    data_version: 0.92
    created: 2024-01-01
  info:
    dates:
    - 2024-01-01
    registry:
      people:
        X: '64495506'
    teams: [A, B]
  innings:
  - 1st innings:
      team: A
      declared: 'yes'
  - 2nd innings:
      team: B
      forfeited: 'yes'
`,
  });
});

test("the tenth delivery of an over stays 4.10", async () => {
  const labels = ["4.9", "4.10", "4.1"];
  const all = await contents(withDeliveries(`[${labels.map((label) => `{${label}: {a: b}}`).join(", ")}]`));
  expect(all.slice(1).map(({ key }) => key)).toEqual(labels.map((label) => `7/1/${label}.yaml`));
  expect(all.slice(1).map(({ body }) => (asText(body) as { label: string }).label)).toEqual(labels);
});

test("a broken delivery within a good file goes in as it is, under a name that harms nobody", async () => {
  const all = await contents(withDeliveries("[{../x: {a: b}}, {0.2: c, 0.3: d}, oops, {0.4: [1, {b: ''}]}]"));
  expect(all.slice(1).map(({ key, body }) => [key, asText(body)])).toEqual([
    ["7/1/delivery-1.yaml", { match_id: "7", innings: "1", team: "A", label: "../x", delivery: { a: "b" } }],
    ["7/1/delivery-2.yaml", { match_id: "7", innings: "1", team: "A", delivery: { "0.2": "c", "0.3": "d" } }],
    ["7/1/delivery-3.yaml", { match_id: "7", innings: "1", team: "A", delivery: "oops" }],
    ["7/1/0.4.yaml", { match_id: "7", innings: "1", team: "A", label: "0.4", delivery: ["1", { b: "" }] }],
  ]);
});

test("what an alias stands for takes its place, and objects have no anchors", async () => {
  const text = withDeliveries("[{0.1: {batsman: *who, wicket: &w {kind: bowled}}}, {0.2: *w}]", "x: &who A B\n");
  const all = await contents(text);
  expect(all.slice(1).map(({ body }) => (asText(body) as { delivery: unknown }).delivery)).toEqual([
    { batsman: "A B", wicket: { kind: "bowled" } },
    { kind: "bowled" },
  ]);
  all.push(...(await contents(withDeliveries("[&unused {0.1: &d {batsman: &who x}}]"))));
  expect(all.every(({ body }) => !/[&*]/u.test(body))).toBe(true);
});

/** Each of 60 levels is ten of the one before. */
const bomb = [
  "a0: &a0 lol",
  ...Array.from({ length: 60 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(10).fill(`*a${n}`).join(", ")}]`),
];
const tower = ["a0: &a0 x", ...Array.from({ length: 70 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}]`)];

test.each<[string, string | Buffer, number, string | RegExp]>([
  ["that is truncated", "meta: {a: [1,\n 2", 2, /^not YAML: /u],
  ["that is no YAML", "a: b: c\n", 1, /^not YAML: /u],
  ["that is empty", "", 0, "the file is empty"],
  ["that holds nothing", "---\n", 0, /the file is (?:empty|no mapping)/u],
  ["of two documents", "---\na: b\n---\nc: d\n", 0, "more than one YAML document in the file"],
  ["with a NUL byte", "a: \0", 0, "NUL byte at byte 4"],
  ["with invalid UTF-8", Buffer.from([0x61, 0xff]), 0, "invalid UTF-8"],
  ["with a key twice", "a: 1\nb: 2\na: 3\n", 3, /^not YAML: duplicated mapping key/u],
  ["with an unknown tag", "a: !!js/function 'x'\n", 1, /^not YAML: unknown .*tag/u],
  ["that nests deep", "[".repeat(100), 1, /^not YAML: nesting exceeded/u],
  ["with an alias of nothing", "a: *b\n", 1, /^not YAML: /u],
  ["with an alias within itself", "a: &a [*a]\n", 0, "the alias *a stands within itself"],
  ["whose aliases explode", bomb.join("\n"), 0, "its aliases make more than 4194304 characters of it"],
  ["whose aliases nest deep", tower.join("\n"), 0, "its aliases nest more than 64 levels deep"],
  ["with more aliases than any writer makes", `a: &a x\nb: [${"*a,".repeat(1001)}]\n`, 2, /^not YAML: .*aliases/u],
  [
    "of more values than any has",
    `[${"a,".repeat(260_000)}]`,
    0,
    "260004 values and brackets in one file, over the limit of 250000",
  ],
  ["that is a list", "- a\n", 0, "the file is no mapping"],
  ["whose innings are no list", "innings: {}\n", 0, '"innings" is no list'],
  ["whose innings is none", "innings: [x]\n", 0, "innings 1 is no mapping"],
  ["whose deliveries are no list", withDeliveries("{}"), 0, '"deliveries" of innings 1 is no list'],
])("a file %s is one unreadable object, with the line and the reason", async (_, text, line, problem) => {
  const [only, ...rest] = await contents(text);
  expect(rest).toEqual([]);
  expect(only?.key).toBe("7/unreadable/1.yaml");
  const object = asText(only?.body ?? "") as Record<string, string>;
  expect(object).toEqual({
    ...{ match_id: "7", file: "7.yaml", line: String(line), raw: Buffer.from(text).toString("base64") },
    problem: problem instanceof RegExp ? (expect.stringMatching(problem) as unknown) : problem,
  });
});

test("a file above the limit is not read: its beginning, size and digest are told", async () => {
  const text = Buffer.alloc(3 * 1024 * 1024, "#");
  const digest = createHash("sha256").update(text).digest("hex");
  const [only] = await contents(text);
  expect(asText(only?.body ?? "")).toMatchObject({
    problem: `3145728 bytes in one file, over the limit of 2097152; sha256 ${digest}`,
    raw: text.subarray(0, 65_536).toString("base64"),
  });
});

test("whatever a delivery holds, its object reads as the same text", async () => {
  const word = fc.oneof(
    fc.constantFrom(
      "4.10",
      "yes",
      "null",
      "~",
      "0x1F",
      "1e3",
      "2024-01-01",
      "- a",
      "a: b",
      "#",
      "'",
      '"',
      " x ",
      "|",
      "&a",
      "<<",
      "",
    ),
    fc.string({ unit: "grapheme", maxLength: 12 }),
    fc.string({
      unit: fc.constantFrom("\n", " ", "\t", "a", "\u0085", "\u2028", "\uFEFF", "\\", "#", ":"),
      maxLength: 8,
    }),
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      word,
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.uniqueArray(fc.tuple(word, tie("tree")), { maxLength: 3, selector: ([key]) => key }),
    ),
  }));
  /** YAML's flow style with every scalar in JSON's quotes; a list of pairs is a mapping. */
  const flow = (value: unknown): string => {
    if (!Array.isArray(value)) return JSON.stringify(value);
    if (
      value.length > 0 &&
      value.every((pair) => Array.isArray(pair) && typeof pair[0] === "string" && pair.length === 2)
    )
      return `{${value.map(([key, item]) => `? ${flow(key)} : ${flow(item)}`).join(", ")}}`;
    return `[${value.map(flow).join(", ")}]`;
  };
  await fc.assert(
    fc.asyncProperty(tree, async (value) => {
      const written = flow(value);
      const all = await contents(withDeliveries(`[{0.1: ${written}}]`));
      fc.pre(all.length === 2);
      expect((asText(all[1]?.body ?? "") as { delivery: unknown }).delivery).toEqual(asText(written));
    }),
    { numRuns: 100 },
  );
});
