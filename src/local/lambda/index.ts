/** The local Lambda endpoint: one function, called as AWS is called. */
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { FatalError } from "../../domain/errors.ts";
import { portHolder } from "../ports.ts";
import { isFromForeignPage, isLoopbackHost } from "../web-page.ts";
import type { FaultRates } from "./faults.ts";
import { NO_FAULTS } from "./faults.ts";
import type { FleetCounts } from "./fleet.ts";
import { Fleet } from "./fleet.ts";
import type { LambdaFunction } from "./function.ts";
import { serveInvoke } from "./invoke-api.ts";

export type { FaultRates } from "./faults.ts";
export { NO_FAULTS } from "./faults.ts";
export type { LambdaFunction } from "./function.ts";

export interface LambdaStatus extends FleetCounts {
  readonly state: "starting" | "ready" | "stopped";
  readonly message: string;
  /** What it listens on; 0 before. */
  readonly port: number;
}

export interface LambdaEndpointOptions {
  readonly fn: LambdaFunction;
  /** On the loopback address; 0: any. */
  readonly port: number;
  readonly faults?: FaultRates;
  readonly signal: AbortSignal;
  readonly onStatus: (status: LambdaStatus) => void;
  /** Takes what the function wrote in an invocation that failed. */
  readonly onFailure?: (log: string) => void;
}

/** Where `lambdaService` asks whether it is there. */
export const HEALTH_PATH = "/third-umpire/health";

/**
 * Serves until `signal` aborts; then no environment is left.
 * @throws FatalError when the port is taken.
 */
export async function runLambdaEndpoint(options: LambdaEndpointOptions): Promise<void> {
  const { fn, signal } = options;
  let status: LambdaStatus = {
    state: "starting",
    message: "starting",
    port: 0,
    invocations: 0,
    coldStarts: 0,
    errors: 0,
    lost: 0,
    throttled: 0,
  };
  const set = (change: Partial<LambdaStatus>): void => {
    status = { ...status, ...change };
    options.onStatus(status);
  };
  const { faults = NO_FAULTS, onFailure = () => undefined } = options;
  const fleet = new Fleet(fn, faults, set, onFailure);
  const server = createServer((request, response) => {
    const { method = "GET", headers } = request;
    if (!isLoopbackHost(headers.host) || isFromForeignPage(method, headers)) {
      response.writeHead(403, { "content-type": "application/json", "x-amzn-ErrorType": "AccessDeniedException" });
      response.end(JSON.stringify({ message: "this endpoint serves programs of this machine, and no web page" }));
      return;
    }
    if (request.method === "GET" && request.url === HEALTH_PATH) {
      response.end(JSON.stringify({ function: fn.name, pid: process.pid }));
      return;
    }
    // The client went away in the middle: there is nobody left to answer.
    serveInvoke(fn, fleet, request, response).catch(() => response.destroy());
  });
  // A client that keeps its connection must not find it closed under the request it sends next.
  server.keepAliveTimeout = 120_000;
  try {
    const port = await listen(server, options.port);
    set({ state: "ready", message: `function ${fn.name} on http://127.0.0.1:${port}`, port });
    if (!signal.aborted) await once(signal, "abort");
  } finally {
    server.close();
    server.closeAllConnections();
    await fleet.close();
    set({ state: "stopped", message: "stopped" });
  }
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen({ port, host: "127.0.0.1", exclusive: true });
  try {
    await once(server, "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    const holder = portHolder(port);
    throw new FatalError(
      `port ${port}, wanted for the Lambda endpoint, is taken${holder === null ? "" : ` by ${holder}`}`,
      { cause: error, remedy: "set TU_LAMBDA_PORT to a free port, or stop that program" },
    );
  }
  return (server.address() as AddressInfo).port;
}
