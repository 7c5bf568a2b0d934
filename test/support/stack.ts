import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  installKafka,
  installMongodb,
  kafkaService,
  localSupervisor,
  mongodbService,
  postgresService,
  type Supervisor,
} from "../../src/local/index.ts";
import { ensureLocalPasswords } from "../../src/local/passwords.ts";
import { freePort } from "../../src/local/ports.ts";
import { loadSettings, parseSettings, type Settings } from "../../src/settings.ts";
import { makeSuperuser } from "./postgres.ts";

export interface TestStack {
  readonly brokers: string;
  /** A superuser, which tests need to make databases and roles; `settings` name the role that the product has. Empty without Postgres. */
  readonly postgresUrl: string;
  /** Empty without MongoDB. */
  readonly mongodbUrl: string;
  /** Runs `kafka`, `postgres` and `mongodb`: kill them with `supervisor.kill(name, "SIGKILL")`, they come back. */
  readonly supervisor: Supervisor;
  readonly settings: Settings;
  /** Stops the servers and removes their data. */
  stop(): Promise<void>;
}

/** Real Kafka (and Postgres, MongoDB) on free ports, data in a folder of their own. The programs are those of the project. */
export async function startTestStack(options: { postgres?: boolean; mongodb?: boolean } = {}): Promise<TestStack> {
  const project = loadSettings();
  const progress = (line: string): void => void process.stderr.write(`${line}\n`);
  await installKafka(project, progress);
  if (options.mongodb === true) await installMongodb(project, progress);
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
  let postgresUrl = "";
  try {
    if (options.postgres !== false) postgresUrl = await makeSuperuser(settings);
    const services = [kafkaService(settings, { jars: project })];
    if (options.postgres !== false) services.push(postgresService(settings));
    if (options.mongodb === true) services.push(mongodbService(settings, { binaries: project }));
    await Promise.all(services.map((service) => supervisor.start(service)));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    brokers: settings.brokers,
    postgresUrl,
    mongodbUrl: options.mongodb === true ? settings.mongodbUrl : "",
    supervisor,
    settings,
    stop,
  };
}

/**
 * Kills a service. `back` settles when its supervisor has brought it back, which takes its time on a busy machine: wait for it, and not
 * for a call to the service, before the limit of the call counts.
 */
export function killService(supervisor: Supervisor, name: string): { readonly back: Promise<void> } {
  const now = () => supervisor.list().find((service) => service.name === name);
  const before = now()?.restarts ?? 0;
  const back = new Promise<void>((resolve) => {
    supervisor.onChange(() => {
      const service = now();
      if (service !== undefined && service.restarts > before && service.state === "ready") resolve();
    });
  });
  supervisor.kill(name, "SIGKILL");
  return { back };
}

/** Settings of a stack below `dir`, untouched by the environment. */
export async function settingsOnFreePorts(dir: string): Promise<Settings> {
  const ports = await Promise.all([freePort(), freePort(), freePort(), freePort(), freePort()]);
  const [kafka, controller, postgres, mongodb, lambda] = ports.map(String);
  ensureLocalPasswords(dir);
  return parseSettings(
    {
      TU_LOCAL_DIR: dir,
      TU_KAFKA_PORT: kafka,
      TU_KAFKA_CONTROLLER_PORT: controller,
      TU_POSTGRES_PORT: postgres,
      TU_MONGODB_PORT: mongodb,
      TU_LAMBDA_PORT: lambda,
    },
    dir,
  );
}
