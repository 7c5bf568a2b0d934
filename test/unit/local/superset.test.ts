import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { installSuperset, prepareSuperset, supersetDir, supersetService } from "../../../src/local/superset.ts";
import { parseSettings, type Settings } from "../../../src/settings.ts";

let dir: string;
let settings: Settings;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tu-superset-unit-"));
  settings = parseSettings({ TU_LOCAL_DIR: dir }, dir);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true });
});

const progress = (): void => undefined;

describe("Superset's installation", () => {
  test("without a Python says which one it needs and how to get it, and clears what a killed one left", async () => {
    vi.stubEnv("PATH", join(dir, "nothing-here"));
    const abandoned = join(supersetDir(settings), "making-999999999-gone_long_ago");
    mkdirSync(abandoned, { recursive: true });
    const failure: unknown = await installSuperset(settings, progress).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      reaction: "exit",
      message: "Superset needs Python 3.11 or 3.12, and there is no python3 on the PATH",
      remedy: expect.stringContaining("python3-venv") as unknown,
    });
    expect(existsSync(abandoned)).toBe(false);
  });

  test("is asked for by whoever starts it without", async () => {
    expect(() => supersetService(settings)).toThrow("Superset is not installed");
    await expect(prepareSuperset(settings, progress)).rejects.toThrow("Superset is not installed");
  });
});
