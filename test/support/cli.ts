import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { installKafka, installMongodb } from "../../src/local/index.ts";
import { kafkaDir, mongodbDir } from "../../src/local/paths.ts";
import { ensureLocalPasswords } from "../../src/local/passwords.ts";
import { isRunning, processIdentity } from "../../src/local/processes.ts";
import { freePort } from "../../src/local/ports.ts";
import { parseSettings, type Settings } from "../../src/settings.ts";

export const ROOT: string = resolve(import.meta.dirname, "../..");

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as built, with a stack of its own: ports, folder and data that nobody else has. */
export interface CliStack {
  readonly settings: Settings;
  /** Environment of every command: nothing of ours but these settings. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs a command to its end, with `more` in its environment. Not longer than `timeoutMs` (default 60 s). */
  run(args: readonly string[], timeoutMs?: number, more?: Readonly<Record<string, string>>): Promise<Finished>;
  /** Starts a command; what it prints goes to `out`. */
  start(
    args: readonly string[],
    more?: Readonly<Record<string, string>>,
  ): {
    readonly child: ChildProcess;
    readonly out: () => string;
    readonly ended: Promise<Finished>;
  };
  /** `run` with `--json`, parsed. Throws what the command said when it fails. */
  json<T>(args: readonly string[], timeoutMs?: number): Promise<T>;
  /** Ends what is left and removes the folder. */
  remove(): Promise<void>;
}

/** The built program. Built anew when a source is newer, unless the environment names another build. */
export function builtMain(): string {
  const given = process.env["THIRD_UMPIRE_MAIN"];
  if (given !== undefined) return given;
  const built = spawnSync(process.execPath, [join(ROOT, "scripts/build.mjs")], { cwd: ROOT, stdio: "inherit" });
  if (built.status !== 0) throw new Error("the build failed");
  return join(ROOT, "dist/src/cli/main.js");
}

export async function cliStack(settings: Readonly<Record<string, string>> = {}): Promise<CliStack> {
  const main = builtMain();
  const dir = mkdtempSync(join(tmpdir(), "third-umpire-cli-"));
  const own = {
    TU_LOCAL_DIR: dir,
    TU_KAFKA_PORT: String(await freePort()),
    TU_KAFKA_CONTROLLER_PORT: String(await freePort()),
    TU_POSTGRES_PORT: String(await freePort()),
    TU_MONGODB_PORT: String(await freePort()),
    TU_LAMBDA_PORT: String(await freePort()),
    TU_DASHBOARD_PORT: String(await freePort()),
    TU_SUPERSET_PORT: String(await freePort()),
    TU_KAFKA_HEAP_MB: "512",
    ...settings,
  };
  ensureLocalPasswords(dir);
  const parsed = parseSettings(own, ROOT);
  await sharePrograms(parsed);
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith("TU_"),
  );
  const env = { ...Object.fromEntries(inherited), ...own, NO_COLOR: "1" };

  const start: CliStack["start"] = (args, more = {}) => {
    const child = spawn(process.execPath, [main, ...args], {
      cwd: ROOT,
      env: { ...env, ...more },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const ended = new Promise<Finished>((done) => child.once("close", (code) => done({ code, stdout, stderr })));
    return { child, out: () => stdout + stderr, ended };
  };
  const run: CliStack["run"] = async (args, timeoutMs = 60_000, more = {}) => {
    const { child, ended } = start(args, more);
    const killer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    const result = await ended;
    clearTimeout(killer);
    return result;
  };
  return {
    settings: parsed,
    env,
    run,
    start,
    json: async <T>(args: readonly string[], timeoutMs?: number): Promise<T> => {
      const { code, stdout, stderr } = await run([...args, "--json"], timeoutMs);
      if (code !== 0) throw new Error(`third-umpire ${args.join(" ")} exited with ${code}: ${stderr}\n${stdout}`);
      return JSON.parse(stdout) as T;
    },
    remove: async () => {
      await run(["down"]);
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** 54 and 108 MB that are the same for every stack. */
export async function sharePrograms(settings: Settings): Promise<void> {
  const project = parseSettings({}, ROOT);
  const progress = (line: string): void => void process.stderr.write(`${line}\n`);
  await installKafka(project, progress);
  await installMongodb(project, progress);
  for (const dir of [kafkaDir, mongodbDir]) {
    mkdirSync(dir(settings), { recursive: true });
    // Programs are in a folder with their version; the rest is data.
    for (const name of readdirSync(dir(project)).filter((each) => /\d\.\d\.\d$/u.test(each)))
      symlinkSync(join(dir(project), name), join(dir(settings), name));
  }
}

/** A process that may end and be followed by another of the same pid. */
export function watchPid(pid: number): { readonly pid: number; alive(): boolean } {
  const identity = processIdentity(pid);
  return { pid, alive: () => identity !== null && isRunning(pid, identity) };
}

/** Asks until it is true. @throws when it never is, with what `about` says. */
export async function eventually(
  isTrue: () => boolean | Promise<boolean>,
  timeoutMs: number,
  about: () => string,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${about()}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** Lines of JSON, by the member `id`. */
export function cardsById(jsonl: string): ReadonlyMap<string, unknown> {
  const lines = jsonl.split("\n").filter((line) => line !== "");
  return new Map(
    lines.map((line) => {
      const card = JSON.parse(line) as { id: string };
      return [card.id, card] as const;
    }),
  );
}
