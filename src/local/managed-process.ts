/**
 * One supervised process and its life:
 *
 * ```
 *  starting ──ready──► ready ──┐ ends by itself
 *     ▲  └──ends / not ready───┤
 *     │                        ▼
 *     └──after a pause── backing-off        stop() → stopped · never ready → failed
 * ```
 */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, renameSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { EXIT_REPLACED, FatalError } from "../domain/errors.ts";
import { processIdentity, signalGroup } from "./processes.ts";
import type { ProcessState, ProcessStatus } from "./run-files.ts";
import { endLeftover, thisProcess, writeRunFile } from "./run-files.ts";
import type { ProcessSpec } from "./supervisor.ts";

const firstBackOffMs = 200;
const longestBackOffMs = 5000;
/** A process that was ready this long has earned a quick restart again. */
const settledMs = 10_000;
/** A process that ends this often before it was ever ready does not start at all. */
const startAttempts = 3;
/** A newer process does its work: started again, the two would take it from each other for ever. */
const REPLACED = exitText(EXIT_REPLACED);
const largestLogBytes = 16 * 1024 * 1024;

interface Options {
  readonly spec: ProcessSpec;
  readonly runDir: string;
  readonly logFile: string;
  readonly changed: () => void;
}

type Attempt = { readonly outcome: "ended" } | { readonly outcome: "broken"; readonly error: unknown };

