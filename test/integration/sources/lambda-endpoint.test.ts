import { fileURLToPath } from "node:url";
import { isRunning, processIdentity } from "../../../src/local/processes.ts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type LambdaFunction,
  type LambdaStatus,
  NO_FAULTS,
  runLambdaEndpoint,
} from "../../../src/local/lambda/index.ts";
import type { FaultRates } from "../../../src/local/lambda/index.ts";
import { type Endpoint, invoker, localClient } from "./lambda-harness.ts";

/* The endpoint as the real client of AWS sees it, with a function that can do wrong what functions do wrong. */

const NAME = "misbehaving";
const MIB = 1024 * 1024;

const FUNCTION: LambdaFunction = {
  name: NAME,
  region: "eu-west-1",
  module: fileURLToPath(new URL("functions.fixture.ts", import.meta.url)),
  handler: "handler",
  env: {},
  timeoutMs: 20_000,
  memoryMb: 128,
  concurrency: 2,
};

let abort: AbortController;
let ended: Promise<void>;
let status: LambdaStatus;

beforeEach(() => {
  abort = new AbortController();
});

afterEach(async () => {
  abort.abort();
  await ended;
});

async function start(
  change: Partial<LambdaFunction> = {},
  faults: Partial<FaultRates> = {},
): Promise<Endpoint["invoke"]> {
  const url = await new Promise<string>((resolve, reject) => {
    ended = runLambdaEndpoint({
      fn: { ...FUNCTION, ...change },
      port: 0,
      faults: { ...NO_FAULTS, ...faults },
      signal: abort.signal,
      onStatus: (now) => {
        status = now;
        if (now.state === "ready") resolve(`http://127.0.0.1:${now.port}`);
      },
    });
    ended.catch(reject);
  });
  return invoker(localClient(url), NAME);
}

