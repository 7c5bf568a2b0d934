/**
 * One execution environment: a process with the runtime in it, and its Runtime API.
 *
 * ```
 *  starting ──asks for an invocation──► ready ◄──► running
 *     └─────────────── dies, times out, is killed ─────┴──► gone (its invocation fails, the next one starts another environment)
 * ```
 */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { LambdaFunction } from "./function.ts";
import { arnOf } from "./function.ts";
import type { FunctionFailure, Outcome } from "./outcome.ts";
import { exited, responseTooLarge, timedOut } from "./outcome.ts";
import type { Report } from "./runtime-api.ts";
import { LOG_MARK, RuntimeApi } from "./runtime-api.ts";

/** Longest time until a new environment asks for its first invocation. */
const INIT_TIMEOUT_MS = 10_000;
const LOG_BYTES_MAX = 64 * 1024;

interface Invocation {
  readonly requestId: string;
  readonly event: Buffer;
  readonly fault: string;
  readonly resolve: (outcome: Outcome) => void;
  timer: NodeJS.Timeout | undefined;
  startedAt: number;
  log: string;
  /** Reported, but its output may still be on its way. */
  report: Report | null;
  marks: number;
}

export class Environment {
  readonly #fn: LambdaFunction;
  readonly #api: RuntimeApi;
  readonly #createdAt = performance.now();
  readonly #gone: Promise<void>;
  #announceGone: () => void = () => undefined;
  #child: ChildProcess | null = null;
  #initMs: number | null = null;
  #isFirst = true;
  #current: Invocation | null = null;
  #initError: Buffer | null = null;
  #isGone = false;

  constructor(fn: LambdaFunction) {
    this.#fn = fn;
    this.#gone = new Promise((resolve) => (this.#announceGone = resolve));
    this.#api = new RuntimeApi({ onPoll: () => this.#polled(), onReport: (report) => this.#reported(report) });
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** Runs one invocation to its end, whatever that is. Never two at once. */
  async invoke(requestId: string, event: Buffer, fault: string): Promise<Outcome> {
    return await new Promise<Outcome>((resolve, reject) => {
      const startedAt = performance.now();
      this.#current = {
        requestId,
        event,
        fault,
        resolve,
        timer: undefined,
        startedAt,
        log: "",
        report: null,
        marks: 0,
      };
      if (this.#child === null) {
        this.#start().catch(reject);
        this.#limit(INIT_TIMEOUT_MS);
      } else this.#hand();
    });
  }

