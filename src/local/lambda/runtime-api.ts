/**
 * The Runtime API of one execution environment, version 2018-06-01: the runtime asks for the next invocation and reports what became
 * of it.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { readBody } from "./body.ts";
import { RESPONSE_BYTES_MAX } from "./outcome.ts";

export interface Assignment {
  readonly requestId: string;
  readonly event: Buffer;
  readonly deadlineMs: number;
  readonly arn: string;
  /** What the runtime is told to do wrong; empty for nothing. */
  readonly fault: string;
}

/** `marksLog`: the runtime marks the end of the invocation in its output. */
export type Report =
  | { readonly kind: "response" | "error"; readonly payload: Buffer; readonly marksLog: boolean }
  | { readonly kind: "too-large" }
  | { readonly kind: "init-error"; readonly payload: Buffer };

/** The line of a mark begins so and ends with the id of the invocation. */
export const LOG_MARK = "\u0000END ";
export const LOG_MARK_HEADER = "third-umpire-log-mark";
export const FAULT_HEADER = "third-umpire-fault";

const PREFIX = "/2018-06-01/runtime/";

export class RuntimeApi {
  readonly #server: Server;
  readonly #onReport: (report: Report) => void;
  readonly #onPoll: () => void;
  #poll: ServerResponse | null = null;
  #assignment: Assignment | null = null;
  #running: string | null = null;

  /** `onPoll`: the runtime is ready for an invocation. */
  constructor(handlers: { readonly onReport: (report: Report) => void; readonly onPoll: () => void }) {
    this.#onReport = handlers.onReport;
    this.#onPoll = handlers.onPoll;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy()); // the runtime went away in between
    });
  }

  /** Returns `host:port`. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", resolve);
    });
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Gives the runtime its next invocation, now or when it asks. */
  assign(assignment: Assignment): void {
    this.#assignment = assignment;
    this.#deliver();
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "").split("?")[0] ?? "";
    const what = path.startsWith(PREFIX) ? path.slice(PREFIX.length) : "";
    if (request.method === "GET" && what === "invocation/next") {
      this.#running = null;
      this.#poll = response;
      this.#onPoll();
      this.#deliver();
      return;
    }
    const body = await readBody(request, RESPONSE_BYTES_MAX);
    const [, id, end] = /^invocation\/([^/]+)\/(response|error)$/u.exec(what) ?? [];
    if (request.method === "POST" && what === "init/error") {
      this.#onReport({ kind: "init-error", payload: body ?? Buffer.alloc(0) });
      answer(response, 202, { status: "OK" });
    } else if (request.method !== "POST" || end === undefined) {
      answer(response, 404, { errorType: "PathNotFound", errorMessage: `there is no ${path}` });
    } else if (id === undefined || id !== this.#running) {
      answer(response, 400, { errorType: "InvalidRequestID", errorMessage: "Invalid request ID" });
    } else {
      this.#running = null;
      this.#finished(
        response,
        end === "error" ? "error" : "response",
        body,
        request.headers[LOG_MARK_HEADER] !== undefined,
      );
    }
  }

  #finished(response: ServerResponse, kind: "response" | "error", body: Buffer | null, marksLog: boolean): void {
    if (body === null) {
      answer(response, 413, {
        errorType: "RequestEntityTooLarge",
        errorMessage: "Exceeded maximum allowed payload size",
      });
      this.#onReport({ kind: "too-large" });
    } else {
      answer(response, 202, { status: "OK" });
      this.#onReport({ kind, payload: body, marksLog });
    }
  }

  #deliver(): void {
    const [response, assignment] = [this.#poll, this.#assignment];
    if (response === null || assignment === null) return;
    const { requestId, event, deadlineMs, arn, fault } = assignment;
    this.#poll = null;
    this.#assignment = null;
    this.#running = requestId;
    response.writeHead(200, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": requestId,
      "lambda-runtime-deadline-ms": String(deadlineMs),
      "lambda-runtime-invoked-function-arn": arn,
      ...(fault === "" ? {} : { [FAULT_HEADER]: fault }),
    });
    response.end(event);
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
