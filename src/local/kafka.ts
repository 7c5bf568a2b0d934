/**
 * The local Kafka: a real broker in KRaft mode, from the jars on Maven Central, as a child process.
 * Its settings are `compose/kafka/server.properties`; only ports and folders are replaced here.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { FatalError } from "../domain/errors.ts";
import type { Settings } from "../settings.ts";
import { kafkaAnswers } from "./kafka-ready.ts";
import { mavenProxySettings } from "./maven-proxy.ts";
import { kafkaDir, kafkaVersion, packageFile } from "./paths.ts";
import { requireFreePort } from "./ports.ts";
import { findJava, findProgram, runCommand } from "./run-command.ts";
import type { ProcessSpec } from "./supervisor.ts";

export type Progress = (line: string) => void;

/** 16 bytes, base64url; compose.yaml has the same, so that a data folder fits both. */
export const clusterId: string = "dGhpcmQtdW1waXJlLWtmaw";

const CONFIG = "server.properties";
/** Java reads and writes the names of files in the encoding of its locale, and makes question marks of what that does not have. */
const JAVA_LOCALE = { LC_ALL: "C.UTF-8" } as const;

const jarFolder = (settings: Settings): string => join(kafkaDir(settings), kafkaVersion);

/**
 * Fetches Kafka's jars (54 MB) with Maven when they are not there yet.
 *
 * @throws FatalError when Java or Maven is missing, or Maven Central cannot be reached.
 */
export async function installKafka(settings: Settings, progress: Progress): Promise<void> {
  const target = jarFolder(settings);
  if (existsSync(target)) return;
  requireJava();
  if (findProgram("mvn") === null) {
    throw new FatalError("Maven (mvn) is not installed: it fetches Kafka", {
      remedy: "third-umpire doctor says how to install it",
    });
  }
  progress(`Kafka ${kafkaVersion}: fetching from Maven Central (54 MB, once)`);
  mkdirSync(kafkaDir(settings), { recursive: true });
  const temporary = mkdtempSync(join(kafkaDir(settings), "fetching-"));
  let downloads = 0;
  const proxy = mavenProxySettings(process.env);
  const globalSettings = join(temporary, "proxy.xml");
  if (proxy !== null) writeFileSync(globalSettings, proxy, { mode: 0o600 });
  const jars = join(temporary, "jars");
  const copy = [
    "-B",
    ...(proxy === null ? [] : ["-gs", globalSettings]),
    "-f",
    packageFile("compose", "kafka", "pom.xml"),
    "dependency:copy-dependencies",
    `-DoutputDirectory=${jars}`,
  ];
  try {
    await runCommand("mvn", copy, {
      env: JAVA_LOCALE,
      onLine: (line) => {
        if (/^(\[INFO\] )?Downloaded .*\.jar/.test(line) && ++downloads % 20 === 0)
          progress(`Kafka ${kafkaVersion}: ${downloads} jars fetched`);
      },
    });
    // Under its final name only when complete; a second installer that was quicker has made the same thing.
    if (!existsSync(target)) renameSync(jars, target);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  progress(`Kafka ${kafkaVersion}: ${readdirSync(target).length} jars in place`);
}

/** The broker on the loopback address. `jars` shares one installation between several stacks. */
export function kafkaService(settings: Settings, options: { jars?: Settings } = {}): ProcessSpec {
  const dir = kafkaDir(settings);
  // Relative where it lies below the working directory: the way up from a link would lead elsewhere.
  const jars = options.jars === undefined ? kafkaVersion : jarFolder(options.jars);
  const classPath = join(jars, "*");
  return {
    name: "kafka",
    command: findJava() ?? "java",
    cwd: dir,
    env: JAVA_LOCALE,
    args: [
      ...["-Xms256m", `-Xmx${settings.kafkaHeapMb}m`, "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError"],
      ...["-Dorg.slf4j.simpleLogger.showDateTime=true", "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS"],
      ...["-cp", classPath, "kafka.Kafka", CONFIG],
    ],
    beforeStart: async () => {
      requireJava();
      await requireFreePort(settings.kafkaPort, "TU_KAFKA_PORT", "Kafka");
      await requireFreePort(settings.kafkaControllerPort, "TU_KAFKA_CONTROLLER_PORT", "Kafka's controller");
      mkdirSync(dir, { recursive: true });
      chmodSync(dir, 0o700); // the topics of everybody who uses this stack
      writeFileSync(join(dir, CONFIG), effectiveKafkaConfig(settings));
      await formatStorage(dir, classPath);
    },
    ready: () => kafkaAnswers(settings.kafkaPort),
  };
}

/**
 * `compose/kafka/server.properties` with the ports and folders of these settings, on the loopback address only. Folders are relative to the
 * working directory: `log.dirs` is split at commas, a class path at colons, and a file of properties holds Latin-1 only, while people's
 * folders have any name.
 */
export function effectiveKafkaConfig(settings: Settings): string {
  const { kafkaPort, kafkaControllerPort } = settings;
  const replaced: Readonly<Record<string, string>> = {
    "controller.quorum.voters": `1@127.0.0.1:${kafkaControllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${kafkaPort},CONTROLLER://127.0.0.1:${kafkaControllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${kafkaPort}`,
    "log.dirs": "data",
  };
  return readFileSync(packageFile("compose", "kafka", "server.properties"), "utf8")
    .split("\n")
    .map((line) => {
      const key = /^([\w.]+)=/.exec(line)?.[1];
      const value = key === undefined ? undefined : replaced[key];
      return value === undefined ? line : `${key}=${value}`;
    })
    .join("\n");
}

/** Once per data folder. The stamp is written last: formatting that was interrupted is done again. */
async function formatStorage(dir: string, classPath: string): Promise<void> {
  const stamp = join(dir, "formatted");
  if (existsSync(stamp)) return;
  const format = ["kafka.tools.StorageTool", "format", "-t", clusterId, "-c", CONFIG, "--ignore-formatted"];
  const java = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classPath];
  await runCommand(findJava() ?? "java", [...java, ...format], { cwd: dir, env: JAVA_LOCALE });
  writeFileSync(stamp, `${clusterId}\n`);
}

function requireJava(): void {
  if (findJava() !== null) return;
  throw new FatalError("Java is not installed: Kafka runs on it (17 or later)", {
    remedy: "third-umpire doctor says how to install it",
  });
}
