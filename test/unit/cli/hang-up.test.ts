import { spawn, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageFile } from "../../../src/local/paths.ts";

/* Real processes: Node itself forgets what it inherited. */

let dir = "";
let child = "";

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "hang-up-"));
  child = join(dir, "child.mts");
  writeFileSync(
    child,
    `import { listenForShutdown } from ${JSON.stringify(packageFile("src/cli/shutdown.ts"))};
     const { signal, dispose } = listenForShutdown();
     const life = setInterval(() => undefined, 1000);
     // A listener of ours beside: it tells when the signal has come.
     process.on("SIGHUP", () => console.log("hang-up, " + (signal.aborted ? "stopping" : "going on")));
     signal.addEventListener("abort", () => (clearInterval(life), dispose()));
     console.log(String(process.pid));`,
  );
});

afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

/** Starts it by this shell command, sends SIGHUP, and returns what it says. */
async function hangUp(shell: string, command: string, input: number | "ignore" = "ignore"): Promise<string> {
  const stdio: StdioOptions = [input, "pipe", "inherit"];
  const node = `"${process.execPath}" --import "${import.meta.resolve("tsx")}" "${child}"`;
  const started = spawn(shell, ["-c", command.replace("NODE", node)], { stdio, env: { PATH: process.env["PATH"] } });
  const exit = once(started, "exit");
  const lines = createInterface({ input: started.stdout! })[Symbol.asyncIterator]();
  const pid = Number((await lines.next()).value);
  process.kill(pid, "SIGHUP");
  const said = String((await lines.next()).value);
  process.kill(pid, "SIGTERM");
  await exit;
  return said;
}

test("a terminal that is closed ends it", async () => {
  expect(await hangUp("bash", "NODE; true")).toBe("hang-up, stopping");
});

test("it goes on under nohup", async () => {
  expect(await hangUp("bash", "nohup NODE; true")).toBe("hang-up, going on");
});

test("it goes on below a script that ignores the signal", async () => {
  expect(await hangUp("sh", "trap '' HUP; NODE; true")).toBe("hang-up, going on");
});

test("it goes on with the input that nohup gives in place of a terminal", async () => {
  const input = openSync("/dev/null", "w");
  try {
    expect(await hangUp("sh", "NODE; true", input)).toBe("hang-up, going on");
  } finally {
    closeSync(input);
  }
});
