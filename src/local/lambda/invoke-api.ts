/**
 * AWS's Invoke operation over HTTP (POST /2015-03-31/functions/{name}/invocations) as far as a client can tell: paths, headers, limits,
 * errors. It checks that a request is signed and by which key, not the signature itself.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { readBody } from "./body.ts";
import type { LambdaFunction } from "./function.ts";
import { arnOf, means } from "./function.ts";
import type { Outcome } from "./outcome.ts";

/** Documented as 6 MB for a call that waits for its answer, 1 MB for one that does not. */
export const REQUEST_BYTES_MAX: number = 6 * 1024 * 1024;
export const EVENT_BYTES_MAX: number = 1024 * 1024;
/** The only key this endpoint knows. */
export const LOCAL_ACCESS_KEY = "local";

const LOG_TAIL_BYTES = 4096;
const PATH = /^\/2015-03-31\/functions\/(?<reference>[^/]+)\/invocations$/u;

/** What stands behind the API. */
export interface Invoker {
  /** Runs the function; null when as many run as may. */
  run(requestId: string, event: Buffer): Promise<Invoked> | null;
}

export interface Invoked {
  readonly outcome: Outcome;
  /** The function ran, but its answer never arrives. */
  readonly isLost: boolean;
}

interface Refusal {
  readonly status: number;
  readonly type: string;
  readonly body: object;
}

export async function serveInvoke(
  fn: LambdaFunction,
  invoker: Invoker,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = randomUUID();
  response.setHeader("x-amzn-RequestId", requestId);
  const kind = headerOf(request, "x-amz-invocation-type") || "RequestResponse";
  const body = await readBody(request, kind === "Event" ? EVENT_BYTES_MAX : REQUEST_BYTES_MAX);
  const refusal = refusalOf(fn, request, kind, body);
  if (refusal !== null) return refuse(response, refusal);
  if (kind === "DryRun") return void response.writeHead(204).end();
  const event = body === null || body.length === 0 ? Buffer.from("{}") : body;
  const running = invoker.run(requestId, event);
  if (running === null) return refuse(response, THROTTLED);
  if (kind === "Event") {
    response.writeHead(202).end();
    await running; // its outcome is nobody's; AWS would try twice more after an error
    return;
  }
  const { outcome, isLost } = await running;
  if (isLost) response.destroy();
  else respond(request, response, outcome);
}

function respond(request: IncomingMessage, response: ServerResponse, outcome: Outcome): void {
  const wantsTail = headerOf(request, "x-amz-log-type") === "Tail";
  const tail = Buffer.from(outcome.log).subarray(-LOG_TAIL_BYTES).toString("base64");
  response.writeHead(200, {
    "content-type": "application/json",
    "content-length": outcome.payload.length,
    "X-Amz-Executed-Version": "$LATEST",
    ...(outcome.isError ? { "X-Amz-Function-Error": "Unhandled" } : {}),
    ...(wantsTail ? { "X-Amz-Log-Result": tail } : {}),
  });
  response.end(outcome.payload);
}

const THROTTLED: Refusal = {
  status: 429,
  type: "TooManyRequestsException",
  body: { Reason: "ReservedFunctionConcurrentInvocationLimitExceeded", Type: "User", message: "Rate Exceeded." },
};

/** null: the request is in order. In the order in which AWS looks. */
function refusalOf(fn: LambdaFunction, request: IncomingMessage, kind: string, body: Buffer | null): Refusal | null {
  const url = new URL(request.url ?? "/", "http://localhost");
  const key = /Credential=([^/,\s]*)\//u.exec(headerOf(request, "authorization"))?.[1];
  if (key === undefined) return plain(403, "MissingAuthenticationTokenException", "Missing Authentication Token");
  if (key !== LOCAL_ACCESS_KEY)
    return plain(403, "UnrecognizedClientException", "The security token included in the request is invalid.");
  const encoded = PATH.exec(url.pathname)?.groups?.["reference"];
  const reference = encoded === undefined ? null : decoded(encoded);
  if (reference === null || request.method !== "POST")
    return plain(404, "UnknownOperationException", `there is no ${request.method ?? ""} ${url.pathname}`);
  if (!means(fn, reference, url.searchParams.get("Qualifier"))) return unknownFunction(fn, reference);
  if (!["RequestResponse", "Event", "DryRun"].includes(kind))
    return user(
      400,
      "InvalidParameterValueException",
      `invocation type ${kind} is not RequestResponse, Event or DryRun`,
    );
  if (body === null) {
    const max = kind === "Event" ? EVENT_BYTES_MAX : REQUEST_BYTES_MAX;
    return user(
      413,
      "RequestTooLargeException",
      `Request must be smaller than ${max} bytes for the InvokeFunction operation`,
    );
  }
  const problem = body.length === 0 ? null : jsonProblem(body);
  return problem === null
    ? null
    : user(400, "InvalidRequestContentException", `Could not parse request body into json: ${problem}`);
}

function unknownFunction(fn: LambdaFunction, reference: string): Refusal {
  const arn = reference.startsWith("arn:") ? reference : arnOf({ ...fn, name: reference });
  return {
    status: 404,
    type: "ResourceNotFoundException",
    body: { Message: `Function not found: ${arn}`, Type: "User" },
  };
}

function plain(status: number, type: string, message: string): Refusal {
  return { status, type, body: { message } };
}

function user(status: number, type: string, message: string): Refusal {
  return { status, type, body: { Type: "User", message } };
}

function refuse(response: ServerResponse, { status, type, body }: Refusal): void {
  response
    .writeHead(status, { "content-type": "application/json", "x-amzn-ErrorType": type })
    .end(JSON.stringify(body));
}

function jsonProblem(body: Buffer): string | null {
  try {
    JSON.parse(body.toString("utf8"));
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null; // no name of ours
  }
}

function headerOf(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return typeof value === "string" ? value : "";
}
