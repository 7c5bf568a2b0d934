import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface SmallDisk {
  /** Its top folder. */
  readonly dir: string;
  remove(): Promise<void>;
}

/**
 * A file system of its own of `bytes`, which really gets full. It is mounted where only one process sees it, and reached by way of that
 * process: nothing has to be unmounted when a test dies.
 *
 * @throws when this machine lets nobody mount one, neither root nor a user in a namespace of his own.
 */
export async function smallDisk(bytes: number): Promise<SmallDisk> {
  const place = mkdtempSync(join(tmpdir(), "tu-small-disk-"));
  const ownUser = process.geteuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  const mount = 'mount -t tmpfs -o "size=$1,mode=755" tmpfs "$2" && echo mounted && exec cat';
  const keeper = spawn("unshare", ["--mount", ...ownUser, "sh", "-c", mount, "sh", String(bytes), place], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  const said: string[] = [];
  createInterface({ input: keeper.stderr }).on("line", (line) => said.push(line));
  const ended = new Promise<string>((resolve) => {
    keeper.once("error", (error) => resolve(error.message));
    keeper.once("close", () => resolve(said.join("; ")));
  });
  const mounted = once(keeper.stdout, "data").then(() => null);
  const failure = await Promise.race([mounted, ended]);
  if (failure !== null) {
    rmSync(place, { recursive: true });
    throw new Error(
      `no file system can be mounted here, which tests of a full disk need (CONTRIBUTING.md): ${failure}`,
    );
  }
  return {
    dir: join("/proc", String(keeper.pid), "root", place),
    remove: async () => {
      keeper.stdin.end();
      await ended;
      rmSync(place, { recursive: true });
    },
  };
}
