import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FatalError } from "../../../src/domain/errors.ts";
import { isRunning, processIdentity } from "../../../src/local/processes.ts";
import { processStatuses, readRunFiles, writeRunFile } from "../../../src/local/run-files.ts";
import { type ProcessSpec, type ProcessStatus, Supervisor } from "../../../src/local/supervisor.ts";

let dir: string;
let supervisor: Supervisor;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "supervisor-"));
  supervisor = newSupervisor();
});

afterEach(async () => {
  await supervisor.stopAll();
  rmSync(dir, { recursive: true, force: true });
});

const newSupervisor = (): Supervisor => new Supervisor({ runDir: join(dir, "run"), logDir: join(dir, "logs") });

/** A process that runs this script; it lives until it is stopped unless the script ends it. */
function node(name: string, script: string, more: Partial<ProcessSpec> = {}): ProcessSpec {
  return { name, command: process.execPath, args: ["-e", script], ...more };
}

const forever = "setInterval(() => {}, 1000);";

function status(name: string, of: Supervisor = supervisor): ProcessStatus {
  const found = of.list().find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`${name} is not listed`);
  return found;
}

async function until(condition: () => boolean, of: Supervisor = supervisor): Promise<void> {
  if (condition()) return;
  await new Promise<void>((resolve) => of.onChange(() => condition() && resolve()));
}

describe("starting", () => {
  it("resolves when the process is ready, and not before", async () => {
    const mark = join(dir, "mark");
    const script = `setTimeout(() => require("fs").writeFileSync(${JSON.stringify(mark)}, ""), 200); ${forever}`;
    await supervisor.start(node("a", script, { ready: async () => existsSync(mark) }));
    expect(existsSync(mark)).toBe(true);
    expect(status("a")).toMatchObject({ state: "ready", restarts: 0, lastExit: null });
  });

  it("writes what the process says to its log file", async () => {
    const script = `console.log("to stdout"); console.error("to stderr"); ${forever}`;
    const logged = (): string => readFileSync(join(dir, "logs", "a.log"), "utf8");
    await supervisor.start(node("a", script, { ready: async () => logged().includes("to stderr") }));
    expect(logged()).toContain("to stdout");
  });

  it("fails with the end of the log when the process ends before it was ever ready", async () => {
    const script = 'console.error("the disk is on fire"); process.exit(3)';
    const start = supervisor.start(node("a", script, { ready: async () => false }));
    await expect(start).rejects.toThrow(/a did not start: exit code 3 .*the disk is on fire/);
    expect(status("a").state).toBe("failed");
  });

  it("fails at once when a check before the start says why", async () => {
    const beforeStart = async (): Promise<void> => {
      throw new FatalError("no port", { remedy: "take another" });
    };
    await expect(supervisor.start(node("a", forever, { beforeStart }))).rejects.toMatchObject({
      remedy: "take another",
    });
    expect(status("a")).toMatchObject({ state: "failed", pid: null, restarts: 0 });
  });

  it("fails when the process is not ready in time, and ends it", async () => {
    const spec = node("a", forever, { ready: async () => false, readyTimeoutMs: 150 });
    await expect(supervisor.start(spec)).rejects.toThrow("a was not ready within 0.15 s");
    expect(status("a")).toMatchObject({ state: "failed", pid: null });
  });

  it("fails for a program that is not there", async () => {
    const start = supervisor.start({ name: "a", command: join(dir, "nothing"), args: [] });
    await expect(start).rejects.toThrow("a cannot be started");
  });

  it("refuses a second process of the same name", async () => {
    await supervisor.start(node("a", forever));
    await expect(supervisor.start(node("a", forever))).rejects.toThrow("a is running already");
  });

  it("hands on what the process reports", async () => {
    const messages: unknown[] = [];
    const script = `process.send({ type: "status", lag: 7 }); ${forever}`;
    const spec = node("a", script, {
      ipc: true,
      onMessage: (m) => messages.push(m),
      ready: async () => messages.length > 0,
    });
    await supervisor.start(spec);
    expect(messages).toEqual([{ type: "status", lag: 7 }]);
  });
});

