import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { csv2Script, type Csv2Files } from "../../../src/feed/formats/csv2.ts";
import { odiScripts } from "../../../src/feed/formats/odi.ts";
import type { OdiContent } from "../../../src/feed/formats/odi-content.ts";
import { planMatch, type PlanOptions, type Step as PlannedStep } from "../../../src/feed/plan.ts";
import { CSV2_COLUMNS } from "../../../src/pipelines/cricket/sources/odi.ts";
import { FatalError } from "../../../src/domain/errors.ts";

const dir = mkdtempSync(join(tmpdir(), "tu-plan-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const LINES = 400;
beforeAll(() => {
  const balls = Array.from({ length: LINES }, (_, n) => {
    const wide = n % 17 === 0;
    const [runs, extras] = wide ? ["0", "1"] : [String(n % 5), "0"];
    const label = `${Math.floor(n / 6)}.${(n % 6) + 1}`;
    return `9,2024,2024-01-01,V,1,${label},${label},A,B,X,Y,Z,${runs},${extras},${wide ? "1" : ""}${",".repeat(12)}`;
  });
  writeFileSync(join(dir, "9.csv"), `${CSV2_COLUMNS.join(",")}\n${balls.join("\n")}\n`);
  writeFileSync(join(dir, "9_info.csv"), "version,2.3.0\n");
});

type Step = PlannedStep<OdiContent>;

const files = (): Csv2Files => ({ matchId: "9", deliveries: join(dir, "9.csv"), info: join(dir, "9_info.csv") });
const messy: PlanOptions = { seed: 11, replayRate: 0.4, correctionRate: 0.15 };

async function steps(options: PlanOptions = messy, pass = 0, of: Csv2Files = files()): Promise<Step[]> {
  const all: Step[] = [];
  for await (const step of planMatch(csv2Script(of), pass, options)) all.push(step);
  return all;
}

/** Natural key and content, as far as this test's balls have them. */
const keyOf = (step: Step): string =>
  step.content.table === "deliveries" ? String(step.content.columns[CSV2_COLUMNS.indexOf("ball")]) : step.content.table;
const contentOf = (step: Step): string => JSON.stringify(step.content);

describe("the plan of a match", () => {
  test("is the same for the same seed, and another for another seed or pass", async () => {
    const first = await steps();
    expect(await steps()).toEqual(first);
    expect(await steps({ ...messy, seed: 12 })).not.toEqual(first);
    expect(await steps(messy, 1)).not.toEqual(first);
  });

  test("without unreliability is the file: the match record, then every line once, in order", async () => {
    const plain = await steps({ seed: 1, replayRate: 0, correctionRate: 0 });
    expect(plain.map((step) => step.cause)).toEqual(Array.from({ length: LINES + 1 }, () => "file"));
    expect(plain.map((step) => step.line)).toEqual(Array.from({ length: LINES + 1 }, (_, n) => n));
    expect(plain[0]?.content).toEqual({ table: "match_info", matchId: "9", info: "version,2.3.0\n" });
  });

  test("repeats only what was inserted before, mostly of late, and also the match record", async () => {
    const all = (await Promise.all([1, 2, 3, 4, 5].map((seed) => steps({ ...messy, seed })))).flat();
    const replays = all.filter((step) => step.cause === "replay");
    expect(replays.length / (5 * LINES)).toBeGreaterThan(0.33);
    expect(replays.length / (5 * LINES)).toBeLessThan(0.47);
    expect(replays.some((step) => step.content.table === "match_info")).toBe(true);
    for (const seed of [1, 2, 3, 4, 5]) {
      const before = new Set<string>();
      for (const step of await steps({ ...messy, seed })) {
        if (step.cause === "replay") expect(before).toContain(contentOf(step));
        before.add(contentOf(step));
      }
    }
  });

  test("a wrong row is wrong in its runs alone, is corrected to the file's value, and comes back once more", async () => {
    const all = await steps();
    const wrong = all.filter((step) => step.cause === "wrong");
    expect(wrong.length).toBeGreaterThan(20);
    for (const first of wrong) {
      const later = all.filter((step) => keyOf(step) === keyOf(first) && step.cause !== "replay");
      expect(later.map((step) => step.cause)).toEqual(["wrong", "correction", "stale"]);
      expect(contentOf(later[2] as Step)).toBe(contentOf(first));
      const [was, is] = [first, later[1] as Step].map((step) =>
        step.content.table === "deliveries" ? step.content.columns : [],
      );
      const changed = CSV2_COLUMNS.filter((_, index) => was?.[index] !== is?.[index]);
      expect(changed).toEqual(["runs_off_bat"]);
    }
  });

  test("the last new content of every ball is the file's", async () => {
    const plain = await steps({ seed: 1, replayRate: 0, correctionRate: 0 });
    const wanted = new Map(plain.map((step) => [keyOf(step), contentOf(step)]));
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const seen = new Set<string>();
      const last = new Map<string, string>();
      for (const step of await steps({ seed, replayRate: 0.6, correctionRate: 0.3 })) {
        if (seen.has(contentOf(step))) continue;
        seen.add(contentOf(step));
        last.set(keyOf(step), contentOf(step));
      }
      expect(last).toEqual(wanted);
    }
  });

  test("a match without its info file is played, and the missing record is told", async () => {
    const plain = await steps({ seed: 1, replayRate: 0, correctionRate: 0 }, 0, { ...files(), info: null });
    expect(plain[0]?.content).toMatchObject({
      unreadable: { file: "9_info.csv", problem: "the match has no info file" },
    });
    expect(plain).toHaveLength(LINES + 1);
  });
});

describe("a folder of matches", () => {
  test("pairs the files of a match, in order of the ids", async () => {
    writeFileSync(join(dir, "10_info.csv"), "version,2.3.0\n");
    expect((await odiScripts([dir])).map(({ matchId, progressKey }) => [matchId, progressKey])).toEqual([
      ["9", "9"],
      ["10", "10"],
    ]);
  });

  test("that holds nothing, or is none, is refused with a remedy", async () => {
    await expect(odiScripts([join(dir, "nowhere")])).rejects.toThrow(FatalError);
    await expect(odiScripts([mkdtempSync(join(dir, "empty-"))])).rejects.toThrow(/holds no Cricsheet csv files/u);
  });

  test("a change of either file is noticed", async () => {
    const before = await csv2Script(files()).digest();
    expect(await csv2Script(files()).digest()).toBe(before);
    writeFileSync(join(dir, "9_info.csv"), "version,2.3.1\n");
    expect(await csv2Script(files()).digest()).not.toBe(before);
  });
});
