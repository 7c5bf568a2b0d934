/**
 * The function that stands before the object store: AWS Lambda calls `handler`, and so does the local endpoint (src/local/lambda).
 *
 * It is a pure read of a cursor. The caller keeps the cursor; asked the same twice, as an invoke that is repeated does, it answers the same,
 * but for what has been stored since.
 *
 * Environment: TU_OBJECT_STORE (a folder, or s3://bucket/prefix), TU_POLL_AFTER_MS (default 1000).
 */
import { FunctionRequests } from "../../../src/object-store/function.ts";
import { openReader } from "../../../src/object-store/open.ts";

const DEFAULT_POLL_AFTER_MS = 1000;

let requests: Promise<FunctionRequests> | undefined;

/** @throws BadRequestError for an event that is no request; whatever the store throws. Lambda turns both into a FunctionError. */
export async function handler(event: unknown): Promise<unknown> {
  requests ??= prepare();
  return (await requests).answer(event);
}

async function prepare(): Promise<FunctionRequests> {
  const location = process.env["TU_OBJECT_STORE"];
  if (location === undefined || location === "") throw new Error("the environment variable TU_OBJECT_STORE is missing");
  const pollAfterMs = Number(process.env["TU_POLL_AFTER_MS"] ?? DEFAULT_POLL_AFTER_MS);
  return new FunctionRequests(await openReader(location), pollAfterMs);
}
