import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { packageFile } from "../../../src/local/paths.ts";
import { warehousePaths } from "../../../src/loader/paths.ts";
import { publishSnapshot } from "../../../src/loader/publish.ts";
import { openForReading } from "../../../src/loader/read.ts";
import { Warehouse } from "../../../src/loader/warehouse.ts";
import { remedyWorks } from "../../support/remedies/works.ts";

/* Files of the warehouse that another program has open to write, as database tools do by default. */

let dir: string;
const holders: ChildProcess[] = [];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "tu-held-"));
  const warehouse = await Warehouse.open(dir, 0);
  await warehouse.start(new Map(), []);
  await warehouse.checkpoint();
  await publishSnapshot(dir);
  await publishSnapshot(dir);
  warehouse.close();
});

afterEach(async () => {
  await letGo();
  rmSync(dir, { recursive: true });
});

async function hold(...files: readonly string[]): Promise<void> {
  const program = `
    const { DuckDBInstance } = await import(${JSON.stringify(packageFile("node_modules/@duckdb/node-api/lib/index.js"))});
    const held = await Promise.all(${JSON.stringify(files)}.map((file) => DuckDBInstance.create(file)));
    console.log("held", held.length); setInterval(() => held, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  holders.push(child);
  await once(child.stdout, "data");
}

async function letGo(): Promise<void> {
  for (const child of holders.splice(0)) {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
}

const snapshot = (name: string): string => join(warehousePaths(dir).pubDir, name, "cricket.duckdb");
const open = async (prefer: "hot" | "snapshot"): Promise<{ from: string; name: string; note: string }> => {
  const { from, name, note, close } = await openForReading(dir, { prefer });
  close();
  return { from, name, note };
};

test("the newest snapshot is held: the loader's file is read, and where a loader writes that, the older snapshot", async () => {
  await hold(snapshot("snap-2"));
  const pid = holders[0]?.pid ?? 0;
  expect(await open("snapshot")).toMatchObject({
    from: "hot",
    note: expect.stringContaining(`snap-2 has been opened for writing by node (pid ${pid})`),
  });
  await hold(warehousePaths(dir).hot);
  for (const prefer of ["snapshot", "hot"] as const)
    expect(await open(prefer)).toMatchObject({
      from: "snapshot",
      name: "snap-1",
      note: expect.stringContaining(`(pid ${pid})`),
    });
});

test("everything is held: one line names who holds what, and to close it there helps", async () => {
  await hold(snapshot("snap-1"), snapshot("snap-2"), warehousePaths(dir).hot);
  await expect(open("snapshot")).rejects.toThrow(
    /^the warehouse in .* cannot be read: snap-2 has been opened for writing by [^\n]*$/u,
  );
  expect(
    await remedyWorks("read/close-there", {
      attempt: () => open("snapshot"),
      does: { "close it in that program": letGo },
    }),
  ).toMatchObject({ from: "snapshot", name: "snap-2", note: "" });
});
