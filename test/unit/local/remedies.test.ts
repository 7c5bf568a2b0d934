import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { examine } from "../../../src/local/doctor.ts";
import { NO_FAULTS, runLambdaEndpoint } from "../../../src/local/lambda/index.ts";
import { objectStoreFunction } from "../../../src/local/lambda/object-store-function.ts";
import { freePort, requireFreePort } from "../../../src/local/ports.ts";
import { runCommand } from "../../../src/local/run-command.ts";
import { Supervisor } from "../../../src/local/supervisor.ts";
import { parseSettings, type Settings } from "../../../src/settings.ts";
import { remedyWorks, Told } from "../../support/remedies/works.ts";
import { smallDisk } from "../../support/small-disk.ts";

/* What the local servers say that do not start: it is done, and they do. */

let folder: string;
let other: Server;
let taken: number;
let env: Record<string, string>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tu-local-"));
  other = createServer();
  await take();
  env = { TU_LOCAL_DIR: folder };
});
afterEach(() => {
  vi.unstubAllEnvs();
  if (other.listening) other.close();
  rmSync(folder, { recursive: true, force: true });
});

async function take(port = 0): Promise<void> {
  other.listen(port, "127.0.0.1");
  await once(other, "listening");
  taken = (other.address() as AddressInfo).port;
}

async function stopThat(): Promise<void> {
  other.close();
  await once(other, "close");
}

const settings = (): Settings => parseSettings(env, folder);
const set = (name: string) => async (): Promise<void> => void (env[name] = String(await freePort()));

test("a server whose port is taken gets another, or that program is stopped", async () => {
  env["TU_KAFKA_PORT"] = String(taken);
  const attempt = (): Promise<void> => requireFreePort(settings().kafkaPort, "TU_KAFKA_PORT", "Kafka");
  await remedyWorks("ports/set-free", {
    attempt,
    does: { "set TU_KAFKA_PORT to a free port": set("TU_KAFKA_PORT") },
  });
  env["TU_KAFKA_PORT"] = String(taken);
  await remedyWorks("ports/set-free", { attempt, does: { "stop that program": stopThat } });
});

test("the Lambda endpoint whose port is taken gets another, or that program is stopped", async () => {
  env["TU_LAMBDA_PORT"] = String(taken);
  const attempt = async (): Promise<void> => {
    const stop = new AbortController();
    await runLambdaEndpoint({
      fn: objectStoreFunction(settings()),
      port: settings().lambdaPort,
      faults: NO_FAULTS,
      signal: stop.signal,
      onStatus: ({ state }) => {
        if (state === "ready") stop.abort();
      },
    });
  };
  await remedyWorks("lambda/set-lambda-port", {
    attempt,
    does: { "set TU_LAMBDA_PORT to a free port": set("TU_LAMBDA_PORT") },
  });
  env["TU_LAMBDA_PORT"] = String(taken);
  await remedyWorks("lambda/set-lambda-port", { attempt, does: { "stop that program": stopThat } });
});

test("a port that doctor finds taken is another one, or that program is stopped", async () => {
  env["TU_POSTGRES_PORT"] = String(taken);
  const attempt = async (): Promise<void> => {
    const findings = await examine(settings());
    const finding = findings.find(({ name }) => name === `port ${settings().postgresPort}`);
    if (finding?.ok !== true) throw new Told(finding!.remedy!);
  };
  await remedyWorks("doctor/set-env", {
    attempt,
    does: { "set TU_POSTGRES_PORT in .env to a free port": set("TU_POSTGRES_PORT") },
  });
  env["TU_POSTGRES_PORT"] = String(taken);
  await remedyWorks("doctor/set-env", { attempt, does: { "stop that program": stopThat } });
});

test("a disk with too little space gets some, or the servers another", async () => {
  const disk = await smallDisk(2_050_000_000);
  const filler = join(disk.dir, "filler");
  const fill = (): void => writeFileSync(filler, Buffer.alloc(100_000_000));
  fill();
  env["TU_LOCAL_DIR"] = disk.dir;
  const attempt = async (): Promise<void> => {
    const findings = await examine(settings());
    const finding = findings.find(({ name }) => name === "disk");
    if (finding?.ok !== true) throw new Told(finding!.remedy!);
  };
  await remedyWorks("doctor/free-some", { attempt, does: { "free some space": () => rmSync(filler) } });
  fill();
  await remedyWorks("doctor/free-some", {
    attempt,
    does: { "or set TU_LOCAL_DIR to a folder on another disk": () => (env["TU_LOCAL_DIR"] = folder) },
  });
  await disk.remove();
});

test("a program that is not there is named by doctor", async () => {
  vi.stubEnv("PATH", folder);
  vi.stubEnv("JAVA_HOME", folder);
  const look = async (): Promise<void> => {
    const findings = await examine(settings());
    expect(findings.find(({ name }) => name === "Java")).toMatchObject({ ok: false });
    vi.unstubAllEnvs();
  };
  await remedyWorks("run-command/third-umpire", {
    attempt: () => runCommand("java", ["-version"]),
    does: { "third-umpire doctor names what is missing": look },
  });
});

test("a server that runs already is stopped first", async () => {
  const supervisor = new Supervisor({ runDir: join(folder, "run"), logDir: join(folder, "logs") });
  const spec = {
    name: "server",
    command: process.execPath,
    args: ["-e", "setInterval(() => undefined, 1000)"],
    ready: () => Promise.resolve(true),
  };
  await supervisor.start(spec);
  await remedyWorks("supervisor/stop-first", {
    attempt: () => supervisor.start(spec),
    does: { "stop it first": () => supervisor.stop("server") },
  });
  await supervisor.stopAll();
});
