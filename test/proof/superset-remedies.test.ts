import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { localSupervisor, type Supervisor } from "../../src/local/index.ts";
import { pageStatuses } from "../../src/local/pages.ts";
import { freePort } from "../../src/local/ports.ts";
import {
  installSuperset,
  startSuperset,
  supersetAnswers,
  supersetDir,
  supersetService,
} from "../../src/local/superset.ts";
import { supersetPython } from "../../src/local/superset-install.ts";
import { parseSettings, type Settings } from "../../src/settings.ts";
import { cliStack, eventually, ROOT } from "../support/cli.ts";
import { remedyWorks, Told } from "../support/remedies/works.ts";
import { afterAllOf } from "../support/together.ts";

/* A Superset that is not there, cannot be fetched or is damaged: what is said is done, and the real one answers. */

const say = (line: string): void => void process.stderr.write(`superset: ${line}\n`);

let dir: string;
let env: Record<string, string>;
let settings: Settings;
let supervisor: Supervisor;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "third-umpire-superset-"));
  // `up` starts Superset and nothing else: every other server is elsewhere.
  env = {
    TU_LOCAL_DIR: dir,
    TU_SUPERSET_PORT: String(await freePort()),
    TU_KAFKA_BROKERS: "kafka.nowhere.invalid:9092",
    TU_POSTGRES_URL: "postgres://u:p@db.nowhere.invalid/c",
    TU_MONGODB_URL: "mongodb://u:p@db.nowhere.invalid:27017/c",
    TU_LAMBDA_ENDPOINT: "http://lambda.nowhere.invalid",
  };
  settings = parseSettings(env, ROOT);
  supervisor = localSupervisor(settings);
});

afterAll(async () => {
  await supervisor.stopAll();
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}, 120_000);

async function program(...args: readonly string[]): Promise<void> {
  const command = ["--import", "tsx", "src/cli/main.ts", ...args];
  await promisify(execFile)(process.execPath, command, { cwd: ROOT, env: { ...process.env, ...env } });
}

/** What `status` says of Superset where it does not answer. */
const shown = (of: Settings) => async (): Promise<void> => {
  const page = (await pageStatuses(of)).find(({ name }) => name === "Superset")!;
  if (!page.up) throw new Told(page.remedy);
};

test("is fetched and started by up", async () => {
  const up = afterAllOf(2, () => program("up", "--superset"));
  await Promise.all([
    remedyWorks("superset/third-umpire", {
      attempt: () => supersetService(settings),
      does: { "third-umpire up --superset fetches it": up },
    }),
    remedyWorks("status/no-superset", {
      attempt: shown(settings),
      does: { "third-umpire up --superset": up },
    }),
  ]);
  await program("down");
});

test("is started by run, too", async () => {
  const stack = await cliStack();
  mkdirSync(supersetDir(stack.settings), { recursive: true, mode: 0o700 });
  for (const name of readdirSync(supersetDir(settings)).filter((each) => each.startsWith("venv-")))
    symlinkSync(join(supersetDir(settings), name), join(supersetDir(stack.settings), name));
  let stop = (): Promise<unknown> => Promise.resolve();
  const run = async (): Promise<void> => {
    const { child, ended, out } = stack.start(["run"]);
    stop = async () => {
      child.kill("SIGINT");
      return await ended;
    };
    await eventually(() => out().includes("Superset: http"), 300_000, out);
  };
  await remedyWorks("status/no-superset", { attempt: shown(stack.settings), does: { "third-umpire run": run } });
  await stop();
  await stack.remove();
});

test("with damaged metadata starts without them, and damaged itself is fetched again", async () => {
  const metadata = join(supersetDir(settings), "superset.db");
  const start = async (): Promise<void> => {
    await startSuperset(supervisor, settings, say);
    expect(await supersetAnswers(settings)).toBe(true);
    await supervisor.stop("superset");
  };
  writeFileSync(metadata, "damaged");
  await remedyWorks("superset/remove-metadata", {
    attempt: start,
    does: { [`remove ${metadata} and start again`]: () => rmSync(metadata) },
  });

  rmSync(await packageFolder(), { recursive: true });
  /** Removes all of it, and fetches it anew: first without a network. */
  const fetchAgain = async (): Promise<void> => {
    rmSync(supersetDir(settings), { recursive: true });
    const hangsUp = createServer((socket) => socket.destroy());
    await new Promise<void>((ready) => hangsUp.listen(0, "127.0.0.1", ready));
    const { port } = hangsUp.address() as { port: number };
    vi.stubEnv("PIP_INDEX_URL", `http://127.0.0.1:${port}/simple`);
    vi.stubEnv("PIP_RETRIES", "0");
    vi.stubEnv("PIP_NO_CACHE_DIR", "1");
    await remedyWorks("superset-install/check-network", {
      attempt: () => installSuperset(settings, say),
      does: { "check the network and start again": () => vi.unstubAllEnvs() },
    });
    hangsUp.close();
  };
  await remedyWorks("superset/remove-metadata", {
    attempt: start,
    does: {
      [`remove ${metadata} and start again`]: () => rmSync(metadata),
      "if that is not enough": fetchAgain,
    },
  });
});

/** Where Python has Superset's own package. */
async function packageFolder(): Promise<string> {
  const ask = "import importlib.util as u; print(u.find_spec('superset').submodule_search_locations[0])";
  const { stdout } = await promisify(execFile)(supersetPython(settings)!, ["-c", ask]);
  return stdout.trim();
}
