import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installKafka, kafkaService, localSupervisor } from "../src/local/index.ts";
import { freePort } from "../src/local/ports.ts";
import { loadSettings, parseSettings } from "../src/settings.ts";
import { cpuSecondsOf, type Load, type Pinning } from "./machine.ts";

/** The broker that is measured against, and a folder for what the programs keep. */
export interface Cluster {
  readonly brokers: string;
  readonly dir: string;
  /** For the report. */
  readonly description: string;
  stop(): Promise<void>;
}

/** A broker that runs already: not pinned, and its CPU counts as that of others. */
export function givenCluster(brokers: string): Cluster {
  return { brokers, dir: temporaryFolder(), description: `given broker ${brokers}`, stop: () => Promise.resolve() };
}

/** A broker of our own on free ports, beside the core of the program under test. The jars are those of the project. */
export async function ownCluster(pinning: Pinning, load: Load): Promise<Cluster> {
  const project = loadSettings();
  await installKafka(project, (line) => process.stderr.write(`${line}\n`));
  const dir = temporaryFolder();
  const [kafka, controller] = await Promise.all([freePort(), freePort()]);
  const settings = parseSettings(
    { TU_LOCAL_DIR: dir, TU_KAFKA_PORT: String(kafka), TU_KAFKA_CONTROLLER_PORT: String(controller) },
    dir,
  );
  const supervisor = localSupervisor(settings);
  // Ctrl-C, or an error on the way: no broker may stay behind.
  const end = (): void => supervisor.list().forEach(({ name }) => supervisor.kill(name, "SIGKILL"));
  process.once("exit", end);
  const service = kafkaService(settings, { jars: project });
  const [command, ...args] = [...pinning.rest, service.command, ...service.args];
  await supervisor.start({ ...service, command: command!, args, restart: false });
  load.add(() => cpuSecondsOf(supervisor.list()[0]?.pid ?? 0) ?? 0);
  return {
    brokers: settings.brokers,
    dir,
    description: "own broker, Kafka 4.1.1, one node, logs on disk",
    stop: async () => {
      await supervisor.stopAll();
      process.off("exit", end);
    },
  };
}

/** Removed at the exit in any case: it holds a gigabyte of records. */
function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "third-umpire-bench-"));
  process.once("exit", () => remove(dir));
  return dir;
}

function remove(dir: string): void {
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}