  /** Kills it and waits until it is gone. */
  async kill(): Promise<void> {
    this.#isGone = true;
    if (this.#child === null) this.#announceGone();
    else this.#child.kill("SIGKILL");
    await this.#gone;
  }

  async #start(): Promise<void> {
    const address = await this.#api.listen();
    const runtime = fileURLToPath(new URL(`bootstrap${extname(import.meta.url)}`, import.meta.url));
    const child = spawn(process.execPath, [...loaderFor(runtime), runtime], {
      env: { ...inherited(), ...lambdaVariables(this.#fn), ...this.#fn.env, AWS_LAMBDA_RUNTIME_API: address },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) this.#collect(stream);
    child.once("error", () => this.#ended(null, null));
    child.once("close", (code, signal) => this.#ended(code, signal));
    if (this.#isGone) child.kill("SIGKILL");
  }

  /** Collects whole lines; a mark says that everything before it has been read. */
  #collect(stream: NodeJS.ReadableStream): void {
    let rest = "";
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = (lines.pop() ?? "").slice(-LOG_BYTES_MAX);
      const current = this.#current;
      for (const line of lines) {
        if (current === null) continue;
        if (line === `${LOG_MARK}${current.requestId}`) current.marks += 1;
        else current.log = `${current.log}${line}\n`.slice(-LOG_BYTES_MAX);
      }
      this.#maybeFinish();
    });
  }

  #polled(): void {
    if (this.#initMs !== null) return;
    this.#initMs = performance.now() - this.#createdAt;
    this.#hand();
  }

  #hand(): void {
    const current = this.#current;
    if (current === null) return;
    this.#limit(this.#fn.timeoutMs);
    current.startedAt = performance.now();
    const { requestId, event, fault } = current;
    this.#api.assign({ requestId, event, fault, arn: arnOf(this.#fn), deadlineMs: Date.now() + this.#fn.timeoutMs });
  }

  /** Kills the process when the invocation has not ended by then. */
  #limit(ms: number): void {
    const current = this.#current;
    if (current === null) return;
    clearTimeout(current.timer);
    current.timer = setTimeout(() => {
      this.#isGone = true;
      this.#fail(timedOut(current.requestId, ms));
      this.#child?.kill("SIGKILL");
    }, ms);
  }

  #reported(report: Report): void {
    if (report.kind === "init-error") {
      this.#initError = report.payload;
      return; // the process ends now, and that ends the invocation
    }
    if (this.#current === null) return;
    this.#current.report = report;
    this.#maybeFinish();
  }

  #maybeFinish(): void {
    const current = this.#current;
    const report = current?.report ?? null;
    if (current === null || report === null || report.kind === "init-error") return;
    if (report.kind === "too-large") this.#fail(responseTooLarge());
    else if (!report.marksLog || current.marks >= 2) this.#finish(report.payload, report.kind === "error");
  }

  #ended(code: number | null, signal: NodeJS.Signals | null): void {
    this.#isGone = true;
    this.#api.close();
    if (this.#current !== null) {
      if (this.#initError === null) this.#fail(exited(this.#current.requestId, code, signal));
      else this.#finish(this.#initError, true);
    }
    this.#announceGone();
  }

  #fail(failure: FunctionFailure): void {
    this.#finish(Buffer.from(JSON.stringify(failure)), true);
  }

  #finish(payload: Buffer, isError: boolean): void {
    const current = this.#current;
    if (current === null) return;
    this.#current = null;
    clearTimeout(current.timer);
    const durationMs = performance.now() - current.startedAt;
    const initMs = this.#isFirst ? this.#initMs : null;
    this.#isFirst = false;
    current.resolve({ payload, isError, log: this.#withReport(current, durationMs, initMs), durationMs, initMs });
  }

  #withReport({ requestId, log }: Invocation, durationMs: number, initMs: number | null): string {
    const init = initMs === null ? "" : `\tInit Duration: ${initMs.toFixed(2)} ms`;
    const billed = Math.ceil(durationMs + (initMs ?? 0));
    return (
      `START RequestId: ${requestId} Version: $LATEST\n${log}END RequestId: ${requestId}\n` +
      `REPORT RequestId: ${requestId}\tDuration: ${durationMs.toFixed(2)} ms\tBilled Duration: ${billed} ms\t` +
      `Memory Size: ${this.#fn.memoryMb} MB${init}\n`
    );
  }
}

/** What the process of ours may know of this machine; AWS credentials and the like stay here. */
function inherited(): Record<string, string> {
  const kept = ["PATH", "LANG", "TMPDIR", "NODE_EXTRA_CA_CERTS"];
  return Object.fromEntries(
    kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

function lambdaVariables(fn: LambdaFunction): Record<string, string> {
  return {
    _HANDLER: fn.handler,
    LAMBDA_TASK_MODULE: fn.module,
    AWS_REGION: fn.region,
    AWS_DEFAULT_REGION: fn.region,
    AWS_LAMBDA_FUNCTION_NAME: fn.name,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(fn.memoryMb),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${fn.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: "local",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    TZ: ":UTC",
  };
}

/** TypeScript is run by tsx in development; what was built needs no loader. */
function loaderFor(file: string): string[] {
  return file.endsWith(".ts") ? ["--import", import.meta.resolve("tsx")] : [];
}
