import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { cpuSecondsOf, type Load, peakRssOf, type Pinning } from "./machine.ts";

const STOP_MS = 20_000;
const SAMPLE_MS = 100;
const KEPT_OUTPUT = 4_000;

/** What is needed to start one. */
export interface Launcher {
  readonly pinning: Pinning;
  readonly load: Load;
}

/** A program under test: a compiled file of this folder in a Node of its own, on its own core. */
export class Program {
  readonly name: string;
  /** `performance.now()` at the start. */
  readonly startedAt: number = performance.now();
  readonly #child: ChildProcess;
  readonly #exit: Promise<void>;
  #cpuSeconds = 0;
  #peakRss = 0;
  #ended: string | undefined;
  #output = "";
  #errors = "";

  constructor(
    { pinning, load }: Launcher,
    name: string,
    args: readonly string[],
    nodeFlags: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ) {
    this.name = name;
    const script = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
    const [command, ...rest] = [...pinning.program, process.execPath, ...nodeFlags, script, ...args];
    const child = spawn(command!, rest, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
    this.#child = child;
    child.stdout.on("data", (chunk) => (this.#output += String(chunk)));
    child.stderr.on("data", (chunk) => (this.#errors = (this.#errors + String(chunk)).slice(-KEPT_OUTPUT)));
    this.#exit = new Promise((resolve) => {
      child.once("error", (error) => (this.#ended = error.message));
      child.once("close", (code, signal) => {
        this.#ended ??= signal === null ? `exit code ${code}` : `killed by ${signal}`;
        process.off("exit", end);
        resolve();
      });
    });
    const end = (): void => void child.kill("SIGKILL");
    process.once("exit", end);
    load.add(() => this.cpuSeconds());
  }

  /** User and system, all threads; after the end, what was seen last. */
  cpuSeconds(): number {
    const seconds = this.#child.pid === undefined ? undefined : cpuSecondsOf(this.#child.pid);
    if (seconds !== undefined) this.#cpuSeconds = seconds;
    return this.#cpuSeconds;
  }

  /** Bytes. */
  peakRss(): number {
    const bytes = this.#child.pid === undefined ? undefined : peakRssOf(this.#child.pid);
    if (bytes !== undefined) this.#peakRss = bytes;
    return this.#peakRss;
  }

  /** Throws when it has ended by itself. */
  mustRun(): void {
    if (this.#ended !== undefined) throw new Error(`${this.name} ended: ${this.#ended}\n${this.#errors}`);
  }

  /** SIGTERM; throws when it does not end well. */
  async stop(): Promise<void> {
    this.mustRun();
    this.peakRss();
    this.cpuSeconds();
    this.#child.kill("SIGTERM");
    const killer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS);
    await this.#exit;
    clearTimeout(killer);
    if (this.#ended !== "exit code 0") throw new Error(`${this.name} did not stop: ${this.#ended}\n${this.#errors}`);
  }

  /** SIGKILL; resolves when the system has let it go. */
  async kill(): Promise<void> {
    this.cpuSeconds();
    this.#child.kill("SIGKILL");
    await this.#exit;
  }

  /** For a program that ends by itself: what it printed. */
  async output(): Promise<string> {
    // What an ended process has used nobody can ask any more, and it would count as others'.
    const sampling = setInterval(() => this.cpuSeconds(), SAMPLE_MS);
    await this.#exit;
    clearInterval(sampling);
    if (this.#ended !== "exit code 0") throw new Error(`${this.name} failed: ${this.#ended}\n${this.#errors}`);
    return this.#output;
  }
}
