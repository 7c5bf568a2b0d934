import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageFile } from "../../src/local/paths.ts";

/* House rules that no other tool holds. Each rule is a function from files to complaints, so that it can be shown a bad file. */

type Files = ReadonlyMap<string, string>;

const ignored = new Set(["node_modules", "dist", ".git", ".local", "coverage", "data", "fixtures", "results"]);
const textFile =
  /\.(tsx?|mjs|js|json|jsonc|md|yaml|yml|xml|properties|conf|sql|tf|example|npmrc)$|^(Justfile|NOTICE|run)$/;
const self = "test/unit/tidy.test.ts";

function readAll(folder = ""): [string, string][] {
  return readdirSync(packageFile(folder), { withFileTypes: true }).flatMap((entry): [string, string][] => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ignored.has(entry.name) ? [] : readAll(path);
    return textFile.test(entry.name) ? [[path, readFileSync(packageFile(path), "utf8")]] : [];
  });
}

const files: Files = new Map(readAll());
const source = /^(src|test|bench|scripts|bin)\/.*\.(ts|mjs|js)$/;

function perLine(all: Files, which: RegExp, wrong: RegExp): string[] {
  return [...all]
    .filter(([path]) => which.test(path) && path !== self)
    .flatMap(([path, text]) => text.split("\n").map((line, i) => ({ line, place: `${path}:${i + 1}` })))
    .filter(({ line }) => wrong.test(line))
    .map(({ place, line }) => `${place} ${line.trim().slice(0, 100)}`);
}

const longFiles = (all: Files): string[] =>
  [...all].filter(([path, text]) => source.test(path) && text.trimEnd().split("\n").length > 400).map(([path]) => path);

