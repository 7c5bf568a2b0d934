/** How an invocation ended, and what Lambda says of it. A function that failed is HTTP 200 all the same, with X-Amz-Function-Error. */

/** The largest answer of a function, bytes (documented as 6 MB). */
export const RESPONSE_BYTES_MAX = 6_291_556;

export interface Outcome {
  readonly payload: Buffer;
  readonly isError: boolean;
  /** What the function wrote, with Lambda's own lines. */
  readonly log: string;
  readonly durationMs: number;
  /** null: the environment was warm. */
  readonly initMs: number | null;
}

export interface FunctionFailure {
  readonly errorType: string;
  readonly errorMessage: string;
}

export function timedOut(requestId: string, timeoutMs: number): FunctionFailure {
  const seconds = (timeoutMs / 1000).toFixed(2);
  return {
    errorType: "Sandbox.Timedout",
    errorMessage: `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
  };
}

export function exited(requestId: string, code: number | null, signal: NodeJS.Signals | null): FunctionFailure {
  const how = code === null ? `signal: ${signal === "SIGKILL" ? "killed" : String(signal)}` : `exit status ${code}`;
  const error = code === 0 ? "Runtime exited without providing a reason" : `Runtime exited with error: ${how}`;
  return { errorType: "Runtime.ExitError", errorMessage: `RequestId: ${requestId} Error: ${error}` };
}

export function responseTooLarge(): FunctionFailure {
  return {
    errorType: "Function.ResponseSizeTooLarge",
    errorMessage: `Response payload size exceeded maximum allowed payload size (${RESPONSE_BYTES_MAX} bytes).`,
  };
}
