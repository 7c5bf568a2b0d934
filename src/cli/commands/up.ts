import type { Command } from "commander";
import {
  isStackRunning,
  localServices,
  localStatus,
  localSupervisor,
  SERVICES,
  startServices,
} from "../../local/index.ts";
import { reportUp, startDetached } from "../../local/detached.ts";
import { loadSettings, type Settings } from "../../settings.ts";
import { toFailure } from "../errors.ts";
import { print } from "../output.ts";

export function register(program: Command): void {
  program
    .command("up")
    .description(
      "start Kafka, Postgres, MongoDB and the Lambda endpoint in the background; installs them first where they are missing",
    )
    .option("--foreground", "stay in this terminal until Ctrl-C")
    .action(async (options: { foreground?: true }) => {
      const settings = loadSettings();
      if (isStackRunning(settings)) {
        print("running already");
      } else if (options.foreground === true) {
        await watch(settings);
        return;
      } else {
        await startDetached(settings, (line) => print(line));
      }
      print(...whereabouts(settings));
    });
}

/** What runs and where, for people. */
function whereabouts(settings: Settings): string[] {
  const pids = new Map(localStatus(settings).map((status) => [status.name, status.pid]));
  return [
    ...localServices(settings).map(
      (name) =>
        `${SERVICES[name].title.padEnd(8)}  ${SERVICES[name].address(settings)}  (pid ${pids.get(name) ?? "?"})`,
    ),
    `data and logs below ${settings.localDir}; stop with: third-umpire down`,
  ];
}

/** Starts the servers and keeps them running until a signal comes. */
async function watch(settings: Settings): Promise<void> {
  const supervisor = localSupervisor(settings);
  const asked = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve());
  });
  const progress = (line: string): void => {
    print(line);
    reportUp({ type: "progress", line });
  };
  try {
    const started = startServices(supervisor, settings, localServices(settings), progress).then(
      () => "started" as const,
    );
    // Asked to stop while we start: the start is given up, its error is no news then.
    started.catch(() => undefined);
    if ((await Promise.race([started, asked])) === "started") {
      reportUp({ type: "ready" });
      if (process.connected) process.disconnect();
      else print(...whereabouts(settings), "Ctrl-C stops them");
      await asked;
    }
  } catch (error) {
    const failure = toFailure(error);
    reportUp({ type: "failed", message: failure?.message ?? String(error), remedy: failure?.remedy ?? null });
    throw error;
  } finally {
    await supervisor.stopAll();
  }
}
