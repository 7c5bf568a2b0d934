import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { readRows, splitFields, type CsvRow } from "../../../src/feed/csv.ts";
import { readLines, type Line } from "../../../src/feed/lines.ts";
import { CSV2_COLUMNS } from "../../../src/pipelines/cricket/sources/odi.ts";

const dir = mkdtempSync(join(tmpdir(), "tu-feed-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const header = CSV2_COLUMNS.join(",");
const ball = `1,2024,2024-01-01,"Lord's, London",1,0.10,0.9,A,B,X,Y,Z,4,0${",".repeat(13)}`;

async function rows(content: string | Buffer, maxLineBytes?: number): Promise<CsvRow[]> {
  const path = join(dir, "1.csv");
  writeFileSync(path, content);
  const read: CsvRow[] = [];
  for await (const row of readRows("1.csv", readLines(path, maxLineBytes))) read.push(row);
  return read;
}

const problems = (read: readonly CsvRow[]): string[] =>
  read.map((row) => ("unreadable" in row ? `${row.unreadable.line}: ${row.unreadable.problem}` : "row"));

describe("the header decides", () => {
  test("27 columns of 2.3.0 come as they are written: text, the empty ones empty", async () => {
    const [row] = await rows(`${header}\n${ball}\n`);
    const columns = row !== undefined && "columns" in row ? row.columns : [];
    expect(columns.slice(3, 7)).toEqual(["Lord's, London", "1", "0.10", "0.9"]);
    expect(columns.slice(14)).toEqual(Array.from({ length: 13 }, () => ""));
  });

  test("columns that an older version does not have are null, not empty; their order is free", async () => {
    const content =
      "ball,match_id,innings,batting_team,striker,non_striker,bowler,runs_off_bat,extras\n0.1,7,1,A,X,Y,Z,4,0";
    const [row] = await rows(content);
    const columns = row !== undefined && "columns" in row ? row.columns : [];
    expect(columns[0]).toBe("7");
    expect(columns[CSV2_COLUMNS.indexOf("ball")]).toBe("0.1");
    expect(columns[CSV2_COLUMNS.indexOf("actual_delivery")]).toBeNull();
  });

  test("a byte order mark, carriage returns, blank lines and a missing last line break do no harm", async () => {
    expect(problems(await rows(`\uFEFF${header}\r\n${ball}\r\n\r\n${ball}`))).toEqual(["row", "row"]);
  });

  test.each([
    ["at the end", `${header},review_by`, `${ball},x`],
    ["in front", `season_type,${header}`, `,${ball}`],
    ["twice, and without a name", `note,${header},NOTE,,`, `a,${ball},b,c,`],
    ["behind the last comma of the header alone", `${header},`, ball],
    ["behind a quoted header", header.replaceAll(/[a-z_0-9]+/gu, '"$&"'), ball],
    ["below blank lines", `\n\r\n${header.toUpperCase()}`, ball],
  ])("a column that nobody knows is passed over: %s", async (_, given, line) => {
    const [row] = await rows(`${header}\n${ball}\n`);
    expect(await rows(`${given}\n${line}\n`)).toEqual([{ ...row, line: given.split("\n").length + 1 }]);
  });

  test.each([
    [header.replace("innings", "season"), /"season" more than once/u],
    ["match_id,innings,ball", /without "batting_team"/u],
    [ball, /without "match_id"/u],
    [`"${header}`, /never closed/u],
  ])("an unknown header makes every line unreadable, with the reason", async (given, reason) => {
    const read = await rows(`${given}\n${ball}\n${ball}\n`);
    expect(problems(read)).toHaveLength(3);
    for (const problem of problems(read)) expect(problem).toMatch(reason);
  });
});

describe("a line that cannot be mapped to columns", () => {
  test.each<[string, string | Buffer, string]>([
    ["too few columns", "1,2,3", "2: 3 columns instead of 27"],
    ["too many columns", `${ball},`, "2: 28 columns instead of 27"],
    [
      "an open quote",
      ball.replace('London"', "London"),
      "2: broken quoting: the quote at character 19 is never closed",
    ],
    [
      "text after a quote",
      ball.replace('London"', 'London"x'),
      "2: broken quoting: text after the closing quote at character 34",
    ],
    [
      "a quote within a field",
      ball.replace("A,B", 'A",B'),
      "2: broken quoting: a quote within an unquoted field at character 48",
    ],
    ["invalid UTF-8", Buffer.concat([Buffer.from(ball), Buffer.from([0xc3, 0x28])]), "2: invalid UTF-8"],
    ["a NUL byte", `${ball}\0`, `2: NUL byte at byte ${ball.length + 1}`],
  ])("%s: is kept as it is, with the reason, and the rest goes on", async (_, bad, problem) => {
    const read = await rows(Buffer.concat([Buffer.from(`${header}\n`), Buffer.from(bad), Buffer.from(`\n${ball}\n`)]));
    expect(problems(read)).toEqual([problem, "row"]);
    expect(read[0] !== undefined && "unreadable" in read[0] && read[0].unreadable.raw).toEqual(Buffer.from(bad));
  });

  test("a truncated file says so", async () => {
    const read = await rows(`${header}\n${ball}\n${ball.slice(0, 30)}`);
    expect(problems(read)).toEqual(["row", "3: broken quoting: the quote at character 19 is never closed"]);
    const cut = await rows(`${header}\n1,2024,2024-01-01,Lord`);
    expect(problems(cut)).toEqual(["2: the file ends within this line: 4 columns instead of 27"]);
  });

  test("an empty file is one unreadable row", async () => {
    expect(problems(await rows(""))).toEqual(["0: the file is empty"]);
  });

  test("a line above the limit is cut to 64 KiB, with its size and digest, and the rest goes on", async () => {
    const long = Buffer.from(`1,${"é".repeat(150_000)}`);
    const read = await rows(Buffer.concat([Buffer.from(`${header}\n`), long, Buffer.from(`\n${ball}\n`)]), 200_000);
    const digest = createHash("sha256").update(long).digest("hex");
    expect(problems(read)).toEqual([`2: ${long.length} bytes in one line; sha256 ${digest}`, "row"]);
    const [first] = read;
    const raw = first !== undefined && "unreadable" in first ? first.unreadable.raw : Buffer.alloc(0);
    expect(raw).toEqual(long.subarray(0, 65_536));
  });

  test("an unreadable line above 1 MiB is cut as well", async () => {
    const read = await rows(`${header}\n${"x".repeat(2_000_000)}\n`);
    expect(problems(read)[0]).toMatch(/^2: 1 columns instead of 27 \(2000000 bytes, cut; sha256 [0-9a-f]{64}\)$/u);
  });
});

test("fields are read back as they were written, quoted or not", () => {
  const field = fc.string({ unit: fc.constantFrom(...Array.from('ab," é')) });
  const quote = (text: string, always: boolean): string =>
    always || /[",]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  fc.assert(
    fc.property(fc.array(fc.tuple(field, fc.boolean()), { minLength: 1, maxLength: 6 }), (fields) => {
      const line = fields.map(([text, always]) => quote(text, always)).join(",");
      expect(splitFields(line)).toEqual({ fields: fields.map(([text]) => text) });
    }),
  );
});

test("lines are the same however the file is cut into chunks, and none is lost", async () => {
  const lines = Array.from({ length: 5000 }, (_, n) => `${n},${"é".repeat(n % 90)}`);
  const path = join(dir, "lines.csv");
  writeFileSync(path, lines.join("\n"));
  const read: Line[] = [];
  for await (const line of readLines(path)) read.push(line);
  expect(read.map((line) => line.bytes.toString())).toEqual(lines);
  expect(read.map((line) => line.number)).toEqual(lines.map((_, n) => n + 1));
  expect(read.map((line) => line.unterminated).lastIndexOf(false)).toBe(lines.length - 2);
});
