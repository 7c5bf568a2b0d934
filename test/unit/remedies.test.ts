import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageFile } from "../../src/local/paths.ts";
import { complaints, type Gate } from "../support/remedies/gate.ts";
import { REGISTER, UNTESTED } from "../support/remedies/register.ts";
import { type Files, remediesIn } from "../support/remedies/scan.ts";

/* Every remedy that a message names is run by a test that starts in that state and ends healthy, or the register says why not. */

function read(folder: string, which: RegExp): Files {
  const paths = readdirSync(packageFile(folder), { recursive: true, encoding: "utf8" }).filter((path) =>
    which.test(path),
  );
  return new Map(paths.map((path) => [join(folder, path), readFileSync(packageFile(folder, path), "utf8")] as const));
}

const gate: Gate = {
  code: read("src", /\.tsx?$/u),
  tests: read("test", /\.ts$/u),
  register: REGISTER,
  untested: UNTESTED,
  page: readFileSync(packageFile("docs/RELIABILITY.md"), "utf8"),
};

describe("remedies", () => {
  it("are each run by a test, or registered with the reason why not", () => {
    expect(complaints(gate)).toEqual([]);
  });

  it("are found in the code in number", () => {
    expect(remediesIn(gate.code).said.length).toBeGreaterThan(200);
  });
});

describe("the list of remedies finds", () => {
  const textsIn = (source: string): string[] =>
    remediesIn(new Map([["src/seed.ts", source]])).said.map(({ text }) => text);

  it.each([
    ["a member", 'throw new FatalError("x", { remedy: "start it again" });', ["start it again"]],
    ["either side of a choice", 'f({ remedy: a ? "do this" : (b ?? `do ${c} that`) });', ["do this", "do {} that"]],
    ["a constant", 'const other = "use another one";\nf({ remedy: other });', ["use another one"]],
    [
      "a constant within a text",
      'const other = "use another";\nf({ remedy: `${other} or none` });',
      ["use another or none"],
    ],
    [
      "what a function gives",
      'function far(): string {\n  return "go far away";\n}\nf({ remedy: far() });',
      ["go far away"],
    ],
    [
      "a table",
      'const REMEDIES = new Map([[-1, "grant the right"], [2, "pay the bill"]]);',
      ["grant the right", "pay the bill"],
    ],
    ["a parameter", 'function stop(what: string, remedy: string): void {}\nstop("x", "let it be");', ["let it be"]],
    ["a class", 'class E {\n  constructor(m: string, remedy?: string) {}\n}\nnew E("x", "let it be");', ["let it be"]],
    [
      "any sentence with a command",
      "print(`nothing runs; start it with: third-umpire run`);",
      ["nothing runs; start it with: third-umpire run"],
    ],
    ["any sentence with a setting", 'print("correct TU_KAFKA_BROKERS first");', ["correct TU_KAFKA_BROKERS first"]],
  ])("%s", (_, source, texts) => {
    expect(textsIn(source)).toEqual(texts);
  });

  it("no help of a command, and no name of one", () => {
    expect(
      textsIn('command("a").option("--all <n>", "all of them, like --none");\nconnect("third-umpire audit");'),
    ).toEqual([]);
  });

  it("what it cannot read", () => {
    const { unread } = remediesIn(new Map([["src/seed.ts", "f({ remedy: a + b });"]]));
    expect(unread).toEqual(["src/seed.ts:1: a remedy is given as BinaryExpression"]);
  });
});

