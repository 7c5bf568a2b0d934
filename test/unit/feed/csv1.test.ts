import { expect, test } from "vitest";
import { parseCsv1Delivery } from "../../../src/domain/cricket/csv1.ts";
import { csv1Script } from "../../../src/feed/formats/csv1.ts";
import type { OdiContent } from "../../../src/feed/index.ts";
import { CSV1_COLUMNS, type Csv1Column } from "../../../src/pipelines/cricket/sources/odi.ts";
import { rowsOf, temporaryFolder, write } from "./files.ts";

const dir = temporaryFolder();

const contents = async (text: string | Buffer): Promise<OdiContent[]> =>
  (await rowsOf(csv1Script("7", write(dir, "7.csv", text)))).map((row) => row.content);

const ball = (innings: number, label: string): string => `ball,${innings},${label},A,X,Y,Z,1,0,"",""`;

/** One column of the balls, "-" for a line that could not be read. */
async function column(name: Csv1Column, lines: readonly (string | Buffer)[]): Promise<string[]> {
  const text = Buffer.concat(["version,1.3.0", ...lines].flatMap((line) => [Buffer.from(line), Buffer.from("\n")]));
  return (await contents(text))
    .slice(1)
    .map((content) =>
      content.table === "csv1_deliveries" ? (content.columns[CSV1_COLUMNS.indexOf(name)] ?? "") : "-",
    );
}

const NO_FIELDS = Array.from({ length: 18 }, () => null);

const named = (content: OdiContent | undefined): Record<string, string> => {
  if (content?.table !== "csv1_deliveries") throw new Error(`no ball: ${JSON.stringify(content)}`);
  const columns = CSV1_COLUMNS.map((name, index) => [name, content.columns[index]] as const);
  return Object.fromEntries(columns.filter((column): column is [Csv1Column, string] => typeof column[1] === "string"));
};

test("later versions tell the kinds of extras, then fielders and run fours; what is behind is passed over", async () => {
  const wide = "ball,1,0.2,A,X,Y,Z,0,1,1,,,,,caught,X";
  for (const [line, more] of [
    [wide, {}],
    [`${wide},0.1`, { actual_delivery: "0.1" }],
    [`${wide},0.1,true,P,Q,`, DETAILS],
    [`${wide},0.1,true,P,Q,,new,newer`, DETAILS],
  ] as const) {
    const [, ball] = await contents(`version,1.9.0\n${line}\n`);
    expect(named(ball)).toEqual({
      match_id: "7",
      innings: "1",
      ball: "0.2",
      nth: "2",
      batting_team: "A",
      striker: "X",
      non_striker: "Y",
      bowler: "Z",
      runs_off_bat: "0",
      extras: "1",
      wides: "1",
      noballs: "",
      byes: "",
      legbyes: "",
      penalty: "",
      kind: "caught",
      player_dismissed: "X",
      ...more,
    });
    expect(parseCsv1Delivery(named(ball))).toMatchObject({ extras: { wides: 1 }, wickets: [{ kind: "caught" }] });
  }
});

const DETAILS = { actual_delivery: "0.1", non_boundary: "true", fielder_1: "P", fielder_2: "Q", fielder_3: "" };

test("a line shorter than those before it is broken: a field cannot be told from another by its place then", async () => {
  const long = 'ball,1,0.1,A,X,Y,Z,0,0,,,,,,"","",0.1,,,,';
  const lines = [long, long.slice(0, -3), ball(1, "0.3"), `${long},`, "ball,1,0.5,A,X,Y,Z,0,0,,,"];
  expect((await contents(["version,1.8.0", ...lines].join("\n"))).slice(1)).toMatchObject([
    { table: "csv1_deliveries" },
    { unreadable: { problem: "18 fields instead of 21" } },
    { unreadable: { problem: "11 fields instead of 21" } },
    { table: "csv1_deliveries" },
    { unreadable: { problem: "the file ends within this line: 12 fields instead of 21" } },
  ]);
  expect(
    (await contents(["version,1.3.0", ball(1, "0.1"), `${ball(1, "0.2")},`, ""].join("\n"))).slice(1),
  ).toMatchObject([{ table: "csv1_deliveries" }, { unreadable: { problem: "12 fields instead of 11" } }]);
});

test("lines whose first word is quoted are what they are", async () => {
  const [record, delivery] = await contents(
    '"version","1.3.0"\n"info","team","A"\n"ball","1","0.1","A","X","Y","Z","1","0","",""\n',
  );
  expect(record).toMatchObject({ info: '"version","1.3.0"\n"info","team","A"\n' });
  expect(named(delivery)).toMatchObject({ batting_team: "A", extras: "0" });
});

