/** The local stack: Kafka and Postgres as supervised child processes, everything below one folder. */
import type { Settings } from "../settings.ts";
import type { Progress } from "./kafka.ts";
import { installKafka, kafkaService } from "./kafka.ts";
import { logDir, runDir } from "./paths.ts";
import { installPostgres, postgresService } from "./postgres.ts";
import type { ProcessStatus } from "./run-files.ts";
import { processStatuses } from "./run-files.ts";
import { Supervisor } from "./supervisor.ts";

export type { Progress } from "./kafka.ts";
export type { ProcessSpec, ProcessState, ProcessStatus } from "./supervisor.ts";
export { Supervisor, installKafka, installPostgres, kafkaService, postgresService };

/** The servers of the stack, in the order in which they start. */
export const serviceNames: readonly string[] = ["kafka", "postgres"];

/** A supervisor whose pid files and logs `status`, `down` and later starts find. */
export function localSupervisor(settings: Settings): Supervisor {
  return new Supervisor({ runDir: runDir(settings), logDir: logDir(settings) });
}

/** Installs what is missing and starts Kafka and Postgres; resolves when both answer. */
export async function startStack(supervisor: Supervisor, settings: Settings, progress: Progress): Promise<void> {
  await installKafka(settings, progress);
  await installPostgres(settings, progress);
  progress("starting Kafka and Postgres");
  await Promise.all([supervisor.start(kafkaService(settings)), supervisor.start(postgresService(settings))]);
}

/** Whether both servers run and are ready, whoever started them. */
export function isStackRunning(settings: Settings): boolean {
  const ready = localStatus(settings).filter((status) => status.state === "ready");
  return serviceNames.every((name) => ready.some((status) => status.name === name));
}

/** Every process of this project that has a pid file, whoever started it. */
export function localStatus(settings: Settings): ProcessStatus[] {
  return processStatuses(runDir(settings));
}
