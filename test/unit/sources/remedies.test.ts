import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type LambdaFunction, NO_FAULTS, runLambdaEndpoint } from "../../../src/local/lambda/index.ts";
import { objectStoreFunction } from "../../../src/local/lambda/object-store-function.ts";
import { freePort } from "../../../src/local/ports.ts";
import { FunctionRequests } from "../../../src/object-store/function.ts";
import { openReader } from "../../../src/object-store/open.ts";
import { parseSettings } from "../../../src/settings.ts";
import { FunctionClient } from "../../../src/sources/lambda/client.ts";
import { remedyWorks, Told } from "../../support/remedies/works.ts";

/* What the source of Test matches says of a function that it cannot use: it is done, and the function answers. */

let folder: string;
let right: LambdaFunction;
/** `TU_LAMBDA_FUNCTION` and `TU_LAMBDA_ENDPOINT`. */
let functionName: string;
let endpoint: string;
let stop: () => Promise<void>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tu-function-"));
  right = objectStoreFunction(parseSettings({ TU_LOCAL_DIR: folder }, folder));
  functionName = right.name;
  stop = () => Promise.resolve();
});
afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true });
});

/** Serves a function in place of the one before. */
async function serve(fn: LambdaFunction, port = 0): Promise<void> {
  await stop();
  const abort = new AbortController();
  endpoint = await new Promise<string>((resolve, reject) => {
    const ended = runLambdaEndpoint({
      fn,
      port,
      faults: NO_FAULTS,
      signal: abort.signal,
      onStatus: (status) => {
        if (status.state === "ready") resolve(`http://127.0.0.1:${status.port}`);
      },
    });
    ended.catch(reject);
    stop = async () => {
      abort.abort();
      await ended;
    };
  });
}

/** The same, as another program wrote it. */
function written(body: string): LambdaFunction {
  const module = join(folder, "function.mjs");
  writeFileSync(module, `export async function handler() { ${body} }`);
  return { ...right, module };
}

/** Asks once; throws what the person is told. */
async function attempt(): Promise<void> {
  const client = new FunctionClient({ endpoint, region: right.region, functionName, signal } as ClientOptions);
  try {
    expect(await client.list(0, 10)).toMatchObject({ items: [] });
  } finally {
    client.close();
  }
}

const { signal } = new AbortController();
type ClientOptions = ConstructorParameters<typeof FunctionClient>[0];

test("a function of another name is the one that is there", async () => {
  await serve(right);
  functionName = "other";
  const correct = (): void => void (functionName = right.name);
  await remedyWorks("lambda/correct-lambda-function-local", {
    attempt,
    does: { "correct TU_LAMBDA_FUNCTION": correct },
  });
});

test("a function that is another one is the right one", async () => {
  await serve({ ...written("return 7;"), name: "other" });
  functionName = "other";
  const correct = async (): Promise<void> => {
    functionName = right.name;
    await serve(right);
  };
  await remedyWorks("answers/correct-lambda-function", { attempt, does: { "correct TU_LAMBDA_FUNCTION": correct } });
});

test("a function of another version is this one", async () => {
  const old = 'throw Object.assign(new Error("limit is not known"), { name: "BadRequestError" });';
  await serve(written(old));
  await remedyWorks("lambda/deploy-function", {
    attempt,
    does: { "deploy the function of this version": () => serve(right) },
  });
});

test("an endpoint that does not run is started", async () => {
  const port = await freePort();
  endpoint = `http://127.0.0.1:${port}`;
  const asked = (): Promise<void> =>
    attempt().catch((error: unknown) => {
      throw new Told((error as Error).message);
    });
  await remedyWorks("lambda/third-umpire-lambda", {
    attempt: asked,
    does: { "is `third-umpire lambda` running?": () => serve(right, port) },
  });
});

test("a wait between polls is a number", async () => {
  const env = { TU_POLL_AFTER_MS: "soon" };
  const ask = async (): Promise<unknown> => {
    const reader = await openReader(folder);
    try {
      return await new FunctionRequests(reader, Number(env.TU_POLL_AFTER_MS)).answer({ op: "list", after: 0 });
    } catch (error) {
      throw new Told((error as Error).message);
    }
  };
  await remedyWorks("function/poll-after-ms-must", {
    attempt: ask,
    does: { "TU_POLL_AFTER_MS must be a whole number of ms": () => (env.TU_POLL_AFTER_MS = "100") },
  });
});