test("a ball is its fields by name, quotes taken off; the record is every other line, as it is written", async () => {
  const [record, delivery, ...rest] = await contents(
    'version,1.3.0\ninfo,team,A\ninfo,venue,"Lord\'s, London"\nball,1,0.1,A,X,Y,Z,4,0,"run out","S ""Q"" T"\npenalty_runs,1,pre,5\n',
  );
  expect(record).toEqual({
    table: "csv1_match_info",
    matchId: "7",
    info: 'version,1.3.0\ninfo,team,A\ninfo,venue,"Lord\'s, London"\npenalty_runs,1,pre,5\n',
  });
  expect(delivery).toEqual({
    table: "csv1_deliveries",
    columns: ["7", "1", "0.1", "1", "A", "X", "Y", "Z", "4", "0", "run out", 'S "Q" T', ...NO_FIELDS.slice(0, 10)],
  });
  expect(rest).toEqual([]);
});

test("the deliveries of an over are counted, for its tenth is written like its first", async () => {
  const labels = ["47.1", "47.2", "47.3", "47.4", "47.5", "47.6", "47.7", "47.8", "47.9", "47.1", "47.11", "48.1"];
  const lines = labels.map((label) => ball(1, label));
  expect(await column("nth", lines)).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "1"]);
  for (const content of await contents(["version,1.3.0", ...lines].join("\n"))) {
    if (content.table !== "csv1_deliveries") continue;
    const columns = Object.fromEntries(CSV1_COLUMNS.map((name, index) => [name, content.columns[index] ?? ""]));
    expect(parseCsv1Delivery(columns)).toMatchObject({ ball: Number(columns["nth"]) });
  }
});

test("each innings counts for itself, and an over that is taken up again goes on", async () => {
  const lines = [ball(1, "0.1"), ball(1, "0.2"), ball(2, "0.1"), ball(1, "0.3"), ball(2, "0.2")];
  expect(await column("nth", lines)).toEqual(["1", "2", "1", "3", "2"]);
});

test("a ball that cannot be read, or is missing, leaves the number of those after it", async () => {
  const lines = [ball(1, "0.1"), "ball,1,0.2,A,X", ball(1, "0.3"), ball(1, "0.5"), "junk,1", ball(1, "0.6")];
  expect(await column("nth", lines)).toEqual(["1", "-", "3", "5", "-", "6"]);
  const broken = [
    ball(1, "0.6"),
    `${ball(1, "1.1")}"`,
    Buffer.from([...Buffer.from(ball(1, "1.2")), 0xff]),
    ball(1, "1.3"),
  ];
  expect(await column("nth", broken)).toEqual(["6", "-", "-", "3"]);
});

test.each<[string, string | Buffer, string]>([
  ["too few fields", "ball,1,0.1,A", "4 fields instead of 11"],
  ["another kind of line", "inning,1", "a line of the original CSV begins with version, info, ball or penalty_runs"],
  ["an open quote", 'ball,1,0.1,"A', "broken quoting: the quote at character 12 is never closed"],
  ["a NUL byte", "ball,1\0", "NUL byte at byte 7"],
  ["a NUL byte in what is said about the match", "info,team,\0", "NUL byte at byte 11"],
  ["invalid UTF-8", Buffer.from([0x62, 0xff]), "invalid UTF-8"],
])("a line with %s is kept as it is, with the reason, and the rest goes on", async (_, bad, problem) => {
  const text = Buffer.concat([Buffer.from("version,1.3.0\n"), Buffer.from(bad), Buffer.from(`\n${ball(1, "0.1")}\n`)]);
  const [record, unreadable, delivery] = await contents(text);
  expect(record).toMatchObject({ table: "csv1_match_info" });
  expect(unreadable).toEqual({
    table: "unreadable_rows",
    matchId: "7",
    unreadable: { file: "7.csv", line: 2, raw: Buffer.from(bad), problem },
  });
  expect(delivery).toMatchObject({ table: "csv1_deliveries" });
});

test("a file cut within a ball says so; one that says nothing about its match has an unreadable record", async () => {
  const [, cut] = await contents("version,1.3.0\nball,1,0.1,A,X,Y");
  expect(cut).toMatchObject({
    unreadable: { line: 2, problem: "the file ends within this line: 6 fields instead of 11" },
  });
  const [record] = await contents(ball(1, "0.1"));
  expect(record).toMatchObject({ unreadable: { problem: "the file says nothing about the match" } });
});
