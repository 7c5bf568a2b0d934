import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageFile } from "../../src/local/paths.ts";

/*
 * Each gate is shown a seeded violation that it must reject: a gate that passes everything is green, too.
 * The seeds lie in a copy of the project's skeleton, so that the real configuration judges them by their real paths.
 */
let project: string;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "gates-"));
  for (const file of [".oxlintrc.json", ".prettierrc.json", "tsconfig.json", "knip.json", "package.json"]) {
    cpSync(packageFile(file), join(project, file));
  }
  symlinkSync(packageFile("node_modules"), join(project, "node_modules"));
});

afterAll(() => {
  rmSync(project, { recursive: true, force: true });
});

interface Verdict {
  readonly accepted: boolean;
  readonly output: string;
}

function run(tool: string, args: readonly string[]): Verdict {
  const done = spawnSync(packageFile("node_modules", ".bin", tool), args, { cwd: project, encoding: "utf8" });
  return { accepted: done.status === 0, output: `${done.stdout}${done.stderr}` };
}

/** Puts the files there, asks the gate, and takes them away again. */
function judge(files: Readonly<Record<string, string>>, ask: () => Verdict): Verdict {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), content);
  }
  try {
    return ask();
  } finally {
    for (const path of Object.keys(files)) rmSync(join(project, path));
  }
}

const lint = (files: Readonly<Record<string, string>>): Verdict =>
  judge(files, () => run("oxlint", ["--type-aware", "--deny-warnings", "--format=unix"]));

describe("lint", () => {
  it("accepts a pure function in the domain", () => {
    const pure = "export function twice(n: number): number {\n  return 2 * n;\n}\n";
    expect(lint({ "src/domain/pure.ts": pure })).toMatchObject({ accepted: true });
  });

  it.each([
    ["a clock", "export const now: number = Date.now();", "no-restricted-globals"],
    ["a date of now", "export const now: number = new Date().getTime();", "no-restricted-globals"],
    ["randomness", "export const n: number = Math.random();", "no-restricted-properties"],
    [
      "I/O",
      'import { readFileSync } from "node:fs";\nexport const read: unknown = readFileSync;',
      "no-restricted-imports",
    ],
    ["the environment", 'export const home: unknown = process.env["HOME"];', "no-restricted-globals"],
    ["a timer", "export const later: unknown = setTimeout;", "no-restricted-globals"],
    ["another folder", 'import type { Log } from "../kafka/log.ts";\nexport type L = Log;', "no-restricted-imports"],
    [
      "the settings",
      'import type { Settings } from "../settings.ts";\nexport type S = Settings;',
      "no-restricted-imports",
    ],
  ])("rejects %s in the domain", (_, source, rule) => {
    const verdict = lint({ "src/domain/seed.ts": source });
    expect(verdict.accepted).toBe(false);
    expect(verdict.output).toContain(rule);
  });

  const client =
    'import { KafkaConsumer } from "@confluentinc/kafka-javascript";\nexport const c: unknown = KafkaConsumer;\n';

  it.each(["src/processor/seed.ts", "src/kafka/seed.ts", "src/cli/commands/seed.ts", "src/domain/seed.ts"])(
    "rejects the Kafka client in %s",
    (path) => {
      const verdict = lint({ [path]: client });
      expect(verdict.accepted).toBe(false);
      expect(verdict.output).toContain("no-restricted-imports");
    },
  );

  it("accepts the Kafka client where it belongs", () => {
    expect(lint({ "src/kafka/confluent/seed.ts": client })).toMatchObject({ accepted: true });
  });

  it.each([
    ["a promise nobody waits for", "async function f(): Promise<void> {}\nf();", "no-floating-promises"],
    ["an any", "export function f(a: any): string {\n  return String(a);\n}", "no-explicit-any"],
    [
      "a switch that forgets a case",
      'export function f(v: "a" | "b"): number {\n  switch (v) {\n    case "a":\n      return 1;\n  }\n  return 0;\n}',
      "switch-exhaustiveness-check",
    ],
    ["a swallowed error", "export function f(): void {\n  try {\n    f();\n  } catch {}\n}", "no-empty"],
    [
      "a function of 80 lines",
      `export function f(): number {\n  let n = 0;\n${"  n += 1;\n".repeat(80)}  return n;\n}`,
      "max-lines-per-function",
    ],
  ])("rejects %s", (_, source, rule) => {
    const verdict = lint({ "src/processor/seed.ts": source });
    expect(verdict.accepted).toBe(false);
    expect(verdict.output).toContain(rule);
  });

  it("rejects two files that import each other", () => {
    const verdict = lint({
      "src/processor/a.ts": 'import { b } from "./b.ts";\nexport const a = (): number => b();\n',
      "src/processor/b.ts": 'import { a } from "./a.ts";\nexport const b = (): number => a();\n',
    });
    expect(verdict.accepted).toBe(false);
    expect(verdict.output).toContain("no-cycle");
  });

  it.each(["skip", "only"])("rejects a test with .%s", (modifier) => {
    const source = `import { expect, it } from "vitest";\nit.${modifier}("x", () => {\n  expect(1).toBe(1);\n});\n`;
    expect(lint({ "test/unit/seed.test.ts": source }).accepted).toBe(false);
  });
});