export class ManagedProcess {
  readonly #options: Options;
  readonly #spec: ProcessSpec;
  readonly #stopping = new AbortController();
  #child: ChildProcess | null = null;
  #identity: string | null = null;
  #state: ProcessState = "starting";
  #restarts = 0;
  #startedAt: number | null = null;
  #lastExit: string | null = null;
  #everReady = false;
  #readySince: number | null = null;
  #life: Promise<void> = Promise.resolve();
  #announceReady: () => void = () => undefined;
  #announceFailure: (error: unknown) => void = () => undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#spec = options.spec;
  }

  /** True when nothing runs and nothing will. */
  get ended(): boolean {
    return this.#state === "stopped" || this.#state === "failed";
  }

  status(): ProcessStatus {
    return {
      name: this.#spec.name,
      pid: this.#child?.pid ?? null,
      state: this.#state,
      restarts: this.#restarts,
      startedAt: this.#startedAt,
      lastExit: this.#lastExit,
      logFile: this.#options.logFile,
    };
  }

  async start(): Promise<void> {
    const ready = new Promise<void>((resolve, reject) => {
      this.#announceReady = resolve;
      this.#announceFailure = reject;
    });
    this.#life = this.#live();
    await ready;
  }

  /** Resolves when the process is gone. Whatever the life is doing, it sees the signal: `#spawn`, `#attempt`, `#live`. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#life;
    this.#announceFailure(new FatalError(`${this.#spec.name} was stopped while it started`)); // no effect after "ready"
  }

  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Says something over the channel. False when there is nobody: it is starting anew, or has no channel. */
  send(message: object): boolean {
    if (this.#child?.connected !== true) return false;
    this.#child.send(message, () => undefined); // one that ends meanwhile needs no message
    return true;
  }

  /** The whole life; never rejects. */
  async #live(): Promise<void> {
    try {
      await endLeftover(this.#options.runDir, this.#spec.name);
    } catch (error) {
      this.#state = "failed"; // and not written down: the run file is that of the one that runs
      this.#announceFailure(error);
      return;
    }
    let failures = 0;
    for (;;) {
      const attempt = await this.#attempt();
      if (this.#stopping.signal.aborted) return this.#become("stopped");
      const readyFor = this.#readySince === null ? 0 : Date.now() - this.#readySince;
      failures = readyFor > settledMs ? 1 : failures + 1;
      if (!this.#everReady && (this.#spec.restart === false || failures >= startAttempts || isFatal(attempt))) {
        this.#become("failed");
        this.#announceFailure(this.#neverReady(attempt));
        return;
      }
      if (this.#lastExit === REPLACED) {
        this.#become("failed");
        this.#announceFailure(this.#neverReady(attempt)); // no effect after "ready"
        return;
      }
      if (this.#spec.restart === false) return this.#become(this.#lastExit === "exit code 0" ? "stopped" : "failed");
      this.#become("backing-off");
      const pauseMs = Math.min(longestBackOffMs, firstBackOffMs * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
      await delay(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined); // stop() wakes us
      if (this.#stopping.signal.aborted) return this.#become("stopped");
      this.#restarts += 1;
    }
  }

  /** Start, ready, end. Resolves when the process is gone. */
  async #attempt(): Promise<Attempt> {
    this.#readySince = null;
    this.#become("starting");
    let broken: Attempt | null = null;
    try {
      await this.#spec.beforeStart?.();
      if (this.#stopping.signal.aborted) return { outcome: "ended" };
      const { gone } = await this.#spawn();
      broken = await this.#awaitReady(gone);
      if (broken !== null && this.#child?.pid !== undefined) signalGroup(this.#child.pid, "SIGKILL");
      await gone;
    } catch (error) {
      broken = { outcome: "broken", error };
      this.#lastExit = error instanceof Error ? error.message : String(error);
    }
    return broken ?? { outcome: "ended" };
  }

  /** Resolves when it runs; `gone` resolves when it is gone. From here on `stop` reaches it. */
  async #spawn(): Promise<{ gone: Promise<void> }> {
    const spec = this.#spec;
    const log = openLog(this.#options.logFile);
    const child = spawn(spec.command, spec.args, {
      env: { ...process.env, ...spec.env },
      detached: true, // a group of its own: Ctrl-C in our terminal is for us to pass on, in order
      stdio: spec.ipc === true ? ["ignore", log, log, "ipc"] : ["ignore", log, log],
      ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
      ...(spec.uid === undefined ? {} : { uid: spec.uid }),
      ...(spec.gid === undefined ? {} : { gid: spec.gid }),
    });
    closeSync(log);
    const gone = new Promise<void>((resolve) => {
      child.once("exit", (code, signal) => {
        this.#ended(child, signal === null ? exitText(code) : `killed by ${signal}`);
        resolve();
      });
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", (error) => reject(new FatalError(`${spec.name} cannot be started: ${error.message}`)));
    });
    child.on("error", () => undefined); // a failed send or kill: the process is ending, its exit tells
    if (spec.onMessage !== undefined) child.on("message", spec.onMessage);
    this.#child = child;
    this.#identity = child.pid === undefined ? null : processIdentity(child.pid);
    this.#startedAt = Date.now();
    this.#become("starting");
    const { signal } = this.#stopping;
    const terminate = (): void => this.#terminate(child);
    if (signal.aborted) terminate();
    signal.addEventListener("abort", terminate, { once: true });
    child.once("exit", () => signal.removeEventListener("abort", terminate)); // or each restart would leave one
    return { gone };
  }

  /** Asks it to stop, and kills it when it has not done so in its grace. */
  #terminate(child: ChildProcess): void {
    if (child.pid === undefined || this.#child !== child) return;
    const { pid } = child;
    signalGroup(pid, this.#spec.stopSignal ?? "SIGTERM");
    const killer = setTimeout(() => signalGroup(pid, "SIGKILL"), this.#spec.stopGraceMs ?? 15_000);
    child.once("exit", () => clearTimeout(killer));
  }

  #ended(child: ChildProcess, how: string): void {
    if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL"); // what it left in its group
    this.#child = null;
    this.#identity = null;
    this.#lastExit = how;
  }

  async #awaitReady(gone: Promise<void>): Promise<Attempt | null> {
    const timeoutMs = this.#spec.readyTimeoutMs ?? 60_000;
    const deadline = Date.now() + timeoutMs;
    let ended = false;
    void gone.then(() => (ended = true));
    for (;;) {
      if (ended || this.#stopping.signal.aborted) return null;
      try {
        if ((await this.#spec.ready?.()) !== false && !ended) break;
      } catch (error) {
        return { outcome: "broken", error };
      }
      if (Date.now() > deadline) {
        return {
          outcome: "broken",
          error: new FatalError(`${this.#spec.name} was not ready within ${timeoutMs / 1000} s`),
        };
      }
      await Promise.race([delay(50), gone]);
    }
    this.#everReady = true;
    this.#readySince = Date.now();
    this.#become("ready");
    this.#announceReady();
    return null;
  }

  #become(state: ProcessState): void {
    this.#state = state;
    try {
      writeRunFile(this.#options.runDir, {
        ...this.status(),
        identity: this.#identity,
        supervisor: thisProcess(),
        stopSignal: this.#spec.stopSignal ?? "SIGTERM",
      });
    } catch (error) {
      // Disk full or gone: other terminals see an old state until the next change, the process itself must go on.
      this.#lastExit ??= `run file not written: ${error instanceof Error ? error.message : String(error)}`;
    }
    this.#options.changed();
  }

  #neverReady(attempt: Attempt): FatalError {
    if (attempt.outcome === "broken" && attempt.error instanceof FatalError) return attempt.error;
    const cause = attempt.outcome === "broken" ? String(attempt.error) : (this.#lastExit ?? "it ended");
    return new FatalError(`${this.#spec.name} did not start: ${cause}${lastLines(this.#options.logFile)}`, {
      remedy: `see ${this.#options.logFile}`,
    });
  }
}

function exitText(code: number | null): string {
  return `exit code ${code}`;
}

function isFatal(attempt: Attempt): boolean {
  return attempt.outcome === "broken" && attempt.error instanceof FatalError;
}

function openLog(path: string): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > largestLogBytes) renameSync(path, `${path}.1`);
  return openSync(path, "a");
}

function lastLines(logFile: string): string {
  const lines = readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-3);
  return lines.join("") === "" ? "" : ` (${lines.join(" | ")})`;
}
