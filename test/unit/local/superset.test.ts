import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { packageFile } from "../../../src/local/paths.ts";
import {
  installSuperset,
  prepareSuperset,
  supersetDir,
  supersetService,
  supersetVersion,
} from "../../../src/local/superset.ts";
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

describe("Superset's packages", () => {
  const list = readFileSync(packageFile("superset", "requirements.txt"), "utf8");

  test("are locked, each with its hashes", () => {
    const packages = list.split(/^(?=[\w.-]+==)/mu).slice(1);
    expect(packages.length).toBeGreaterThan(150);
    expect(packages.filter((each) => !each.includes("--hash=sha256:"))).toEqual([]);
    expect(list).not.toMatch(/https?:|index-url|find-links/u);
  });

  test("are what they were made from, with the DuckDB that writes the warehouse", () => {
    const wanted = readFileSync(packageFile("superset", "requirements.in"), "utf8").matchAll(/^([\w-]+)==(\S+)$/gmu);
    for (const [, name = "", version = ""] of wanted)
      expect(list).toMatch(new RegExp(`^${name.replaceAll("_", "-")}==${version.replaceAll(".", "[.]")} `, "mu"));
    expect(list).toContain(`apache-superset==${supersetVersion} `);
    const { version } = JSON.parse(readFileSync(packageFile("node_modules/@duckdb/node-api/package.json"), "utf8")) as {
      version: string;
    };
    expect(list).toContain(`duckdb==${version.split("-")[0]} `);
  });
});

test("compose.yaml runs the same Superset, on the same port, and gives it the snapshots for reading only", () => {
  const { services } = parse(readFileSync(packageFile("compose", "compose.yaml"), "utf8")) as {
    services: { superset: { build: string; profiles: string[]; ports: string[]; volumes: string[] } };
  };
  const { supersetPort } = parseSettings({}, "/nowhere");
  const { build, ports, profiles, volumes } = services.superset;
  expect({ build, ports, profiles }).toEqual({
    build: "../superset",
    ports: [`127.0.0.1:${supersetPort}:${supersetPort}`],
    profiles: ["superset"],
  });
  expect(volumes).toContainEqual(expect.stringMatching(/\/pub:\/warehouse\/pub:ro$/u));
  const image = readFileSync(packageFile("superset", "Dockerfile"), "utf8");
  expect(image).toContain("--require-hashes --no-deps -r /superset/requirements.txt");
});