describe("the local Lambda endpoint", () => {
  it("runs the handler in a process of its own, once cold and then warm", async () => {
    const invoke = await start();
    const first = await invoke({});
    expect(first).toMatchObject({ status: 200, error: undefined });
    expect(first.payload).not.toBe(process.pid);
    expect(await invoke({}, { FunctionName: `arn:aws:lambda:eu-west-1:000000000000:function:${NAME}:live` })).toEqual(
      first,
    );
    expect(await invoke({}, { FunctionName: `${NAME}:$LATEST` })).toEqual(first);
    expect(status).toMatchObject({ invocations: 3, coldStarts: 1, errors: 0 });
  });

  it("gives the handler its context, and the caller the end of its log", async () => {
    const invoke = await start();
    const { payload } = await invoke({ do: "context" });
    expect(payload).toMatchObject({
      functionName: NAME,
      functionVersion: "$LATEST",
      memoryLimitInMB: "128",
      invokedFunctionArn: `arn:aws:lambda:eu-west-1:000000000000:function:${NAME}`,
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/u) as string,
    });
    expect((payload as { remaining: number }).remaining).toBeLessThanOrEqual(20_000);
    const { log } = await invoke({ do: "log" }, { LogType: "Tail" });
    expect(log).toMatch(/^START RequestId: .*\n/u);
    expect(log).toContain("one line on stdout\n");
    expect(log).toContain("one line on stderr\n");
    expect(log).toMatch(/\nREPORT RequestId: .*Billed Duration: \d+ ms/u);
    expect((await invoke({ do: "log" })).log).toBe("");
  });

  it("answers a function that throws with HTTP 200 and its error, and keeps the environment", async () => {
    const invoke = await start();
    const { payload: pid } = await invoke({});
    const failed = await invoke({ do: "throw" }, { LogType: "Tail" });
    expect(failed).toMatchObject({
      status: 200,
      error: "Unhandled",
      payload: { errorType: "TypeError", errorMessage: "no such thing" },
    });
    expect((failed.payload as { trace: string[] }).trace[0]).toBe("TypeError: no such thing");
    expect(failed.log).toContain("TypeError: no such thing");
    expect((await invoke({})).payload).toBe(pid);
    expect(status).toMatchObject({ errors: 1, coldStarts: 1 });
  });

  it("kills a function that takes too long, and starts another environment", async () => {
    const invoke = await start({ timeoutMs: 1000 });
    const { payload: pid } = await invoke({});
    const failed = await invoke({ do: "hang" });
    expect(failed).toMatchObject({ status: 200, error: "Unhandled", payload: { errorType: "Sandbox.Timedout" } });
    expect((failed.payload as { errorMessage: string }).errorMessage).toMatch(
      /^RequestId: [0-9a-f-]{36} Error: Task timed out after 1\.00 seconds$/u,
    );
    expect((await invoke({})).payload).not.toBe(pid);
  });

  it.each([
    ["exit", "Runtime exited with error: exit status 3"],
    ["kill", "Runtime exited with error: signal: killed"],
  ])("reports a process that ends by %s", async (how, message) => {
    const invoke = await start();
    const { error, payload } = await invoke({ do: how });
    expect(error).toBe("Unhandled");
    expect(payload).toMatchObject({
      errorType: "Runtime.ExitError",
      errorMessage: expect.stringContaining(message) as string,
    });
    expect((await invoke({})).error).toBeUndefined();
  });

  it("takes answers up to 6,291,556 bytes, and goes on after a larger one", async () => {
    const invoke = await start();
    const most = 6_291_556 - 2; // quotes
    expect((await invoke({ do: "large", bytes: most })).payload).toHaveLength(most);
    expect(await invoke({ do: "large", bytes: most + 1 })).toMatchObject({
      error: "Unhandled",
      payload: { errorType: "Function.ResponseSizeTooLarge" },
    });
    expect((await invoke({})).error).toBeUndefined();
  });

  it("says so when the handler cannot be loaded", async () => {
    const invoke = await start({ handler: "missing" });
    expect(await invoke({})).toMatchObject({
      error: "Unhandled",
      payload: { errorType: "Runtime.HandlerNotFound", errorMessage: "missing is undefined or not exported" },
    });
  });

  it("refuses requests as AWS does", async () => {
    const invoke = await start();
    await expect(invoke({}, { FunctionName: "nobody" })).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: "Function not found: arn:aws:lambda:eu-west-1:000000000000:function:nobody",
      $metadata: { httpStatusCode: 404, attempts: 1 },
    });
    await expect(invoke({}, { Qualifier: "nothing" })).rejects.toMatchObject({ name: "ResourceNotFoundException" });
    await expect(invoke({}, { Payload: Buffer.from("{") })).rejects.toMatchObject({
      name: "InvalidRequestContentException",
      $metadata: { httpStatusCode: 400 },
    });
    await expect(invoke("x".repeat(6 * MIB))).rejects.toMatchObject({
      name: "RequestTooLargeException",
      $metadata: { httpStatusCode: 413, attempts: 1 },
    });
    await expect(invoke("x".repeat(MIB), { InvocationType: "Event" })).rejects.toMatchObject({
      name: "RequestTooLargeException",
    });
    await expect(invoke({}, { InvocationType: "Sometimes" as "Event" })).rejects.toMatchObject({
      name: "InvalidParameterValueException",
    });
    const stranger = invoker(localClient(`http://127.0.0.1:${status.port}`, "AKIASTRANGER"), NAME);
    await expect(stranger({})).rejects.toMatchObject({
      name: "UnrecognizedClientException",
      $metadata: { httpStatusCode: 403, attempts: 1 },
    });
    const unsigned = await fetch(`http://127.0.0.1:${status.port}/2015-03-31/functions/${NAME}/invocations`, {
      method: "POST",
    });
    expect([unsigned.status, unsigned.headers.get("x-amzn-errortype")]).toEqual([
      403,
      "MissingAuthenticationTokenException",
    ]);
    expect(status.invocations).toBe(0);
  });

  it("answers a dry run with 204, and an event with 202 before the function has run", async () => {
    const invoke = await start();
    expect(await invoke({}, { InvocationType: "DryRun" })).toMatchObject({ status: 204, payload: undefined });
    expect(status.invocations).toBe(0);
    expect(await invoke({ do: "throw" }, { InvocationType: "Event" })).toMatchObject({ status: 202, error: undefined });
    await until(() => status.errors === 1);
  });

  it("throttles more invocations than may run at once, and the client tries again", async () => {
    const invoke = await start({ concurrency: 1 });
    // It ends with the endpoint: nobody waits for it.
    invoke({ do: "hang" }).catch(() => undefined);
    await until(() => status.invocations === 1);
    await expect(invoke({})).rejects.toMatchObject({
      name: "TooManyRequestsException",
      Reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
      $metadata: { httpStatusCode: 429, attempts: 3 },
    });
    expect(status).toMatchObject({ throttled: 3, invocations: 1 });
  });

  it("leaves no process behind", async () => {
    const invoke = await start();
    const pid = Number((await invoke({})).payload);
    const identity = processIdentity(pid) ?? "";
    expect(isRunning(pid, identity)).toBe(true);
    abort.abort();
    await ended;
    expect(isRunning(pid, identity)).toBe(false);
  });

  it("says which port is taken, and by whom", async () => {
    await start();
    const second = runLambdaEndpoint({
      fn: FUNCTION,
      port: status.port,
      signal: abort.signal,
      onStatus: () => undefined,
    });
    await expect(second).rejects.toMatchObject({
      message: expect.stringMatching(/^port \d+, wanted for the Lambda endpoint, is taken/u) as string,
      remedy: expect.stringContaining("TU_LAMBDA_PORT") as string,
    });
  });
});

describe("an unreliable function", () => {
  it("throws, starts cold and loses answers as its seed says, the same in every run", async () => {
    const fates: unknown[] = [];
    for (let run = 0; run < 2; run += 1) {
      const invoke = await start({}, { seed: 5, throwRate: 0.3, coldRate: 0.2 });
      const outcomes: (string | undefined)[] = [];
      for (let n = 0; n < 12; n += 1) outcomes.push((await invoke({})).error);
      fates.push([outcomes, status.coldStarts]);
      abort.abort();
      await ended;
      abort = new AbortController();
    }
    expect(fates[0]).toEqual(fates[1]);
    expect((fates[0] as [string[], number])[0]).toContain("Unhandled");
    expect((fates[0] as [string[], number])[1]).toBeGreaterThan(1);
  });

  it("runs once more for the client when its answer was lost", async () => {
    const invoke = await start({}, { seed: 1, repeatRate: 0.5 });
    for (let n = 0; n < 4; n += 1) {
      // Three answers lost in a row are more than the client tries.
      await invoke({}).catch((error: unknown) => expect(error).toMatchObject({ code: "ECONNRESET" }));
    }
    expect(status.lost).toBeGreaterThan(0);
    expect(status.invocations).toBeGreaterThan(4);
    expect(status.errors).toBe(0);
  });

  it("takes longer", async () => {
    const invoke = await start({}, { slowRate: 1 });
    const { log } = await invoke({}, { LogType: "Tail" });
    expect(Number(/\tDuration: ([\d.]+) ms/u.exec(log)?.[1])).toBeGreaterThan(1400);
  });
});

/** Status changes come by themselves. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}
