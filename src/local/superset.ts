/**
 * The local Superset on the loopback address: real server, own Python environment, metadata in SQLite, reading the
 * published snapshot of the warehouse. Nothing else of the stack needs it: whoever starts it does so beside everything
 * else, and shows its error without ending.
 *
 * ```
 * await installSuperset(settings, progress, signal);                     // once, minutes
 * const { firstPassword } = await prepareSuperset(settings, progress);   // each start, seconds; password once, else null
 * await supervisor.start(supersetService(settings));                     // resolves when /health answers
 * ```
 *
 * or all three by `startSuperset(supervisor, settings, progress, signal)`.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FatalError } from "../domain/errors.ts";
import { warehousePaths } from "../loader/paths.ts";
import type { Settings } from "../settings.ts";
import type { Progress } from "./kafka.ts";
import { packageFile } from "./paths.ts";
import { requireFreePort } from "./ports.ts";
import { runCommand } from "./run-command.ts";
import { installSuperset, supersetDir, supersetPython } from "./superset-install.ts";
import type { ProcessSpec, Supervisor } from "./supervisor.ts";

export { installSuperset, supersetDir, supersetVersion } from "./superset-install.ts";

/** Whoever may edit. Its password is in the file `admin_password` of Superset's folder, mode 0600. */
export const supersetAdmin: string = "admin";

/** Files that are made once, at random, and read by nobody else. */
const SECRETS = ["secret_key", "guest_secret", "admin_password"] as const;
type Secret = (typeof SECRETS)[number];

const secretFile = (settings: Settings, name: Secret): string => join(supersetDir(settings), name);

/** Where a browser goes: the dashboard of the match that is played now. */
export function supersetUrl(settings: Settings): string {
  return `http://127.0.0.1:${settings.supersetPort}/superset/dashboard/live-match/`;
}

export interface PreparedSuperset {
  /** The password of `admin` when this call made it; null afterwards. To be printed once. */
  readonly firstPassword: string | null;
}

/**
 * Brings metadata, roles and the dashboards of superset/bundle to what this version has; made anew or upgraded. The
 * dashboards of this project are overwritten, those that people made stay. The warehouse need not exist yet. No server
 * of this folder may run meanwhile.
 */
export async function prepareSuperset(
  settings: Settings,
  progress: Progress,
  signal?: AbortSignal,
): Promise<PreparedSuperset> {
  const python = requireSuperset(settings);
  makeSecrets(settings);
  progress("Superset: preparing its dashboards");
  const said = await runCommand(python, [packageFile("superset", "bootstrap.py")], {
    cwd: supersetDir(settings),
    env: environment(settings),
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => {
    throw signal?.aborted === true || !(error instanceof FatalError) ? error : unprepared(settings, error.message);
  });
  const made = /^prepared: admin (made|there), (\d+) dashboards$/mu.exec(said);
  if (made === null) throw unprepared(settings, said);
  progress(`Superset: ${made[2]} dashboards in place`);
  return { firstPassword: made[1] === "made" ? readSecret(settings, "admin_password") : null };
}

function unprepared(settings: Settings, said: string): FatalError {
  const folder = supersetDir(settings);
  // Its metadata is what changes; all else is as it was fetched.
  return new FatalError(`Superset was not prepared: ${said.trim().split("\n").slice(-3).join(" | ")}`, {
    remedy: `remove ${join(folder, "superset.db")} and start again; if that is not enough, all of ${folder}`,
  });
}

/** gunicorn with one worker process, whose threads wait for DuckDB most of the time: about 350 MB. */
export function supersetService(settings: Settings): ProcessSpec {
  const serve = ["-k", "gthread", "-w", "1", "--threads", "8", "--timeout", "120", "--graceful-timeout", "5"];
  return {
    name: "superset",
    command: requireSuperset(settings),
    // Without --no-control-socket it listens at a path in the home folder that all of its kind share.
    args: [
      ...["-m", "gunicorn", ...serve, "--no-control-socket"],
      ...["-b", `127.0.0.1:${settings.supersetPort}`, "superset.app:create_app()"],
    ],
    env: environment(settings),
    cwd: supersetDir(settings), // a superset_config.py in the working directory would be read
    beforeStart: () => requireFreePort(settings.supersetPort, "TU_SUPERSET_PORT", "Superset"),
    ready: () => supersetAnswers(settings),
    readyTimeoutMs: 120_000,
  };
}

/** Installs, prepares and starts it. Resolves when it answers. */
export async function startSuperset(
  supervisor: Supervisor,
  settings: Settings,
  progress: Progress,
  signal?: AbortSignal,
): Promise<PreparedSuperset> {
  // Before the minutes of the installation, not after them.
  await requireFreePort(settings.supersetPort, "TU_SUPERSET_PORT", "Superset");
  await installSuperset(settings, progress, signal);
  const prepared = await prepareSuperset(settings, progress, signal);
  signal?.throwIfAborted(); // from here on the supervisor stops it
  await supervisor.start(supersetService(settings));
  return prepared;
}

/** Whether the server answers. */
export async function supersetAnswers({ supersetPort }: Settings): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${supersetPort}/health`, { signal: AbortSignal.timeout(2000) });
    return answer.ok && (await answer.text()) === "OK"; // another program may have the port
  } catch {
    return false; // not yet
  }
}

function environment(settings: Settings): Record<string, string> {
  return {
    SUPERSET_HOME: supersetDir(settings),
    SUPERSET_CONFIG_PATH: packageFile("superset", "superset_config.py"),
    SUPERSET_BUNDLE: packageFile("superset", "bundle"),
    SUPERSET_WAREHOUSE: warehousePaths(settings.warehouseDir).published,
    SUPERSET_PORT: String(settings.supersetPort),
    SUPERSET_ADMIN: supersetAdmin,
    // It would ask a host outside about itself with every page.
    SCARF_ANALYTICS: "false",
    // Nothing is written into the package's own folder.
    PYTHONDONTWRITEBYTECODE: "1",
    PYTHONUNBUFFERED: "1",
  };
}

function requireSuperset(settings: Settings): string {
  const python = supersetPython(settings);
  if (python !== null) return python;
  throw new FatalError("Superset is not installed", { remedy: "third-umpire up --superset fetches it" });
}

function makeSecrets(settings: Settings): void {
  mkdirSync(supersetDir(settings), { recursive: true, mode: 0o700 });
  for (const name of SECRETS) {
    const path = secretFile(settings, name);
    if (existsSync(path)) continue;
    // A password is typed by hand: short enough, and still 120 bits.
    const value =
      name === "admin_password" ? randomBytes(15).toString("base64url") : randomBytes(48).toString("base64");
    writeFileSync(`${path}.new`, `${value}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
}

function readSecret(settings: Settings, name: Secret): string {
  return readFileSync(secretFile(settings, name), "utf8").trim();
}
