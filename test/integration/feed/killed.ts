import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** Runs a feed that ends itself when so many deletions are in. Returns the signal it died of; null when it came to its end. */
export async function feedKilledAfter(dir: string, connection: string, deletions: number): Promise<string | null> {
  const child = fork(
    fileURLToPath(new URL("editions.child.ts", import.meta.url)),
    [dir, connection, String(deletions)],
    { execArgv: ["--import", "tsx"], stdio: ["ignore", "ignore", "inherit", "ipc"] },
  );
  const [, signal] = (await once(child, "exit")) as [number | null, string | null];
  return signal;
}
