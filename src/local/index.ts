/** The local stack: the real servers as supervised child processes, everything below one folder. */
import type { Settings } from "../settings.ts";
import { installKafka, kafkaService } from "./kafka.ts";
import { installMongodb, mongodbService } from "./mongodb.ts";
import { logDir, runDir } from "./paths.ts";
import { installPostgres, postgresService } from "./postgres.ts";
import type { ProcessStatus } from "./run-files.ts";
import { processStatuses } from "./run-files.ts";
import { localServices } from "./services.ts";
import { Supervisor } from "./supervisor.ts";

export type { Progress } from "./kafka.ts";
export { localServices, SERVICES, startServices } from "./services.ts";
export type { LocalService, ServiceName } from "./services.ts";
export type { ProcessSpec, ProcessState, ProcessStatus } from "./supervisor.ts";
export { Supervisor, installKafka, installMongodb, installPostgres, kafkaService, mongodbService, postgresService };

/** A supervisor whose pid files and logs `status`, `down` and later starts find. */
export function localSupervisor(settings: Settings): Supervisor {
  return new Supervisor({ runDir: runDir(settings), logDir: logDir(settings) });
}

/** Whether all local servers run and are ready, whoever started them. */
export function isStackRunning(settings: Settings): boolean {
  const ready = localStatus(settings).filter((status) => status.state === "ready");
  return localServices(settings).every((name) => ready.some((status) => status.name === name));
}

/** Every process of this project that has a pid file, whoever started it. */
export function localStatus(settings: Settings): ProcessStatus[] {
  return processStatuses(runDir(settings));
}