describe("the gate rejects", () => {
  const code = new Map([
    ["src/seed.ts", 'throw new FatalError("stuck", { remedy: "run third-umpire mend, or set TU_WAY" });'],
  ]);
  const run = `it("is mended", async () => {
    await remedyWorks("seed/mend", { attempt, does: { "third-umpire mend": mend } });
    await remedyWorks("seed/mend", { attempt, does: { "set TU_WAY": set } });
  });`;
  const sound: Gate = {
    code,
    tests: new Map([["test/unit/seed.test.ts", run]]),
    register: [
      { id: "seed/mend", says: "run third-umpire mend, or set TU_WAY", by: [["test/unit/seed.test.ts", "is mended"]] },
    ],
    untested: 0,
    page: "",
  };
  const entry = sound.register[0]!;

  it("nothing where all is well", () => {
    expect(complaints(sound)).toEqual([]);
  });

  it("a new remedy, and tells how to register it", () => {
    const fresh = new Map([...code, ["src/new.ts", 'const x = { remedy: "turn it off and on" };']]);
    const [complaint, ...others] = complaints({ ...sound, code: fresh });
    expect(others).toEqual([]);
    expect(complaint).toMatch(/^src\/new\.ts:1 .*CONTRIBUTING\.md.*: turn it off and on$/u);
  });

  it("an entry whose remedy is gone", () => {
    expect(complaints({ ...sound, code: new Map() })).toEqual([expect.stringContaining("no code says this any more")]);
  });

  it.each([
    ["is gone", ""],
    ["has another title", run.replace("is mended", "is well")],
    ["runs another remedy", run.replaceAll("seed/mend", "seed/other")],
    ["only speaks of it", '// remedyWorks(\nit("is mended", () => {});'],
  ])("an entry whose test %s", (_, text) => {
    const found = complaints({ ...sound, tests: new Map([["test/unit/seed.test.ts", text]]) });
    expect(found).toContainEqual(expect.stringContaining("has no test “is mended”"));
  });

  it("a test that does not do all that the remedy says", () => {
    const half = run.replace(/\n.*set TU_WAY.*/u, "");
    const tests = new Map([["test/unit/seed.test.ts", half]]);
    expect(complaints({ ...sound, tests })).toEqual(["seed/mend: no test does what it says with TU_WAY"]);
    const register = [{ ...entry, except: { TU_WAY: "not here" } }];
    const page = "## Remedies that no test runs\n| run third-umpire mend, or set TU_WAY: `TU_WAY` | not here |";
    expect(complaints({ ...sound, tests, register, page })).toEqual([]);
  });

  it("a tested remedy that is still listed as untested, and a list that grows", () => {
    const { id, says } = entry;
    const register = [{ id, says, untested: true }] as const;
    expect(complaints({ ...sound, register })).toContainEqual(expect.stringContaining("name the test in its entry"));
    expect(complaints({ ...sound, register, tests: new Map() })).toEqual([
      expect.stringContaining("1 remedies are untested, and 0 may be"),
    ]);
    expect(complaints({ ...sound, register, tests: new Map(), untested: 1 })).toEqual([]);
    expect(complaints({ ...sound, untested: 1 })).toEqual([expect.stringContaining("lower UNTESTED from 1")]);
  });

  it("two entries for one remedy", () => {
    const { id } = entry;
    const register = [entry, { id, says: entry.says, noRemedy: "x" }];
    expect(complaints({ ...sound, register })).toEqual([
      expect.stringContaining("twice"),
      `two remedies have the id ${id}`,
    ]);
  });

  it("what cannot be tried and is not told on the page", () => {
    const { id, says } = entry;
    const register = [{ id, says, cannot: "no such cloud here" }];
    const row = "| run third-umpire mend, or set TU_WAY | no such cloud here |";
    const tests = new Map();
    expect(complaints({ ...sound, tests, register })).toEqual([expect.stringContaining(row)]);
    const page = `## Remedies that no test runs\n\n| remedy | why |\n|---|---|\n${row}\n`;
    expect(complaints({ ...sound, tests, register, page })).toEqual([]);
    const stale = "| wait for the moon | no moon here |";
    const longer = `${page}${stale}\n`;
    expect(complaints({ ...sound, tests, register, page: longer })).toEqual([expect.stringContaining(stale)]);
  });
});
