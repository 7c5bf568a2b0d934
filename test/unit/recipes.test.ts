import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageFile } from "../../src/local/paths.ts";

/* The real just runs the real recipes. In place of node stands a program that writes down how it was called. */

const justfile = readFileSync(packageFile("Justfile"), "utf8");
const just = packageFile("node_modules", "rust-just", "lib", "index.mjs");

/** Names of the recipes that take arguments. */
const taking = [...justfile.matchAll(/^(?<name>[a-z][\w-]*) \*ARGS:/gmu)].map(({ groups }) => groups?.["name"] ?? "");

let dir = "";

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "recipes-"));
  // Each argument ends with NUL, each call with SOH.
  const stub = `#!/bin/sh\nfor each in "$@"; do printf '%s\\0' "$each"; done >> "$CALLS"\nprintf '\\001' >> "$CALLS"\n`;
  writeFileSync(join(dir, "node"), stub);
  chmodSync(join(dir, "node"), 0o755);
});

afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

/** What the last call of node got after the script and its fixed arguments. */
function passed(recipe: string, args: readonly string[], file = packageFile("Justfile")): string[] | string {
  const calls = join(dir, "calls");
  writeFileSync(calls, "");
  const command = [just, "--justfile", file, "--working-directory", packageFile(""), recipe, ...args];
  const done = spawnSync(process.execPath, command, {
    env: { ...process.env, PATH: `${dir}${delimiter}${process.env["PATH"] ?? ""}`, CALLS: calls },
    encoding: "utf8",
  });
  if (done.status !== 0) return done.stderr;
  const last = readFileSync(calls, "utf8").split("\u0001").at(-2) ?? "";
  const all = last.split("\0").slice(0, -1);
  return args.length === 0 ? all : all.slice(-args.length);
}

const HARD = [
  ["sql", "SELECT count(*) FROM innings"],
  ["sql", `SELECT 'it''s', "a b" FROM t WHERE x LIKE '%$HOME%' AND y > 1; -- \`id\` \\ & | # ! ~ *`],
  ["--odi", "a folder, with ë and (parentheses)"],
  ["", "  ", "two\nlines", "{{ARGS}}", "-n", "$(id)"],
] as const;

describe("recipes", () => {
  it("that take arguments are more than a few", () => {
    expect(taking).toEqual(expect.arrayContaining(["run", "bench", "tu", "infra-plan", "infra-destroy"]));
  });

  it.each(taking)("%s hands its arguments on as they are", (recipe) => {
    for (const args of HARD) expect(passed(recipe, args)).toEqual(args);
  });

  it("without arguments hand none on", () => {
    expect(passed("tu", [])).toEqual(["bin/third-umpire.js"]);
  });

  it("would be caught when they put arguments into the text of a command", () => {
    const file = join(dir, "Justfile");
    writeFileSync(file, justfile.replaceAll('"$@"', "{{ARGS}}"));
    expect(passed("tu", HARD[0], file)).toMatch(/syntax error/iu);
  });
});
