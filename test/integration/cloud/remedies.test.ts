import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, request } from "node:http";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { type CheckedSource, cloudCheck } from "../../../src/cloud-check/index.ts";
import { confluentLog } from "../../../src/kafka/confluent/index.ts";
import { type LambdaFunction, NO_FAULTS, runLambdaEndpoint } from "../../../src/local/lambda/index.ts";
import { objectStoreFunction } from "../../../src/local/lambda/object-store-function.ts";
import { freePort } from "../../../src/local/ports.ts";
import { ENTRY_BYTES } from "../../../src/object-store/file-index.ts";
import { storeFiles } from "../../../src/object-store/file-layout.ts";
import { closeSql, openSql, type Sql } from "../../../src/postgres/sql.ts";
import { parseSettings, type Settings } from "../../../src/settings.ts";
import { selfSigned } from "../../support/certificate.ts";
import { type CliStack, cliStack, eventually } from "../../support/cli.ts";
import { type CountingProxy, countingProxy } from "../../support/counting-proxy.ts";
import { newDatabase, type TestDatabase } from "../../support/mongodb.ts";
import { remedyWorks, Told } from "../../support/remedies/works.ts";

/* What `cloud-check` tells of servers that cannot be used: it is done, and the same check finds them well. */

const TIMEOUT_MS = 60_000;

