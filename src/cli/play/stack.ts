import { localServices, type ProcessSpec, type ProcessStatus, type ServiceName, SERVICES } from "../../local/index.ts";
import { lambdaService } from "../../local/lambda.ts";
import { runDir } from "../../local/paths.ts";
import { isRunning } from "../../local/processes.ts";
import { readRunFiles } from "../../local/run-files.ts";
import type { Supervisor } from "../../local/supervisor.ts";
import type { Settings } from "../../settings.ts";
import type { PlayOptions } from "./options.ts";
import { SOURCES } from "./sources.ts";

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

/** The servers that these sources need, Kafka first. */
export function neededServices({ sources }: Pick<PlayOptions, "sources">): ServiceName[] {
  return ["kafka", ...sources.map(({ id }) => SOURCES[id].service)];
}

/** Servers that are started differently for this run. */
export function serviceSpecs(
  settings: Settings,
  { lambdaFaults: rate, seed }: Pick<PlayOptions, "lambdaFaults" | "seed">,
): Readonly<Partial<Record<ServiceName, ProcessSpec>>> {
  if (rate === 0) return {};
  return {
    lambda: lambdaService(settings, { seed, throwRate: rate, coldRate: rate, repeatRate: rate, slowRate: rate }),
  };
}

export interface StackProgress {
  /** Something is being fetched or made: it takes a while. */
  readonly line: (line: string) => void;
  /** Servers that do not answer yet. */
  readonly waiting: (names: readonly ServiceName[]) => void;
}

export interface StackOptions {
  readonly supervisor: Supervisor;
  readonly settings: Settings;
  readonly services: readonly ServiceName[];
  readonly specs: Readonly<Partial<Record<ServiceName, ProcessSpec>>>;
  readonly progress: StackProgress;
}

/**
 * Installs and starts the local ones of these servers that do not run yet, side by side: nobody waits for a server that
 * is none of his. Returns for each when it answers; one that is run elsewhere is taken to do so.
 */
export function startStack(options: StackOptions): ReadonlyMap<ServiceName, Promise<void>> {
  const { supervisor, settings, services, progress } = options;
  // A leftover is ended by its new start: nobody would restart it otherwise.
  const running = new Set(
    adoptedServices(settings)
      .filter((status) => status.state === "ready")
      .map((status) => status.name),
  );
  const missing = new Set(localServices(settings, services).filter((name) => !running.has(name)));
  const waiting = new Set(missing);
  progress.waiting([...waiting]);
  const start = async (name: ServiceName): Promise<void> => {
    await SERVICES[name].install(settings, progress.line);
    await supervisor.start(options.specs[name] ?? SERVICES[name].spec(settings));
    waiting.delete(name);
    progress.waiting([...waiting]);
  };
  return new Map(services.map((name) => [name, missing.has(name) ? start(name) : Promise.resolve()]));
}