const skippedTests = (all: Files): string[] =>
  perLine(all, /^test\//, /\b(it|test|describe|suite)(\.\w+)*\.(skip|skipIf|runIf|todo|only|fails)\b/);

/** Paths and addresses of somebody's machine: the repository must mean the same everywhere. */
const machinePaths = (all: Files): string[] =>
  perLine(
    all,
    /./,
    /(^|[\s"'`(=])\/(work|root|home\/\w+|Users\/\w+|mnt\/(?!shared\/config))\/|registry\.npmjs\.org|"resolved":/,
  );

/** What lies beside a clone decides nothing: a suite that needs it is red for strangers. Long proofs play what they find. */
const besideTheClone = (all: Files): string[] => [
  ...perLine(
    all,
    /^(?!test\/proof\/)(test|bench|scripts)\//,
    /\b(ROOT, |packageFile\()["'`]\.\.\/|["'`]\.\.\/shared\b/,
  ),
  ...perLine(all, /^(?!test\/(proof|support\/larger-sets\.ts))(test|src|bench|scripts)\//, /env\b.*TEST_CRICSHEET/),
];

const leftovers = (all: Files): string[] => perLine(all, source, /\b(TODO|FIXME|XXX|HACK)\b|\bdebugger\b/);

function unexplainedRecipes(justfile: string): string[] {
  const lines = justfile.split("\n");
  return lines
    .map((line, i) => ({ recipe: /^([a-z][\w-]*)(?: [^:=]*)?:(?!=)/.exec(line)?.[1], above: lines[i - 1] ?? "" }))
    .filter(({ recipe, above }) => recipe !== undefined && !/^# \S/.test(above))
    .map(({ recipe }) => recipe ?? "");
}

/** Every EO-n that `docs/INVARIANTS.md` defines (in a heading or a table row) is cited by a test, and no other is cited. */
function invariants(all: Files): string[] {
  const document = all.get("docs/INVARIANTS.md");
  if (document === undefined) return [];
  const numbers = (text: string): string[] => text.match(/\bEO-\d+\b/g) ?? [];
  const defined = document.split("\n").flatMap((line) => /^(?:#+ |\| ?|- )\**(EO-\d+)\b/.exec(line)?.[1] ?? []);
  const texts = (which: RegExp): string[] =>
    [...all].filter(([path]) => which.test(path) && path !== self).flatMap(([, text]) => numbers(text));
  const cited = new Set(texts(/^test\//));
  const named = new Set(texts(/^(src|test|bench)\//));
  return [
    ...(defined.length === 0 ? ["docs/INVARIANTS.md defines nothing"] : []),
    ...defined.filter((number, i) => defined.indexOf(number) !== i).map((number) => `${number} is defined twice`),
    ...[...new Set(defined)].filter((number) => !cited.has(number)).map((number) => `${number} is proved by no test`),
    ...[...named].filter((number) => !defined.includes(number)).map((number) => `${number} is not defined`),
  ];
}

/** Links of Markdown files to files of the repository. */
function brokenLinks(all: Files): string[] {
  return [...all]
    .filter(([path]) => path.endsWith(".md"))
    .flatMap(([path, text]) =>
      [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
        .map(([, target]) => target ?? "")
        .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(packageFile(dirname(path), target)))
        .map((target) => `${path} → ${target}`),
    );
}

/**
 * Words that are a pipeline's own: they stand in its rooms, in the registry, and nowhere else in src. Words that other trades use, too (run, match,
 * over, delivery, transaction), are none of them.
 */
const ROOM_WORDS: readonly { readonly rooms: RegExp; readonly words: RegExp }[] = [
  {
    rooms: /^src\/(pipelines|domain)\/cricket\/|^src\/pipelines\/registry\.ts$/,
    words:
      /\b(cricket|cricsheet|innings|wickets?|batter|batting|bowler|bowling|(non_?)?striker|odi|t20i?|scorecards?|csv[12]|partnerships?|worm|manhattan)\b/i,
  },
];

/** Folders that still hold such words (docs/decisions/0019). One that holds none any more leaves the list. */
const STILL_MIXED = [
  "src/audit/",
  "src/cli/",
  "src/cloud-check/",
  "src/dashboard/",
  "src/export/",
  "src/feed/",
  "src/fetch/",
  "src/loader/",
  "src/schemas/",
  "src/settings.ts",
  "src/superset/",
];

function wordsOutside(all: Files): string[] {
  return ROOM_WORDS.flatMap(({ rooms, words }) =>
    perLine(all, /^src\/.*\.(tsx?|sql)$/, words).filter((complaint) => !rooms.test(complaint.split(":")[0] ?? "")),
  );
}

const isMixed = (complaint: string): boolean => STILL_MIXED.some((folder) => complaint.startsWith(folder));

interface Lock {
  packages: Record<string, { optionalDependencies?: Record<string, string>; version?: string }>;
}

function incompleteLock(lock: Lock): string[] {
  return Object.values(lock.packages).flatMap((entry) =>
    Object.keys(entry.optionalDependencies ?? {}).filter((name) => lock.packages[`node_modules/${name}`] === undefined),
  );
}

describe("the house rules hold for", () => {
  it("files: none is longer than 400 lines", () => {
    expect(longFiles(files)).toEqual([]);
  });

  it("tests: none is skipped, focused or expected to fail", () => {
    expect(skippedTests(files)).toEqual([]);
  });

  it("the repository: no path or address of a machine", () => {
    expect(machinePaths(files)).toEqual([]);
  });

  it("tests: nothing beside the clone is looked for, and CI names no larger sets", () => {
    expect(besideTheClone(files)).toEqual([]);
    expect(files.get(".ci/run")).toMatch(/^unset TEST_CRICSHEET$/m);
  });

  it("the code: nothing is left for later", () => {
    expect(leftovers(files)).toEqual([]);
  });

  it("invariants: each is defined once and proved by a test", () => {
    expect(invariants(files)).toEqual([]);
  });

  it("rooms: the words of a pipeline stand in its rooms, or in a folder that is known to be mixed still", () => {
    const outside = wordsOutside(files);
    expect(outside.filter((complaint) => !isMixed(complaint))).toEqual([]);
    for (const folder of STILL_MIXED)
      expect(
        outside.some((complaint) => complaint.startsWith(folder)),
        folder,
      ).toBe(true);
  });

  it("recipes: each says what it does, so that the list reads like a menu", () => {
    expect(unexplainedRecipes(files.get("Justfile") ?? "nothing:")).toEqual([]);
  });

  it("documents: every link leads somewhere", () => {
    expect(brokenLinks(files)).toEqual([]);
  });

  it("the lock file: complete for every platform (node scripts/complete-lock.mjs after npm install)", () => {
    expect(incompleteLock(JSON.parse(files.get("package-lock.json") ?? "") as Lock)).toEqual([]);
  });
});

describe("the house rules reject", () => {
  const bad = (path: string, text: string): Files => new Map([[path, text]]);

  it("what they are there for", () => {
    expect(files.size).toBeGreaterThan(50);
    expect(longFiles(bad("src/a.ts", "x\n".repeat(401)))).toEqual(["src/a.ts"]);
    expect(longFiles(bad("src/a.ts", "x\n".repeat(400)))).toEqual([]);
    expect(wordsOutside(bad("src/sources/kit/a.ts", "// the innings of a match"))).toHaveLength(1);
    expect(wordsOutside(bad("src/pipelines/cricket/a.ts", "// the innings of a match"))).toEqual([]);
    expect(wordsOutside(bad("src/sources/kit/a.ts", "// run, match, over, delivery, transaction, outs"))).toEqual([]);
    for (const call of ["it.skip(", "describe.only(", "test.todo(", "it.concurrent.skip(", "it.skipIf("]) {
      expect(skippedTests(bad("test/a.test.ts", call))).toHaveLength(1);
    }
    for (const path of [
      '"/home/me/x"',
      "/Users/me/x",
      "https://registry.npmjs.org/x",
      '"resolved": "x"',
      "`/root/x`",
    ]) {
      expect(machinePaths(bad("a.md", path))).toHaveLength(1);
    }
    for (const line of ['join(ROOT, "../data")', 'packageFile("../data")', 'process.env["TEST_CRICSHEET"]']) {
      expect(besideTheClone(bad("test/a.test.ts", line))).toHaveLength(1);
    }
    expect(leftovers(bad("src/a.ts", "// TODO later"))).toHaveLength(1);
    expect(unexplainedRecipes("a:\n    x\n\n# says\nb *ARGS: a\n    y\n")).toEqual(["a"]);
    expect(brokenLinks(bad("a.md", "[x](no/such.md) [y](https://x.y) [z](#z)"))).toEqual(["a.md → no/such.md"]);
    expect(incompleteLock({ packages: { "": { optionalDependencies: { a: "1" } } } })).toEqual(["a"]);
  });

  it("invariants without proof, without definition, or defined twice", () => {
    const document = "## EO-1 one\n## EO-2 two\n## EO-2 again\n";
    const all = new Map([
      ["docs/INVARIANTS.md", document],
      ["test/unit/a.test.ts", "EO-1"],
      ["src/a.ts", "EO-9"],
    ]);
    expect(invariants(all)).toEqual(["EO-2 is defined twice", "EO-2 is proved by no test", "EO-9 is not defined"]);
  });
});
