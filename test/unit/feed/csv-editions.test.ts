import { describe, expect, test } from "vitest";
import { parseCsv1Delivery } from "../../../src/domain/cricket/csv1.ts";
import { parseCsv2Delivery } from "../../../src/domain/cricket/csv2.ts";
import { parseCsvDeletion } from "../../../src/domain/cricket/deletion.ts";
import { deliveryKey } from "../../../src/domain/cricket/identity.ts";
import { csv1Script } from "../../../src/feed/formats/csv1.ts";
import { csv2Script } from "../../../src/feed/formats/csv2.ts";
import type { OdiContent } from "../../../src/feed/formats/odi-content.ts";
import type { MatchScript } from "../../../src/feed/plan.ts";
import { CSV1_COLUMNS, CSV2_COLUMNS } from "../../../src/pipelines/cricket/sources/odi.ts";
import { csv1Text, csv2Text, rowsOf, temporaryFolder, write } from "./files.ts";

/* How the rows of a CSV file speak of editions: what the feed takes for the key of a ball must be what the review takes for it. */

const dir = temporaryFolder();
const ID = "40";

/** The tenth ball of an over, which the original CSV writes like the first. */
const LONG_OVER = ["ball,1,9.1", ...[2, 3, 4, 5, 6, 7, 8, 9].map((n) => `ball,1,9.${n}`), "ball,1,9.1"]
  .map((start) => `${start},A,X,Y,Z,1,0,"",""\n`)
  .join("");
const csv1 = csv1Script(ID, write(dir, `${ID}.csv`, csv1Text(20) + LONG_OVER), `${ID}#csv1`);
const csv2 = csv2Script({ matchId: ID, deliveries: write(dir, "two.csv", csv2Text(ID, 70)), info: null });

function named(content: OdiContent): Record<string, string> {
  if (!("columns" in content)) throw new Error(`no ball: ${content.table}`);
  const columns: readonly string[] = content.table === "deliveries" ? CSV2_COLUMNS : CSV1_COLUMNS;
  const values = columns.map((name, index) => [name, content.columns[index] ?? null] as const);
  return Object.fromEntries(values.filter((value): value is [(typeof columns)[number], string] => value[1] !== null));
}

describe.each([
  ["csv1", csv1, parseCsv1Delivery],
  ["csv2", csv2, parseCsv2Delivery],
] as const)("%s", (name, script: MatchScript<OdiContent>, parse) => {
  const { mark, keyOf, deletion } = script.editions!;

  test("a ball's key is the review's, and a deletion of it names the same ball", async () => {
    const balls = (await rowsOf(script)).map(({ content }) => content).filter((content) => "columns" in content);
    expect(balls.length).toBeGreaterThanOrEqual(30);
    for (const content of balls) {
      const key = keyOf(content)!;
      const wanted = deliveryKey(parse(named(content)));
      expect(`d/${ID}/${key.replace(".", "/")}`).toBe(wanted);
      const gone = deletion(key, 3);
      expect(gone).toMatchObject({ table: content.table, edition: 3, deleted: true });
      expect(deliveryKey(parseCsvDeletion(named(gone)))).toBe(wanted);
      expect(keyOf(gone)).toBe(key);
    }
    expect(new Set(balls.map(keyOf)).size).toBe(balls.length);
  });

  test("every row of a later edition is marked, but what could not be read", async () => {
    for (const { content, repeatable } of await rowsOf(script))
      expect(mark(content, 2, [])).toEqual(repeatable ? { ...content, edition: 2 } : content);
  });

  test("the match's row has the lines that earlier editions had and this one does not, each once", () => {
    const tables = { csv1: "csv1_match_info", csv2: "match_info" } as const;
    const content = { table: tables[name], matchId: ID, info: "version,1.3.0\ninfo,city,Perth\n" };
    const earlier = ["version,1.3.0\r\ninfo,city,Pert\r\n", "version,1.3.0\ninfo,city,Pert\npenalty_runs,1,post,5\n"];
    expect(mark(content, 3, earlier)).toEqual({ ...content, edition: 3, withdrawn: "info,city,Pert\npenalty_runs,1,post,5\n" }); // prettier-ignore
    expect(mark(content, 2, [content.info])).toEqual({ ...content, edition: 2 });
  });

  test("what names no ball has no key: it is in quarantine, and nothing to take back", async () => {
    const [ball] = (await rowsOf(script)).flatMap(({ content }) => ("columns" in content ? [content] : []));
    const columns: readonly string[] = ball!.table === "deliveries" ? CSV2_COLUMNS : CSV1_COLUMNS;
    for (const [column, text] of [
      ["ball", "4"],
      ["ball", "0.x"],
      ["innings", "0"],
      ["innings", null],
    ] as const)
      // prettier-ignore
      expect(keyOf({ ...ball!, columns: ball!.columns.with(columns.indexOf(column), text) })).toBeNull();
  });
});

test("a match without an info file has all its balls; a line that cannot be read may be one", () => {
  expect(csv2.editions!.hides!({ line: 0 })).toBe(false);
  expect(csv2.editions!.hides!({ line: 3 })).toBe(true);
  expect(csv1.editions!.hides).toBeUndefined();
});
