import type { Command } from "commander";
import {
  isStackRunning,
  localServices,
  localStatus,
  localSupervisor,
  type ServiceName,
  SERVICES,
  startServices,
  type Supervisor,
} from "../../local/index.ts";
import { reportUp, startDetached } from "../../local/detached.ts";
import { startSuperset, supersetAnswers, supersetUrl } from "../../local/superset.ts";
import { loadSettings, type Settings } from "../../settings.ts";
import { toFailure } from "../errors.ts";
import { hangUpIsIgnored } from "../hang-up.ts";
import { print } from "../output.ts";
import { passwordNote } from "../play/charts.ts";

interface Options {
  readonly foreground?: true;
  readonly superset?: true;
  readonly fetchOnly?: true;
}

export function register(program: Command): void {
  program
    .command("up")
    .description(
      "start Kafka, Postgres, MongoDB and the Lambda endpoint in the background; installs them first where they are missing",
    )
    .option("--foreground", "stay in this terminal until Ctrl-C")
    .option("--fetch-only", "install what is missing, and start nothing")
    .option("--superset", "Superset too (about 900 MB, fetched once)")
    .action(up);
}

async function up(options: Options): Promise<void> {
  const settings = loadSettings();
  if (options.fetchOnly === true) {
    await Promise.all(localServices(settings).map((name) => SERVICES[name].install(settings, (line) => print(line))));
    return;
  }
  const isComplete = isStackRunning(settings) && (options.superset !== true || (await supersetAnswers(settings)));
  if (isComplete) {
    print("running already");
  } else if (options.foreground === true) {
    await watch(settings, options);
    return;
  } else {
    await startDetached(settings, (line) => print(line), options.superset === true ? ["--superset"] : []);
  }
  print(...(await whereabouts(settings)));
}

/** What runs and where, for people. */
async function whereabouts(settings: Settings): Promise<string[]> {
  const pids = new Map(localStatus(settings).map((status) => [status.name, status.pid]));
  return [
    ...localServices(settings).map(
      (name) =>
        `${SERVICES[name].title.padEnd(8)}  ${SERVICES[name].address(settings)}  (pid ${pids.get(name) ?? "?"})`,
    ),
    ...((await supersetAnswers(settings)) ? [`Superset  ${supersetUrl(settings)}`] : []),
    `data and logs below ${settings.localDir}; stop with: third-umpire down`,
  ];
}

/** Starts what does not run yet and keeps it running until a signal comes. */
async function watch(settings: Settings, options: Options): Promise<void> {
  const supervisor = localSupervisor(settings);
  const stop = new AbortController();
  const asked = new Promise<NodeJS.Signals>((resolve) => {
    const goesOn = hangUpIsIgnored();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.on(signal, () => {
        if (signal === "SIGHUP" && goesOn) return;
        stop.abort();
        resolve(signal);
      });
  });
  const start = async (): Promise<"started"> => {
    await startServices(supervisor, settings, notRunning(settings), progress);
    if (options.superset === true) await addSuperset(supervisor, settings, stop.signal);
    return "started";
  };
  try {
    const started = start();
    // Asked to stop while we start: the start is given up, its error is no news then.
    started.catch(() => undefined);
    const outcome = await Promise.race([started, asked]);
    if (outcome === "started") {
      reportUp({ type: "ready" });
      if (process.connected) process.disconnect();
      else print(...(await whereabouts(settings)), "Ctrl-C stops them");
      await asked;
    } else {
      print(`stopped by ${outcome} before all servers were ready`);
    }
  } catch (error) {
    const failure = toFailure(error);
    reportUp({ type: "failed", message: failure?.message ?? String(error), remedy: failure?.remedy ?? null });
    throw error;
  } finally {
    await supervisor.stopAll();
  }
}

function progress(line: string): void {
  print(line);
  reportUp({ type: "progress", line });
}

/** An earlier `up` may run the servers, and this one is for Superset alone. */
function notRunning(settings: Settings): ServiceName[] {
  const ready = localStatus(settings).filter(({ state }) => state === "ready");
  return localServices(settings).filter((name) => !ready.some((status) => status.name === name));
}

/** Without it everything else works: a failure is said, and the servers stay. */
async function addSuperset(supervisor: Supervisor, settings: Settings, signal: AbortSignal): Promise<void> {
  try {
    const { firstPassword } = await startSuperset(supervisor, settings, progress, signal);
    if (firstPassword === null) return;
    // To the terminal and not into the log.
    const line = passwordNote(settings, firstPassword);
    if (process.connected) reportUp({ type: "progress", line });
    else print(line);
  } catch (error) {
    if (signal.aborted) return;
    const { message = String(error), remedy } = toFailure(error) ?? {};
    progress(`no Superset: ${message}${remedy === undefined ? "" : ` (${remedy})`}`);
  }
}
