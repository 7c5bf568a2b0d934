import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { localSupervisor, mongodbService } from "../../../src/local/index.ts";
import { mongodbAnswers } from "../../../src/local/mongodb.ts";
import { prepareMongodb } from "../../../src/local/mongodb-ready.ts";
import { freePort } from "../../../src/local/ports.ts";
import { loadSettings, parseSettings, type Settings } from "../../../src/settings.ts";
import { settingsOnFreePorts } from "../../support/stack.ts";

let dir: string;
let settings: Settings;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "third-umpire-mongod-"));
  settings = await settingsOnFreePorts(dir);
});

afterAll(() => {
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

describe("the first start of the local MongoDB", () => {
  it("is finished by the next one when it is cut short after any of its steps, and again with another port and password", async () => {
    const supervisor = localSupervisor(settings);
    let steps = 0;
    const service = mongodbService(settings, { binaries: loadSettings() });
    await supervisor.start({
      ...service,
      ready: async () => {
        const isReady = (await service.ready?.()) ?? true;
        steps += 1;
        // Each look makes at most one step; the first ones are followed by SIGKILL.
        if (!isReady && steps <= 12 && steps % 4 === 0) supervisor.kill("mongodb", "SIGKILL");
        return isReady;
      },
    });
    expect(await mongodbAnswers(settings)).toBe(true);
    await expect(prepareMongodb({ ...settings, mongodbPassword: "x" }, "another key")).rejects.toThrow(/key file/u);
    await supervisor.stopAll();

    const moved = parseSettings(
      { TU_LOCAL_DIR: dir, TU_MONGODB_PORT: String(await freePort()), TU_MONGODB_PASSWORD: "p@ss:word/%" },
      dir,
    );
    await supervisor.start(mongodbService(moved, { binaries: loadSettings() }));
    expect(await mongodbAnswers(moved)).toBe(true);
    await supervisor.stopAll();
  });
});
