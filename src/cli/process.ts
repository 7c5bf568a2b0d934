import { join } from "node:path";
import type { Logger } from "pino";
import type { Settings } from "../settings.ts";
import { statusReporter } from "./report.ts";
import { listenForShutdown } from "./shutdown.ts";

/** What every status has: enough to log what changes. */
interface ProcessState {
  readonly state: string;
  readonly message: string;
}

/** Folder of run files and status files. */
export function runDirOf(settings: Pick<Settings, "localDir">): string {
  return join(settings.localDir, "run");
}

/** JSON lines on stdout (the supervisor puts them into the log file); readable lines on a terminal. */
export async function createLogger(name: string, level: Settings["logLevel"]): Promise<Logger> {
  const { pino } = await import("pino");
  const options = { level, base: { process: name, pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime };
  if (!process.stdout.isTTY) return pino(options, pino.destination({ dest: 1, sync: true }));
  const { default: pretty } = await import("pino-pretty");
  return pino(options, pretty({ sync: true, ignore: "pid,process", translateTime: "SYS:HH:MM:ss" }));
}

/**
 * Runs a long-running part of the pipeline as this process: signals abort it, its status goes to the parent and to
 * its status file, changes of state are logged. Returns when it has ended; throws what it threw.
 */
export async function runAsProcess<S extends ProcessState>(
  name: string,
  settings: Settings,
  body: (signal: AbortSignal, onStatus: (status: S) => void, logger: Logger) => Promise<void>,
): Promise<void> {
  const logger = await createLogger(name, settings.logLevel);
  const shutdown = listenForShutdown();
  const reporter = statusReporter<S>({ name, runDir: runDirOf(settings) });
  let before: S | undefined;
  const onStatus = (status: S): void => {
    if (status.state !== before?.state || (status.message !== before.message && status.message !== "")) {
      const level = status.state === "retrying" ? "warn" : "info";
      logger[level]({ state: status.state }, status.message === "" ? status.state : status.message);
    }
    before = status;
    reporter.report(status);
  };
  logger.info("started");
  try {
    await body(shutdown.signal, onStatus, logger);
    logger.info("stopped");
  } catch (error) {
    logger.fatal({ err: error }, error instanceof Error ? error.message : String(error));
    throw error;
  } finally {
    reporter.close();
    shutdown.dispose();
  }
}
