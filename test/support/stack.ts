import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  installKafka,
  kafkaService,
  localSupervisor,
  postgresService,
  type Supervisor,
} from "../../src/local/index.ts";
import { freePort } from "../../src/local/ports.ts";
import { loadSettings, parseSettings, type Settings } from "../../src/settings.ts";

export interface TestStack {
  readonly brokers: string;
  /** Empty without Postgres. */
  readonly postgresUrl: string;
  /** Runs `kafka` and `postgres`: kill them with `supervisor.kill(name, "SIGKILL")`, they come back. */
  readonly supervisor: Supervisor;
  readonly settings: Settings;
  /** Stops the servers and removes their data. */
  stop(): Promise<void>;
}

/** Real Kafka (and Postgres) on free ports, data in a folder of their own. The jars are those of the project. */
export async function startTestStack(options: { postgres?: boolean } = {}): Promise<TestStack> {
  const project = loadSettings();
  await installKafka(project, (line) => process.stderr.write(`${line}\n`));
  const dir = mkdtempSync(join(tmpdir(), "third-umpire-test-"));
  const settings = await settingsOnFreePorts(dir);
  const supervisor = localSupervisor(settings);
  // A test run that ends without its teardown (Ctrl-C twice, a crash) must not leave servers behind.
  const endServers = (): void => supervisor.list().forEach(({ name }) => supervisor.kill(name, "SIGKILL"));
  process.once("exit", endServers);
  const stop = async (): Promise<void> => {
    await supervisor.stopAll();
    process.off("exit", endServers);
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const services = [kafkaService(settings, { jars: project })];
    if (options.postgres !== false) services.push(postgresService(settings));
    await Promise.all(services.map((service) => supervisor.start(service)));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    brokers: settings.brokers,
    postgresUrl: options.postgres === false ? "" : settings.postgresUrl,
    supervisor,
    settings,
    stop,
  };
}

/** Settings of a stack below `dir`, untouched by the environment. */
export async function settingsOnFreePorts(dir: string): Promise<Settings> {
  const ports = await Promise.all([freePort(), freePort(), freePort()]);
  const [kafka, controller, postgres] = ports.map(String);
  return parseSettings(
    { TU_LOCAL_DIR: dir, TU_KAFKA_PORT: kafka, TU_KAFKA_CONTROLLER_PORT: controller, TU_POSTGRES_PORT: postgres },
    dir,
  );
}
