import {
  installKafka,
  installPostgres,
  kafkaService,
  postgresService,
  type ProcessStatus,
  type Supervisor,
} from "../../local/index.ts";
import { runDir } from "../../local/paths.ts";
import { isRunning } from "../../local/processes.ts";
import { readRunFiles } from "../../local/run-files.ts";
import type { Settings } from "../../settings.ts";

/** Servers that this project runs itself; one that is configured elsewhere (compose, Supabase) is not ours to start. */
export function localServices(settings: Settings): ("kafka" | "postgres")[] {
  const kafka = settings.brokers === `127.0.0.1:${settings.kafkaPort}`;
  const { hostname, port } = new URL(settings.postgresUrl);
  const postgres = hostname === "127.0.0.1" && port === String(settings.postgresPort);
  return [...(kafka ? (["kafka"] as const) : []), ...(postgres ? (["postgres"] as const) : [])];
}

/** Local servers that another process (`third-umpire up`) keeps running. One whose supervisor is dead is a leftover, not among them. */
export function adoptedServices(settings: Settings): ProcessStatus[] {
  const local: readonly string[] = localServices(settings);
  return readRunFiles(runDir(settings)).filter(
    ({ name, pid, identity, supervisor }) =>
      local.includes(name) &&
      supervisor.pid !== process.pid &&
      isRunning(supervisor.pid, supervisor.identity) &&
      pid !== null &&
      identity !== null &&
      isRunning(pid, identity),
  );
}

/** Installs and starts the local servers that do not run yet, under `supervisor`. Resolves when they answer. */
export async function ensureStack(
  supervisor: Supervisor,
  settings: Settings,
  progress: (line: string) => void,
): Promise<void> {
  // A leftover is ended by its new start: nobody would restart it otherwise.
  const running = new Set(
    adoptedServices(settings)
      .filter((status) => status.state === "ready")
      .map((status) => status.name),
  );
  const missing = localServices(settings).filter((name) => !running.has(name));
  if (missing.includes("kafka")) await installKafka(settings, progress);
  if (missing.includes("postgres")) await installPostgres(settings, progress);
  if (missing.length === 0) return;
  progress(`starting ${missing.join(" and ")}`);
  const services = { kafka: kafkaService, postgres: postgresService };
  await Promise.all(missing.map((name) => supervisor.start(services[name](settings))));
}
