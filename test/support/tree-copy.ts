import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { builtMain, type Finished, ROOT } from "./cli.ts";

/** What belongs to this tree alone: its history, its settings, the programs and data of its servers. */
const LEFT_OUT = new Set([".git", ".local", ".env", "coverage"]);
/** The client that was compiled here need not be compiled there. */
const CLIENT = join(".local", "kafka-client");

export interface TreeCopy {
  readonly dir: string;
  /** Runs a program there, with nothing of ours in its environment but `env`. */
  run(command: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished>;
  remove(): void;
}

/** This tree once more, set up and built. Files are links to those here: they may be removed or replaced, and not written into. */
export function treeCopy(): TreeCopy {
  builtMain();
  const dir = mkdtempSync(join(tmpdir(), "tu-tree-"));
  for (const name of readdirSync(ROOT)) if (!LEFT_OUT.has(name)) copy(name, dir);
  if (existsSync(join(ROOT, CLIENT))) copy(CLIENT, dir);
  return {
    dir,
    run: (command, args, env = {}) => {
      const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("TU_"));
      const child = spawn(command, args, { cwd: dir, env: { ...Object.fromEntries(inherited), ...env } });
      let [stdout, stderr] = ["", ""];
      child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
      return new Promise((resolve, reject) => {
        child.once("error", reject);
        child.once("close", (code) => resolve({ code, stdout, stderr }));
      });
    },
    remove: () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }),
  };
}

function copy(name: string, to: string): void {
  const target = join(to, dirname(name));
  mkdirSync(target, { recursive: true });
  if (spawnSync("cp", ["-al", join(ROOT, name), target]).status === 0) return;
  // Another file system takes no links.
  rmSync(join(to, name), { recursive: true, force: true });
  const { status, stderr } = spawnSync("cp", ["-a", join(ROOT, name), target], { encoding: "utf8" });
  if (status !== 0) throw new Error(`cp: ${stderr}`);
}
