import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, expect, test } from "vitest";
import { aboutRecord, addPipelineOptions, chosenPipeline, remedyFor } from "../../../src/cli/pipeline.ts";
import type { Pipeline } from "../../../src/pipelines/pipeline.ts";
import { command } from "../../support/command.ts";
import { remedyWorks } from "../../support/remedies/works.ts";

const SETTINGS = { partitions: 2, retentionHours: 1, quarantineRetentionHours: 1 };
const TOPOLOGY = `{ name: "orders", topics: { verdicts: "orders.verdicts" }, decode: () => null }`;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tu-app-"));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

/** A new module each time: Node keeps what it has imported. */
let made = 0;
function moduleFile(text: string): string {
  made += 1;
  const path = join(dir, `app-${made}.mjs`);
  writeFileSync(path, text);
  return path;
}

/** The pipeline of a command line, with the options before or behind the command's name. */
async function chosen(...argv: readonly string[]): Promise<Pipeline> {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  addPipelineOptions(program);
  let found: Promise<Pipeline> | undefined;
  program.command("state").action((_, state: Command) => {
    found = chosenPipeline(state);
  });
  await program.parseAsync(["node", "third-umpire", ...argv]);
  return await found!;
}

test("without an option it is cricket", async () => {
  const pipeline = await chosen("state");
  expect([pipeline.name, pipeline.groupId, pipeline.topology(SETTINGS).partitions]).toEqual(["cricket", "cricket", 2]);
  expect(await chosen("--pipeline", "cricket", "state")).toBe(pipeline);
  await expect(chosen("--pipeline", "tennis", "state")).rejects.toThrow("Allowed choices are cricket");
  await expect(chosen("--pipeline", "cricket", "--app", "x.js", "state")).rejects.toThrow("cannot be used with");
});

test("a module exports a topology, or a pipeline with a topology or a function that makes it", async () => {
  const bare = moduleFile(`export default ${TOPOLOGY};`);
  const named = moduleFile(`export default { name: "shop", groupId: "shop-1", topology: ${TOPOLOGY} };`);
  const maker = moduleFile(
    `export default { name: "shop", topology: ({ partitions }) => ({ ...${TOPOLOGY}, partitions }), aboutRaw: () => "an order" };`,
  );
  const [first, second, third] = [
    await chosen("--app", bare, "state"),
    await chosen("state", "--app", named),
    await chosen("--app", maker, "state"),
  ];
  expect([first.name, first.groupId, first.topology(SETTINGS).topics.verdicts]).toEqual([
    "orders",
    "orders",
    "orders.verdicts",
  ]);
  expect([second.name, second.groupId, second.topology(SETTINGS).name]).toEqual(["shop", "shop-1", "orders"]);
  expect([third.groupId, third.topology(SETTINGS).partitions]).toEqual(["shop", 2]);
  const record = { key: Buffer.from("o\n1"), value: null };
  expect([aboutRecord(first, record), aboutRecord(third, record)]).toEqual(["o 1", "an order"]);
});

test("a module that is not there is given by its path", async () => {
  const there = moduleFile(`export default ${TOPOLOGY};`);
  const wanted = join(dir, "elsewhere.mjs");
  await remedyWorks("app/no-file", {
    attempt: () => chosen("--app", wanted, "state"),
    does: { "give the path of the module": () => renameSync(there, wanted) },
  });
});

test("a module that does not run is made to run", async () => {
  const path = join(dir, "broken.mjs");
  writeFileSync(path, "import 'no-such-package-of-ours';\n");
  let file = path;
  const pipeline = await remedyWorks("app/broken", {
    attempt: () => chosen("--app", file, "state"),
    does: { "make it run with `node FILE` first": () => (file = moduleFile(`export default ${TOPOLOGY};`)) },
  });
  expect(pipeline.name).toBe("orders");
});

test("a module that exports something else exports a pipeline", async () => {
  let file = moduleFile("export default { name: 'orders' };");
  const pipeline = await remedyWorks("app/no-pipeline", {
    attempt: () => chosen("--app", file, "state"),
    does: {
      "{ name, groupId, topology }": () => (file = moduleFile(`export default { name: "o", topology: ${TOPOLOGY} };`)),
    },
  });
  expect(pipeline.name).toBe("o");
});

test("a command that knows cricket only says so", async () => {
  const file = moduleFile(`export default ${TOPOLOGY};`);
  let argv = ["--app", file, "scorecards", "--help"];
  await expect(command(...argv)).resolves.toContain("scorecards");
  argv = ["--app", file, "down"];
  await remedyWorks("app/cricket-only", {
    attempt: () => command(...argv),
    does: { "leave --app out": () => (argv = ["help", "down"]) },
  });
});

test("a remedy names the pipeline of the command line", () => {
  const remedy = "stop all processors of the group and run: third-umpire state rebuild; third-umpire doctor says more";
  const mine =
    "stop all processors of the group and run: third-umpire --app my $1.js state rebuild; third-umpire doctor says more";
  expect(remedyFor(["node", "main.js", "processor"], remedy)).toBe(remedy);
  expect(remedyFor(["node", "main.js", "--app", "my $1.js", "processor"], remedy)).toBe(mine);
  expect(remedyFor(["node", "main.js", "processor", "--app=my $1.js"], remedy)).toBe(mine);
});