describe("walls between the folders of src", async () => {
  const { ROWS } = (await import(packageFile("scripts/walls.mjs"))) as {
    readonly ROWS: Readonly<Record<string, readonly string[]>>;
  };
  const rooms = Object.keys(ROWS);
  const isFile = (room: string): boolean => room.endsWith(".ts");
  const seedOf = (room: string): string => (isFile(room) ? `src/${room}` : `src/${room}/seed.ts`);
  /** A house in which each room has a file. */
  const house = Object.fromEntries(rooms.map((room) => [seedOf(room), "export {};\n"]));
  const walls = (): Verdict => {
    const done = spawnSync(process.execPath, [packageFile("scripts/walls.mjs")], { cwd: project, encoding: "utf8" });
    return { accepted: done.status === 0, output: `${done.stdout}${done.stderr}` };
  };
  const judgeHouse = (files: Readonly<Record<string, string>>): Verdict => judge({ ...house, ...files }, walls);
  const importing = (from: string, to: string, how: (path: string) => string): Record<string, string> => {
    const path = relative(dirname(seedOf(from)), seedOf(to));
    return { [seedOf(from)]: how(path.startsWith(".") ? path : `./${path}`) };
  };

  it("accept what each row allows", () => {
    expect(judgeHouse({})).toEqual({ accepted: true, output: "" });
  });

  it.each(rooms.filter((room) => ROWS[room]?.includes("*") !== true))(
    "reject in %s what its row does not allow",
    (room) => {
      const others = rooms.filter((other) => other !== room && ROWS[room]?.includes(other) !== true);
      expect(others.length).toBeGreaterThan(0);
      const text = others.map((other) =>
        Object.values(importing(room, other, (path) => `import "${path}";\n`)).join(""),
      );
      const verdict = judgeHouse({ [seedOf(room)]: text.join("") });
      expect(verdict.accepted).toBe(false);
      const complaints = verdict.output.trim().split("\n");
      expect(complaints.map((line) => / may not import (?<path>\S+)/u.exec(line)?.groups?.["path"])).toEqual(
        others.map((other) => seedOf(other).slice("src/".length)),
      );
    },
  );

  it.each([
    ["a type", (path: string) => `import type { A } from "${path}";\n`],
    ["something when it is needed", (path: string) => `export const a = (): Promise<unknown> => import("${path}");\n`],
    ["on behalf of others", (path: string) => `export * from "${path}";\n`],
  ])("reject an import of %s, too", (_, how) => {
    expect(judgeHouse(importing("processor", "cli", how)).output).toContain("src/processor may not import cli/seed.ts");
  });

  it("reject a folder without a row, and a row without a folder", () => {
    expect(judgeHouse({ "src/attic/seed.ts": "export {};\n" }).output).toContain("src/attic/seed.ts: no row");
    rmSync(join(project, "src"), { recursive: true, force: true });
    const { [seedOf("aws")]: _aws, ...without } = house;
    expect(judge(without, walls)).toEqual({ accepted: false, output: "scripts/walls.mjs: there is no src/aws\n" });
  });
});

describe("types", () => {
  it.each([
    ["an element that may be absent", "export const first = (list: string[]): string => list[0];"],
    ["an exported value without a type", "export const table = [1, 2].map((n) => n * 2);"],
    ["an enum", "export enum Colour {\n  Red,\n}"],
    ["what Node 20 does not have", "export const groups: unknown = Object.groupBy([1], (n) => n);"],
  ])("reject %s", (_, source) => {
    expect(judge({ "src/seed.ts": source }, () => run("tsc", ["-p", "tsconfig.json"])).accepted).toBe(false);
  });
});

describe("format", () => {
  it("rejects a line in another style", () => {
    const verdict = judge({ "src/seed.ts": "export const a: number=1\n" }, () => run("prettier", ["--check", "src"]));
    expect(verdict.accepted).toBe(false);
  });
});

describe("dead code", () => {
  it("rejects a file nobody imports and a package nobody uses", () => {
    const seeds = { "src/index.ts": "export const a: number = 1;\n", "src/dead.ts": "export const b: number = 2;\n" };
    const verdict = judge(seeds, () => run("knip", ["--no-progress"]));
    expect(verdict.accepted).toBe(false);
    expect(verdict.output).toContain("src/dead.ts");
    expect(verdict.output).toContain("xxhash-wasm");
  });
});
