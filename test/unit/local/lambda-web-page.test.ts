import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runLambdaEndpoint } from "../../../src/local/lambda/index.ts";

/* The endpoint runs a function for whoever asks: a web page must not be able to. */

const SIGNED = { Authorization: "AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-1/lambda/aws4_request" };
const abort = new AbortController();
let ended: Promise<void>;
let port = 0;

beforeAll(async () => {
  port = await new Promise<number>((resolve, reject) => {
    ended = runLambdaEndpoint({
      fn: {
        name: "none",
        region: "eu-west-1",
        module: "none",
        handler: "handler",
        env: {},
        timeoutMs: 1000,
        memoryMb: 128,
        concurrency: 1,
      },
      port: 0,
      signal: abort.signal,
      onStatus: ({ state, port: at }) => {
        if (state === "ready") resolve(at);
      },
    });
    ended.catch(reject);
  });
});

afterAll(async () => {
  abort.abort();
  await ended;
});

async function status(method: string, path: string, headers: Record<string, string>): Promise<number> {
  const sent = request({ host: "127.0.0.1", port, path, method, headers }).end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
  return response.statusCode ?? 0;
}

const dryRun = (headers: Record<string, string>): Promise<number> =>
  status("POST", "/2015-03-31/functions/none/invocations", {
    ...SIGNED,
    "X-Amz-Invocation-Type": "DryRun",
    ...headers,
  });

test("programs are served, under each name of the loopback address", async () => {
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`])
    expect(await dryRun({ Host: host })).toBe(204);
  expect(await status("GET", "/third-umpire/health", {})).toBe(200);
});

test.each([
  { Host: "evil.example" },
  { Host: "127.0.0.1.evil.example" },
  { Origin: "http://evil.example" },
  { Origin: "null" },
  { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" },
  { "Sec-Fetch-Site": "same-site" },
])("a web page is refused: %j", async (headers) => {
  expect(await dryRun(headers as Record<string, string>)).toBe(403);
  expect(await status("GET", "/third-umpire/health", headers as Record<string, string>)).toBe(403);
});
