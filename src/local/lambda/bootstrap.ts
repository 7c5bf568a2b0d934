/**
 * The runtime of a function: a process of its own that loads the handler, asks the Runtime API for one invocation after the other, and
 * reports what the handler returned or threw. What Lambda's own Node.js runtime does, as far as a handler can tell.
 *
 * It ends when the API is gone: an endpoint that was killed leaves no process behind.
 */
import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { SLOW_MS } from "./faults.ts";
import { FAULT_HEADER, LOG_MARK, LOG_MARK_HEADER } from "./runtime-api.ts";

type Handler = (event: unknown, context: object) => unknown;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

const api = process.env["AWS_LAMBDA_RUNTIME_API"] ?? "";
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

async function main(): Promise<void> {
  const handler = await loadHandler();
  for (;;) {
    const next = await call("GET", "invocation/next");
    const id = header(next, "lambda-runtime-aws-request-id");
    const [end, body] = await run(handler, next, id);
    await markLog(id);
    await call("POST", `invocation/${id}/${end}`, body);
  }
}

async function run(handler: Handler, next: Answer, id: string): Promise<["response" | "error", string]> {
  try {
    const fault = header(next, FAULT_HEADER);
    if (fault.includes("slow")) await delay(SLOW_MS);
    if (fault.includes("throw")) throw new Error("this invocation was to fail (--throw-rate)");
    const deadlineMs = Number(header(next, "lambda-runtime-deadline-ms"));
    const result = await handler(JSON.parse(next.body.toString("utf8")), contextOf(id, deadlineMs, next));
    return ["response", JSON.stringify(result ?? null)];
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return ["error", JSON.stringify(described(error))];
  }
}

async function loadHandler(): Promise<Handler> {
  const { _HANDLER: name = "", LAMBDA_TASK_MODULE: module = "" } = process.env;
  try {
    const loaded = (await import(pathToFileURL(module).href)) as Record<string, unknown>;
    const handler = loaded[name];
    if (typeof handler === "function") return handler as Handler;
    throw Object.assign(new Error(`${name} is undefined or not exported`), { name: "Runtime.HandlerNotFound" });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    await call("POST", "init/error", JSON.stringify(described(error)));
    process.exit(1);
  }
}

function contextOf(id: string, deadlineMs: number, next: Answer): object {
  const { env } = process;
  return {
    awsRequestId: id,
    functionName: env["AWS_LAMBDA_FUNCTION_NAME"],
    functionVersion: env["AWS_LAMBDA_FUNCTION_VERSION"],
    memoryLimitInMB: env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
    logGroupName: env["AWS_LAMBDA_LOG_GROUP_NAME"],
    logStreamName: env["AWS_LAMBDA_LOG_STREAM_NAME"],
    invokedFunctionArn: header(next, "lambda-runtime-invoked-function-arn"),
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  };
}

function described(error: unknown): { errorType: string; errorMessage: string; trace: string[] } {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? "").split("\n") };
}

/** After it, all that this invocation wrote has been written. */
async function markLog(id: string): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => void stream.write(`${LOG_MARK}${id}\n`, () => resolve()));
  }
}

function header(answer: Answer, name: string): string {
  const value = answer.headers[name];
  return typeof value === "string" ? value : "";
}

async function call(method: "GET" | "POST", path: string, body?: string): Promise<Answer> {
  const [host = "", port = ""] = api.split(":");
  return await new Promise<Answer>((resolve, reject) => {
    const headers = {
      [LOG_MARK_HEADER]: "1",
      ...(body === undefined
        ? {}
        : { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) }),
    };
    const outgoing = request(
      { host, port, method, path: `/2018-06-01/runtime/${path}`, agent, headers },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => {
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

await main().catch((error: unknown) => {
  const { code } = error as NodeJS.ErrnoException;
  // The endpoint is gone: nobody is there to be told anything.
  process.exit(code === "ECONNRESET" || code === "ECONNREFUSED" ? 0 : 1);
});