describe("a process that dies", () => {
  it("is started again, and counts its restarts", async () => {
    await supervisor.start(node("a", forever));
    const { pid } = status("a");
    supervisor.kill("a", "SIGKILL");
    await until(() => status("a").state === "ready" && status("a").restarts === 1);
    expect(status("a").pid).not.toBe(pid);
    expect(status("a").lastExit).toBe("killed by SIGKILL");
  });

  it("pauses longer after each quick death", async () => {
    const states: string[] = [];
    supervisor.onChange(() => states.push(`${status("a").state} ${Math.round(performance.now())}`));
    await supervisor.start(node("a", "setTimeout(() => process.exit(1), 30)"));
    await until(() => status("a").restarts === 3);
    const pauses = states
      .map((entry, i) => ({ entry, next: states[i + 1] }))
      .filter(({ entry }) => entry.startsWith("backing-off"))
      .map(({ entry, next }) => Number(next?.split(" ")[1]) - Number(entry.split(" ")[1]));
    expect(pauses.length).toBeGreaterThanOrEqual(3);
    expect(pauses[2]).toBeGreaterThan(350); // 800 ms, jittered down to half at most
    expect(pauses[0]).toBeLessThan(350); // 200 ms at most, and the scheduler
  });

  it("stays down when a newer process of its name does its work: exit code 3", async () => {
    await supervisor.start(node("a", "setTimeout(() => process.exit(3), 100)"));
    await until(() => status("a").pid === null && status("a").state !== "ready");
    expect(status("a")).toMatchObject({ state: "failed", restarts: 0, lastExit: "exit code 3" });
  });

  it("stays down when it is not to be restarted", async () => {
    await supervisor.start(node("a", "process.exit(0)", { restart: false }));
    await until(() => status("a").state === "stopped");
    expect(status("a")).toMatchObject({ restarts: 0, lastExit: "exit code 0" });
  });

  it("leaves nothing of its process group behind", async () => {
    const child = join(dir, "child.pid");
    const script = `
      const grandchild = require("child_process").spawn(process.execPath, ["-e", "${forever}"]);
      require("fs").writeFileSync(${JSON.stringify(child)}, String(grandchild.pid)); ${forever}`;
    await supervisor.start(node("a", script, { restart: false, ready: async () => existsSync(child) }));
    const pid = Number(readFileSync(child, "utf8"));
    const identity = processIdentity(pid) ?? "gone";
    supervisor.kill("a", "SIGKILL");
    await until(() => status("a").pid === null);
    await expect.poll(() => isRunning(pid, identity)).toBe(false);
  });
});

describe("stopping", () => {
  it("asks first, and takes the answer", async () => {
    const script = `process.on("SIGINT", () => process.exit(7)); console.log("up"); ${forever}`;
    const ready = async (): Promise<boolean> => readFileSync(join(dir, "logs", "a.log"), "utf8").includes("up");
    await supervisor.start(node("a", script, { stopSignal: "SIGINT", ready }));
    await supervisor.stop("a");
    expect(status("a")).toMatchObject({ state: "stopped", pid: null, lastExit: "exit code 7" });
  });

  it("kills what does not listen, after its grace", async () => {
    const script = `process.on("SIGTERM", () => {}); console.log("up"); ${forever}`;
    const ready = async (): Promise<boolean> => readFileSync(join(dir, "logs", "a.log"), "utf8").includes("up");
    await supervisor.start(node("a", script, { stopGraceMs: 100, ready }));
    await supervisor.stop("a");
    expect(status("a")).toMatchObject({ state: "stopped", lastExit: "killed by SIGKILL" });
  });

  it("goes backwards through the starts, one after the other", async () => {
    const order: string[] = [];
    for (const name of ["first", "second", "third"]) await supervisor.start(node(name, forever));
    supervisor.onChange(() => {
      for (const { name, state } of supervisor.list()) {
        if (state === "stopped" && !order.includes(name)) order.push(name);
      }
    });
    await supervisor.stopAll();
    expect(order).toEqual(["third", "second", "first"]);
  });

  it("wakes a process from its pause, and it does not come back", async () => {
    await supervisor.start(node("a", "setTimeout(() => process.exit(1), 20)"));
    await until(() => status("a").state === "backing-off");
    await supervisor.stop("a");
    expect(status("a")).toMatchObject({ state: "stopped", pid: null });
  });

  it.each([0, 1, 5, 100])("breaks a start off after %d ms, wherever it is", async (ms) => {
    const start = supervisor.start(node("a", forever, { ready: async () => false }));
    const failure = start.catch((error: unknown) => String(error));
    await delay(ms);
    await supervisor.stop("a");
    expect(await failure).toContain("stopped while it started");
    expect(status("a")).toMatchObject({ state: "stopped", pid: null });
  });
});