let folder: string;
let database: TestDatabase;
let stack: CliStack;
/** What a person changes. */
let env: Record<string, string>;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "third-umpire-cloud-remedies-"));
  database = await newDatabase();
  stack = await cliStack({ TU_KAFKA_BROKERS: inject("brokers") });
});
afterAll(async () => {
  await stack.remove();
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  env = {};
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const settingsOf = (): Settings =>
  parseSettings({ TU_LOCAL_DIR: folder, TU_KAFKA_BROKERS: inject("brokers"), ...env }, folder);

/** Checks one source; throws the first remedy that it tells. */
async function check(source: CheckedSource, timeoutMs = TIMEOUT_MS): Promise<void> {
  const settings = settingsOf();
  const openLog = async (): Promise<ReturnType<typeof confluentLog>> =>
    Promise.resolve(confluentLog({ brokers: settings.brokers, clientId: "cloud-check-test" }));
  const lines = await cloudCheck({ settings, openLog, timeoutMs, sources: [source] });
  const told = lines.find((line) => line.remedy !== null);
  if (told !== undefined) throw new Told(told.remedy!);
  expect(lines.filter((line) => line.state === "missing")).toEqual([]);
}

const nowhere = async (host = "127.0.0.1"): Promise<string> => `${host}:${await freePort()}`;

/** An address with another host. */
function at(address: string, host: string, port?: number): string {
  const url = new URL(address);
  url.hostname = host;
  if (port !== undefined) url.port = String(port);
  return url.href;
}

/** Begins to listen where nobody did: the server is there again. */
async function startAt(target: string, port: number): Promise<CountingProxy> {
  const url = new URL(target);
  const proxy = await countingProxy({ host: url.hostname, port: Number(url.port) }, port);
  closers.push(() => proxy.close());
  return proxy;
}

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** This machine by an address that does not look like it. */
const LIKE_REMOTE = "0.0.0.0";

describe("an address where nothing answers", () => {
  test("of Postgres is another one, or the server is started", async () => {
    const right = inject("postgresUrl");
    const correct = (): void => void (env["TU_POSTGRES_URL"] = right);
    const attempt = (): Promise<void> => check("postgres");
    env["TU_POSTGRES_URL"] = at(right, "127.0.0.1", await freePort());
    await remedyWorks("cloud/refused-local", { attempt, does: { "correct TU_POSTGRES_URL": correct } });
    env["TU_POSTGRES_URL"] = at(right, "db.nowhere.invalid");
    await remedyWorks("cloud/host", { attempt, does: { "correct the host in TU_POSTGRES_URL": correct } });
    const port = await freePort();
    env["TU_POSTGRES_URL"] = at(right, LIKE_REMOTE, port);
    await remedyWorks("cloud/refused-remote", { attempt, does: { "start the server": () => startAt(right, port) } });
    env["TU_POSTGRES_URL"] = at(right, LIKE_REMOTE, await freePort());
    await remedyWorks("cloud/refused-remote", { attempt, does: { "correct TU_POSTGRES_URL": correct } });
  });

  test("of Postgres that allows no login is corrected", async () => {
    const right = inject("postgresUrl");
    const withParameter = (name: string, value: string): string => {
      const url = new URL(right);
      url.searchParams.set(name, value);
      return url.href;
    };
    const host = "correct TU_POSTGRES_URL: its host and port";
    for (const [wrong, words] of [
      [at(right, "127.0.0.1", Number(inject("brokers").split(":")[1])), host],
      [withParameter("sslmode", "require"), "sslmode"],
      [withParameter("no_such_parameter", "1"), "other parameters"],
    ] as const) {
      env["TU_POSTGRES_URL"] = wrong;
      await remedyWorks("cloud/postgres-url", {
        attempt: () => check("postgres"),
        does: { "correct TU_POSTGRES_URL": () => (env["TU_POSTGRES_URL"] = right), [words]: () => undefined },
      });
    }
  });

  test("of MongoDB is another one, or the server is started", async () => {
    const right = database.url;
    const quickly = (host: string, port: number): string => {
      const url = new URL(at(right, host, port));
      url.searchParams.set("serverSelectionTimeoutMS", "500");
      url.searchParams.set("directConnection", "true");
      return url.href;
    };
    const correct = (): void => void (env["TU_MONGODB_URL"] = right);
    const attempt = (): Promise<void> => check("mongodb");
    env["TU_MONGODB_URL"] = quickly("127.0.0.1", await freePort());
    await remedyWorks("cloud/mongodb-local", { attempt, does: { "correct TU_MONGODB_URL": correct } });
    const port = await freePort();
    env["TU_MONGODB_URL"] = quickly(LIKE_REMOTE, port);
    await remedyWorks("cloud/mongodb-remote", { attempt, does: { "start the server": () => startAt(right, port) } });
    env["TU_MONGODB_URL"] = quickly(LIKE_REMOTE, await freePort());
    await remedyWorks("cloud/mongodb-remote", { attempt, does: { "correct TU_MONGODB_URL": correct } });
  });

  test("of the brokers is another one", async () => {
    env["TU_KAFKA_BROKERS"] = await nowhere();
    const correct = (): void => void (env["TU_KAFKA_BROKERS"] = inject("brokers"));
    await remedyWorks("cloud/kafka-unreachable", {
      attempt: () => check("kafka"),
      does: { "correct TU_KAFKA_BROKERS": correct },
    });
  });

  test("of the function is another one", async () => {
    const right = await lambda(objectStoreFunction(settingsOf()));
    env["TU_LAMBDA_ENDPOINT"] = `http://${await nowhere()}`;
    await remedyWorks("cloud/endpoint-gone", {
      attempt: () => check("lambda"),
      does: { "correct TU_LAMBDA_ENDPOINT": () => (env["TU_LAMBDA_ENDPOINT"] = right) },
    });
  });
});

describe("a role of Postgres", () => {
  const right = inject("postgresUrl");
  const name = `guest_${randomBytes(4).toString("hex")}`;
  const attempt = (): Promise<void> => check("postgres");
  const owner = new URL(right);
  const guest = new URL(right);
  let admin: Sql;
  beforeAll(async () => {
    admin = openSql(right, { applicationName: "test" });
    await admin.unsafe(`create database ${name}`);
    await admin.unsafe(`create role ${name} login replication password 'p' connection limit 1`);
    [owner.pathname, guest.pathname, guest.username, guest.password] = [name, name, name, "p"];
  });
  beforeEach(() => {
    env["TU_POSTGRES_URL"] = guest.href;
  });
  afterAll(async () => {
    await admin.unsafe(`drop database ${name} with (force)`);
    await admin.unsafe(`drop role ${name}`);
    await closeSql(admin);
  });

  test("that may not make the publication is allowed to, or the owner makes it", async () => {
    const grant = (): unknown => admin.unsafe(`grant create on database ${name} to ${name}`);
    const does = { "grant create on database ": grant };
    await remedyWorks("cloud/publication-right", { attempt, does });
    await admin.unsafe(`revoke create on database ${name} from ${name}`);
    const feed = async (): Promise<void> => {
      const args = ["feed", "--odi", "data/odi", "--match", "660825", "--interval", "0"];
      const run = await stack.run(args, TIMEOUT_MS, { TU_POSTGRES_URL: owner.href });
      expect(run.code, run.stderr).toBe(0);
    };
    await remedyWorks("cloud/publication-right", {
      attempt,
      does: { "run third-umpire feed once as the owner": feed },
    });
  });

  test("whose connections are all taken is tried again when one is free", async () => {
    await admin.unsafe(`grant create on database ${name} to ${name}`);
    const other = openSql(guest.href, { applicationName: "another program" });
    await other`select 1`;
    const free = (): Promise<void> => closeSql(other);
    await remedyWorks("cloud/passes", { attempt, does: { "run third-umpire cloud-check again": free } });
  });
});

test("a server that does not answer is waited for, or woken", async () => {
  const target = new URL(inject("postgresUrl"));
  let wake = (): void => undefined;
  let awake = new Promise<void>((resolve) => (wake = resolve));
  const server = createServer((client) => {
    void awake.then(() => pipeline(client, connect(Number(target.port), target.hostname), client, () => undefined));
  });
  env["TU_POSTGRES_URL"] = at(target.href, "127.0.0.1", await listening(server));
  let timeoutMs = 500;
  const attempt = (): Promise<void> => check("postgres", timeoutMs);
  const more = (): void => {
    timeoutMs = TIMEOUT_MS;
    // Slow, and there in the end.
    setTimeout(wake, 1000);
  };
  await remedyWorks("cloud/no-answer", { attempt, does: { "more time with --timeout": more } });
  awake = new Promise<void>((resolve) => (wake = resolve));
  timeoutMs = 5000;
  await remedyWorks("cloud/no-answer", { attempt, does: { "whether the service is paused": () => wake() } });
});

describe("certificates that Node does not know", () => {
  const attempt = async (source: CheckedSource): Promise<void> => {
    const run = await stack.run(["cloud-check", source, "--json"], TIMEOUT_MS, env);
    const { checks } = JSON.parse(run.stdout) as { checks: { remedy: string | null; found: string }[] };
    const remedy = checks.find((line) => line.remedy !== null)?.remedy;
    if (typeof remedy === "string") throw new Told(remedy);
    expect(run.code, run.stdout).toBe(0);
  };

  /** Takes TLS off in front of a server. */
  async function withTls(target: string): Promise<{ readonly port: number; readonly authority: string }> {
    const { key, cert } = await selfSigned(mkdtempSync(join(folder, "tls-")));
    const { hostname, port } = new URL(target);
    const options = { key: readFileSync(key), cert: readFileSync(cert) };
    const server = createTlsServer(options, (client) =>
      pipeline(client, connect(Number(port), hostname), client, () => undefined),
    );
    return { port: await listening(server), authority: cert };
  }

  test("of a proxy before the function", async () => {
    const { port, authority } = await withTls(await lambda(objectStoreFunction(settingsOf())));
    env["TU_LAMBDA_ENDPOINT"] = `https://localhost:${port}`;
    await remedyWorks("cloud/proxy-certificate", {
      attempt: () => attempt("lambda"),
      does: { "start with NODE_EXTRA_CA_CERTS=FILE": () => (env["NODE_EXTRA_CA_CERTS"] = authority) },
    });
  });

  test("of MongoDB", async () => {
    const { port, authority } = await withTls(database.url);
    const url = new URL(at(database.url, "localhost", port));
    for (const [name, value] of [
      ["tls", "true"],
      ["directConnection", "true"],
      ["serverSelectionTimeoutMS", "5000"],
    ] as const)
      url.searchParams.set(name, value);
    env["TU_MONGODB_URL"] = url.href;
    await remedyWorks("cloud/mongodb-certificate", {
      attempt: () => attempt("mongodb"),
      does: { "start with NODE_EXTRA_CA_CERTS=FILE": () => (env["NODE_EXTRA_CA_CERTS"] = authority) },
    });
  });
});

describe("a function", () => {
  const attempt = (): Promise<void> => check("lambda");

  test("that is another one", async () => {
    const other = fileURLToPath(new URL("../sources/functions.fixture.ts", import.meta.url));
    const right = objectStoreFunction(settingsOf());
    const endpoints = {
      [right.name]: await lambda(right),
      other: await lambda({ ...right, name: "other", module: other }),
    };
    env["TU_LAMBDA_ENDPOINT"] = await byName(endpoints);
    const correct = (): void => void (env["TU_LAMBDA_FUNCTION"] = right.name);
    env["TU_LAMBDA_FUNCTION"] = "other";
    await remedyWorks("cloud/function-of-another", { attempt, does: { "correct TU_LAMBDA_FUNCTION": correct } });
    env["TU_LAMBDA_ENDPOINT"] = endpoints[right.name]!;
    env["TU_LAMBDA_FUNCTION"] = "nothing";
    await remedyWorks("cloud/no-function", { attempt, does: { "correct TU_LAMBDA_FUNCTION": correct } });
  });

  test("without objects is given some", async () => {
    env["TU_LAMBDA_ENDPOINT"] = await lambda(objectStoreFunction(stack.settings));
    const objects = async (): Promise<void> => {
      const lines = await cloudCheck({
        settings: settingsOf(),
        openLog: noLog,
        timeoutMs: TIMEOUT_MS,
        sources: ["lambda"],
      });
      const { found, state } = lines.find((line) => line.check === "objects")!;
      if (state === "note") throw new Told(found);
    };
    const feed = async (): Promise<void> => {
      const run = await stack.run(["feed", "--test", "data/test", "--interval", "0"], TIMEOUT_MS);
      expect(run.code, run.stderr).toBe(0);
    };
    await remedyWorks("cloud/no-objects-yet", {
      attempt: objects,
      does: { "`third-umpire feed --test DIR` writes them": feed },
    });
  });

  test("that fails says why in its log", async () => {
    env["TU_LAMBDA_ENDPOINT"] = `http://127.0.0.1:${stack.settings.lambdaPort}`;
    const store = join(folder, "store");
    const { child, out, ended } = stack.start(["lambda"], { TU_OBJECT_STORE: store });
    closers.push(async () => {
      child.kill("SIGINT");
      await ended;
    });
    await eventually(() => out().includes("function "), TIMEOUT_MS, out);
    const files = storeFiles(store);
    // An entry of zeros, as a disk leaves it that lost what was written.
    writeFileSync(files.index, Buffer.alloc(ENTRY_BYTES));
    writeFileSync(files.log, "");
    const look = (): void => {
      expect(out()).toMatch(/DamagedStoreError/u);
      for (const file of [files.index, files.log]) rmSync(file);
    };
    await remedyWorks("cloud/function-fails", { attempt, does: { "the log of `third-umpire lambda`": look } });
  });
});

/** The function is asked without Kafka. */
const noLog = (): never => {
  throw new Error("no log is needed");
};

/** Serves `fn` until the test ends. */
async function lambda(fn: LambdaFunction): Promise<string> {
  const stop = new AbortController();
  return await new Promise<string>((resolve, reject) => {
    const ended = runLambdaEndpoint({
      fn,
      port: 0,
      faults: NO_FAULTS,
      signal: stop.signal,
      onStatus: ({ state, port }) => {
        if (state === "ready") resolve(`http://127.0.0.1:${port}`);
      },
    });
    closers.push(async () => {
      stop.abort();
      await ended;
    });
    ended.catch(reject);
  });
}

/** One endpoint for several functions, as AWS has it. */
async function byName(endpoints: Readonly<Record<string, string>>): Promise<string> {
  const server = createHttpServer((asked, answer) => {
    const name = /functions\/(?<name>[^/]+)\//u.exec(asked.url!)!.groups!["name"]!;
    const options = { method: asked.method, headers: { ...asked.headers, host: new URL(endpoints[name]!).host } };
    const passed = request(`${endpoints[name]}${asked.url}`, options, (answered) => {
      answer.writeHead(answered.statusCode!, answered.headers);
      answered.pipe(answer);
    });
    asked.pipe(passed);
  });
  return `http://127.0.0.1:${await listening(server)}`;
}
