import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { packageFile } from "../../../src/local/paths.ts";

const page = readFileSync(packageFile("docs/HOW-TO/add-a-source.md"), "utf8");
const blocks = [...page.matchAll(/```ts\n\/\/ (\S+)\n(.*?)```/gsu)].map(
  ([, file = "", text = ""]) => [file, text] as const,
);

test("every code block names the file that it comes from", () => {
  expect(blocks).toHaveLength(page.split("```ts\n").length - 1);
  expect(blocks.length).toBeGreaterThan(5);
});

test.each(blocks)("the block of %s stands there as it is shown", (file, text) => {
  expect(readFileSync(packageFile(file), "utf8")).toContain(text);
});

test("every file and folder that is named exists", () => {
  const named = [...page.matchAll(/`((?:src|test|docs)\/[\w./-]+|asyncapi\.yaml|\.env\.example)`/gu)].map(
    ([, path = ""]) => path,
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((path) => !existsSync(packageFile(path)))).toEqual([]);
});

test("the number of wrong sources is the one it says", () => {
  const control = readFileSync(packageFile("test/contract/source.negative.test.ts"), "utf8");
  expect(control.split(/^ {4}what: /gmu)).toHaveLength(12 + 1);
  expect(page).toContain("on twelve sources that are wrong on purpose");
});
