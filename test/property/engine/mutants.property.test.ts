import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Mutant, MUTANTS } from "./mutants.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");
const RUNS = "1500";
const SEED = "1";
const RESTORE_RUNS = "300";
const SEARCHES = {
  simulation: "test/property/engine/search.ts",
  /** Known events and their segments alone. */
  restores: "test/property/review/search.ts",
} as const;
const TIME_LIMIT_MS = 480_000;
const run = promisify(execFile);

interface Failure {
  readonly code?: number | null;
  readonly killed?: boolean;
  readonly stdout?: string;
}

/** The search's exit code, and what it printed; a search that does not end has found a hang. */
async function search(root: string, by: Mutant["foundBy"] = "simulation"): Promise<{ found: boolean; report: string }> {
  const script = path.join(root, SEARCHES[by]);
  try {
    await run(process.execPath, ["--import", "tsx", script, by === "restores" ? RESTORE_RUNS : RUNS, SEED], {
      cwd: ROOT,
      timeout: TIME_LIMIT_MS,
      killSignal: "SIGKILL",
    });
    return { found: false, report: "" };
  } catch (error) {
    const { code, killed, stdout } = error as Failure;
    if (killed === true) return { found: true, report: "does not end" };
    if (code === 3) return { found: true, report: stdout ?? "" };
    throw error;
  }
}

describe("negative controls: the simulation catches every planted defect", () => {
  let folder: string;
  beforeAll(async () => {
    await mkdir(path.join(ROOT, ".local"), { recursive: true });
    folder = await mkdtemp(path.join(ROOT, ".local", "mutants-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function plant(mutant: Mutant, index: number): Promise<string> {
    const root = path.join(folder, String(index));
    for (const part of [
      "src/domain",
      "src/kafka",
      "src/processor",
      "src/testing",
      "test/property/engine",
      "test/property/review",
    ]) {
      await cp(path.join(ROOT, part), path.join(root, part), { recursive: true });
    }
    for (const edit of mutant.edits) {
      const file = path.join(root, edit.file);
      const text = await readFile(file, "utf8");
      expect(text.split(edit.find), `"${edit.find}" must occur once in ${edit.file}`).toHaveLength(2);
      await writeFile(
        file,
        text.replace(edit.find, () => edit.replace),
      );
    }
    return root;
  }

  // Side by side: each search is a process of its own.
  it.concurrent.each(MUTANTS.map((mutant, index) => [mutant.name, mutant, index] as const))(
    "%s",
    { timeout: 540_000 },
    async (_name, mutant, index) => {
      const { found, report } = await search(await plant(mutant, index), mutant.foundBy);
      expect(found).toBe(true);
      console.log(report.trim().slice(0, 300));
    },
  );

  it.each(["simulation", "restores"] as const)(
    "finds nothing in the engine as it is: %s",
    { timeout: 540_000 },
    async (by) => {
      const { found, report } = await search(ROOT, by);
      expect(report).toBe("");
      expect(found).toBe(false);
    },
  );
});
