/**
 * Starts processes, waits until they are ready, starts them again when they die, and stops them in order.
 *
 * It is used for the servers and for the pipeline alike. Each process is its own process group with its own
 * log file, and has a run file (run-files.ts) through which other terminals see it.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { FatalError } from "../domain/errors.ts";
import { ManagedProcess } from "./managed-process.ts";
import type { ProcessStatus } from "./run-files.ts";

export type { ProcessState, ProcessStatus } from "./run-files.ts";

export interface ProcessSpec {
  /** Unique; also the name of its log and run file. */
  name: string;
  command: string;
  args: readonly string[];
  /** Added to the environment of this process. */
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  uid?: number;
  gid?: number;
  /** Opens a channel: the child reports with `process.send`. */
  ipc?: boolean;
  onMessage?: (message: unknown) => void;
  /** Asked again and again until it says true. Absent: ready as soon as it runs. A FatalError ends the attempt. */
  ready?: () => Promise<boolean>;
  /** Default 60 s. */
  readyTimeoutMs?: number;
  /** Default SIGTERM; SIGKILL follows after `stopGraceMs` (default 15 s). */
  stopSignal?: NodeJS.Signals;
  stopGraceMs?: number;
  /** Whether it is started again when it ends by itself. Default true. */
  restart?: boolean;
  /** Runs before each start, restarts included. */
  beforeStart?: () => Promise<void>;
}

export class Supervisor {
  readonly #runDir: string;
  readonly #logDir: string;
  readonly #processes = new Map<string, ManagedProcess>();
  readonly #listeners: (() => void)[] = [];

  constructor(options: { runDir: string; logDir: string }) {
    this.#runDir = options.runDir;
    this.#logDir = options.logDir;
  }

  /**
   * Resolves when the process is ready for the first time; from then on it is kept running.
   *
   * @throws FatalError when it never gets ready (with the end of its log), or runs under another supervisor.
   */
  async start(spec: ProcessSpec): Promise<void> {
    if (this.#processes.get(spec.name)?.ended === false) {
      throw new FatalError(`${spec.name} is running already`, { remedy: "stop it first" });
    }
    mkdirSync(this.#logDir, { recursive: true });
    const managed = new ManagedProcess({
      spec,
      runDir: this.#runDir,
      logFile: join(this.#logDir, `${spec.name}.log`),
      changed: () => this.#listeners.forEach((listener) => listener()),
    });
    this.#processes.delete(spec.name); // so that the map keeps the order of the starts
    this.#processes.set(spec.name, managed);
    await managed.start();
  }

  /** Asks the process to stop, kills it after its grace, and resolves when it is gone. Unknown names are no error. */
  async stop(name: string): Promise<void> {
    await this.#processes.get(name)?.stop();
  }

  /** Stops all, last started first, one after the other: nobody loses a server it still talks to. */
  async stopAll(): Promise<void> {
    for (const managed of [...this.#processes.values()].reverse()) await managed.stop();
  }

  /** Sends a signal; what the process makes of it, and a restart, follow their usual course. */
  kill(name: string, signal: NodeJS.Signals): void {
    this.#processes.get(name)?.kill(signal);
  }

  /** Sends a message to a process with `ipc`. False when it does not run. */
  send(name: string, message: object): boolean {
    return this.#processes.get(name)?.send(message) ?? false;
  }

  list(): ProcessStatus[] {
    return [...this.#processes.values()].map((managed) => managed.status());
  }

  /** Called at every change of any process. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }
}
