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
import { kafkaDir, kafkaVersion, packageFile } from "./paths.ts";
import { requireFreePort } from "./ports.ts";
import { findJava, findProgram, runCommand } from "./run-command.ts";
import type { ProcessSpec } from "./supervisor.ts";

export type Progress = (line: string) => void;

/** 16 bytes, base64url; compose.yaml has the same, so that a data folder fits both. */
export const clusterId: string = "dGhpcmQtdW1waXJlLWtmaw";

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
  const copy = [
    "-B",
    "-f",
    packageFile("compose", "kafka", "pom.xml"),
    "dependency:copy-dependencies",
    `-DoutputDirectory=${temporary}`,
  ];
  try {
    await runCommand("mvn", copy, {
      onLine: (line) => {
        if (/^(\[INFO\] )?Downloaded .*\.jar/.test(line) && ++downloads % 20 === 0)
          progress(`Kafka ${kafkaVersion}: ${downloads} jars fetched`);
      },
    });
    // Under its final name only when complete; a second installer that was quicker has made the same thing.
    if (!existsSync(target)) renameSync(temporary, target);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  progress(`Kafka ${kafkaVersion}: ${readdirSync(target).length} jars in place`);
}

/** The broker on the loopback address. `jars` shares one installation between several stacks. */
export function kafkaService(settings: Settings, options: { jars?: Settings } = {}): ProcessSpec {
  const dir = kafkaDir(settings);
  const config = join(dir, "server.properties");
  const classPath = join(jarFolder(options.jars ?? settings), "*");
  return {
    name: "kafka",
    command: findJava() ?? "java",
    args: [
      ...["-Xms256m", `-Xmx${settings.kafkaHeapMb}m`, "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError"],
      ...["-Dorg.slf4j.simpleLogger.showDateTime=true", "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS"],
      ...["-cp", classPath, "kafka.Kafka", config],
    ],
    beforeStart: async () => {
      requireJava();
      await requireFreePort(settings.kafkaPort, "TU_KAFKA_PORT", "Kafka");
      await requireFreePort(settings.kafkaControllerPort, "TU_KAFKA_CONTROLLER_PORT", "Kafka's controller");
      mkdirSync(dir, { recursive: true });
      chmodSync(dir, 0o700); // the topics of everybody who uses this stack
      writeFileSync(config, effectiveKafkaConfig(settings));
      await formatStorage(dir, classPath, config);
    },
    ready: () => kafkaAnswers(settings.kafkaPort),
  };
}

/** `compose/kafka/server.properties` with the ports and folders of these settings, on the loopback address only. */
export function effectiveKafkaConfig(settings: Settings): string {
  const { kafkaPort, kafkaControllerPort } = settings;
  const replaced: Readonly<Record<string, string>> = {
    "controller.quorum.voters": `1@127.0.0.1:${kafkaControllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${kafkaPort},CONTROLLER://127.0.0.1:${kafkaControllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${kafkaPort}`,
    "log.dirs": join(kafkaDir(settings), "data"),
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
async function formatStorage(dir: string, classPath: string, config: string): Promise<void> {
  const stamp = join(dir, "formatted");
  if (existsSync(stamp)) return;
  const format = ["kafka.tools.StorageTool", "format", "-t", clusterId, "-c", config, "--ignore-formatted"];
  await runCommand(findJava() ?? "java", ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classPath, ...format]);
  writeFileSync(stamp, `${clusterId}\n`);
}

function requireJava(): void {
  if (findJava() !== null) return;
  throw new FatalError("Java is not installed: Kafka runs on it (17 or later)", {
    remedy: "third-umpire doctor says how to install it",
  });
}
