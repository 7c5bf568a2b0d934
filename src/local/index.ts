/** The local stack: Kafka, Postgres and MongoDB as supervised child processes, everything below one folder. */
import type { Settings } from "../settings.ts";
import type { Progress } from "./kafka.ts";
import { installKafka, kafkaService } from "./kafka.ts";
import { installMongodb, isLocalMongodb, mongodbService } from "./mongodb.ts";
import { logDir, runDir } from "./paths.ts";
import { installPostgres, postgresService } from "./postgres.ts";
import type { ProcessStatus } from "./run-files.ts";
import { processStatuses } from "./run-files.ts";
import { Supervisor } from "./supervisor.ts";

export type { Progress } from "./kafka.ts";
export type { ProcessSpec, ProcessState, ProcessStatus } from "./supervisor.ts";
export {
  Supervisor,
  installKafka,
  installMongodb,
  installPostgres,
  isLocalMongodb,
  kafkaService,
  mongodbService,
  postgresService,
};

/** The servers of the stack. MongoDB is not for every platform: where the settings name another one, it is not started. */
export function serviceNames(settings: Settings): readonly string[] {
  return isLocalMongodb(settings) ? ["kafka", "postgres", "mongodb"] : ["kafka", "postgres"];
}

/** A supervisor whose pid files and logs `status`, `down` and later starts find. */
export function localSupervisor(settings: Settings): Supervisor {
  return new Supervisor({ runDir: runDir(settings), logDir: logDir(settings) });
}

/** Installs what is missing and starts the servers; resolves when all answer. */
export async function startStack(supervisor: Supervisor, settings: Settings, progress: Progress): Promise<void> {
  await installKafka(settings, progress);
  await installPostgres(settings, progress);
  const withMongodb = isLocalMongodb(settings);
  if (withMongodb) await installMongodb(settings, progress);
  progress(`starting ${serviceNames(settings).join(", ")}`);
  const services = [kafkaService(settings), postgresService(settings)];
  if (withMongodb) services.push(mongodbService(settings));
  await Promise.all(services.map((service) => supervisor.start(service)));
}

/** Whether all servers run and are ready, whoever started them. */
export function isStackRunning(settings: Settings): boolean {
  const ready = localStatus(settings).filter((status) => status.state === "ready");
  return serviceNames(settings).every((name) => ready.some((status) => status.name === name));
}

/** Every process of this project that has a pid file, whoever started it. */
export function localStatus(settings: Settings): ProcessStatus[] {
  return processStatuses(runDir(settings));
}