describe("run files", () => {
  it("show every process to other terminals", async () => {
    await supervisor.start(node("a", forever));
    expect(processStatuses(join(dir, "run"))).toEqual([status("a")]);
    await supervisor.stop("a");
    expect(processStatuses(join(dir, "run"))[0]).toMatchObject({ name: "a", pid: null, state: "stopped" });
  });

  it("let a later start end what a dead supervisor left running", async () => {
    await supervisor.start(node("a", forever));
    const [file] = readRunFiles(join(dir, "run"));
    if (file === undefined) throw new Error("no run file");
    const left = { pid: file.pid ?? 0, identity: file.identity ?? "" };
    writeRunFile(join(dir, "run"), { ...file, supervisor: { pid: 1, identity: "of another boot" } });
    const later = newSupervisor();
    await later.start(node("a", forever));
    expect(isRunning(left.pid, left.identity)).toBe(false);
    expect(status("a", later).state).toBe("ready");
    await later.stopAll();
  });

  it("never let a start end a process that only has the pid of ours", async () => {
    await supervisor.start(node("innocent", forever));
    const [file] = readRunFiles(join(dir, "run"));
    if (file === undefined) throw new Error("no run file");
    const stale = { ...file, name: "a", identity: "of another boot", supervisor: { pid: 1, identity: "gone" } };
    writeRunFile(join(dir, "run"), stale);
    await supervisor.start(node("a", forever));
    expect(isRunning(file.pid ?? 0, file.identity ?? "")).toBe(true);
    expect(status("innocent").restarts).toBe(0);
  });

  it("refuse a process that another living supervisor runs", async () => {
    await supervisor.start(node("a", forever));
    const [file] = readRunFiles(join(dir, "run"));
    if (file === undefined) throw new Error("no run file");
    const parent = { pid: process.ppid, identity: processIdentity(process.ppid) ?? "" };
    writeRunFile(join(dir, "run"), { ...file, supervisor: parent });
    await expect(newSupervisor().start(node("a", forever))).rejects.toThrow(/a is running already .*watched by pid/);
  });

  it("tell a process that died unwatched from one that runs", () => {
    const file = {
      ...{ name: "a", pid: process.pid, identity: "of another boot", state: "ready" as const, restarts: 0 },
      ...{ startedAt: 1, lastExit: null, logFile: "x", stopSignal: "SIGTERM" as const },
      supervisor: { pid: process.pid, identity: "of another boot" },
    };
    writeRunFile(join(dir, "run"), file);
    expect(processStatuses(join(dir, "run"))[0]).toMatchObject({ pid: null, state: "failed" });
  });

  it("are left out when they are torn or of another kind", () => {
    writeRunFile(join(dir, "run"), { name: "gone" } as never);
    writeFileSync(join(dir, "run", "torn.json"), '{"name": "to');
    expect(readRunFiles(join(dir, "run"))).toEqual([]);
  });
});
