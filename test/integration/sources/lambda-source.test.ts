import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { freePort } from "../../../src/local/ports.ts";
import type { SourceStatus } from "../../../src/sources/kit/index.ts";
import { type LambdaSourceOptions, runLambdaSource } from "../../../src/sources/lambda/index.ts";
import {
  type Endpoint,
  newNames,
  Objects,
  openLog,
  PARTITIONS,
  type RawRecord,
  readRecords,
  startEndpoint,
} from "./lambda-harness.ts";
import { TEST_OBJECTS } from "../../../src/pipelines/cricket/sources/test.ts";

const OBJECTS = 160;

let abort: AbortController;

beforeEach(() => {
  abort = new AbortController();
});

afterEach(() => {
  abort.abort();
  vi.unstubAllEnvs();
});

interface Run {
  /** Everything in the raw topic. */
  records(): Promise<RawRecord[]>;
  readonly statuses: SourceStatus[];
  /** Resolves with what the source threw, or undefined. */
  readonly ended: Promise<unknown>;
  until(holds: (status: SourceStatus) => boolean): Promise<SourceStatus>;
}

function start(change: Partial<LambdaSourceOptions>): Run {
  const { sourceId, topics } = newNames();
  const log = openLog();
  const statuses: SourceStatus[] = [];
  const listeners = new Set<(status: SourceStatus) => void>();
  const ended = runLambdaSource({
    log,
    endpoint: null,
    region: "eu-west-1",
    functionName: "third-umpire-object-store",
    objects: TEST_OBJECTS,
    sourceId,
    rawTopic: topics.raw,
    positionsTopic: topics.positions,
    gapsTopic: topics.gaps,
    partitions: PARTITIONS,
    maxEvents: 20,
    signal: abort.signal,
    onStatus: (status) => {
      statuses.push(status);
      for (const listener of listeners) listener(status);
    },
    ...change,
  }).then(
    () => undefined,
    (error: unknown) => error,
  );
  const until = async (holds: (status: SourceStatus) => boolean): Promise<SourceStatus> => {
    const found = new Promise<SourceStatus>((resolve) => {
      for (const status of statuses) if (holds(status)) resolve(status);
      listeners.add((status) => {
        if (holds(status)) resolve(status);
      });
    });
    const failed = ended.then((error) => Promise.reject(new Error("the source ended", { cause: error })));
    return await Promise.race([found, failed]);
  };
  return { records: () => readRecords(log, topics.raw), statuses, ended, until };
}

/** Row ids in Kafka with how often each came. */
async function rowsOf(run: Run): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const event of await run.records()) {
    const id = event.headers.get("ce_rowid") ?? "";
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

const once = (count: number): Map<string, number> =>
  new Map(Array.from({ length: count }, (_, n) => [`objects/${n + 1}`, 1]));
const sorted = (rows: Map<string, number>): Map<string, number> =>
  new Map([...rows].toSorted(([a], [b]) => Number(a.split("/")[1]) - Number(b.split("/")[1])));

describe("an unreliable function", () => {
  let endpoint: Endpoint;
  let objects: Objects;

  beforeAll(async () => {
    endpoint = await startEndpoint({ seed: 3, throwRate: 0.2, coldRate: 0.1, repeatRate: 0.2, slowRate: 0.02 });
    objects = new Objects(endpoint.settings.objectStore);
    for (let n = 0; n < OBJECTS; n += 1) await objects.append(`m${n % 3}`, `1/${n}.yaml`, `n: ${n}\n`);
  });

  afterAll(async () => {
    await objects.close();
    await endpoint.stop();
  });

  it("EO-11: throws, starts cold, loses answers: every object is in Kafka exactly once", async () => {
    const run = start({ endpoint: endpoint.url });
    await run.until(({ positionText }) => positionText === String(OBJECTS));
    expect(sorted(await rowsOf(run))).toEqual(once(OBJECTS));
    expect(run.statuses.map(({ message }) => message).join("\n")).toContain(
      "function third-umpire-object-store failed: Error: this invocation was to fail",
    );
  });

  it("EO-11: its endpoint is killed in the middle: the source says so, and goes on when it is back", async () => {
    let isHit = false;
    const run = start({
      endpoint: endpoint.url,
      at: (point) => {
        if (point !== "acknowledged" || isHit) return;
        isHit = true;
        endpoint.supervisor.kill("lambda", "SIGKILL");
      },
    });
    await run.until(({ state, message }) => state === "retrying" && message.includes("cannot be reached"));
    await run.until(({ positionText }) => positionText === String(OBJECTS));
    expect(sorted(await rowsOf(run))).toEqual(once(OBJECTS));
    const { message } = await run.until(({ message: text }) => text.includes("cannot be reached"));
    expect(message).toContain("is `third-umpire lambda` running?");
  });
});

/** A server that answers everything with this: AWS itself cannot be had here. */
async function answering(status: number, headers: Record<string, string>, body: object): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => response.writeHead(status, headers).end(JSON.stringify(body)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  abort.signal.addEventListener("abort", () => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const fatal = (message: RegExp, remedy: RegExp): object => ({
  name: "FatalError",
  message: expect.stringMatching(message) as string,
  remedy: expect.stringMatching(remedy) as string,
});

describe("a source that cannot go on says why in one line, and what helps", () => {
  it("when the function does not exist", async () => {
    const endpoint = await startEndpoint();
    try {
      const error = await start({ endpoint: endpoint.url, functionName: "nobody" }).ended;
      expect(error).toMatchObject(fatal(/^function nobody does not exist at http:\/\/127/u, /TU_LAMBDA_FUNCTION/u));
    } finally {
      await endpoint.stop();
    }
  });

  it("when there are no credentials", async () => {
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"]) vi.stubEnv(name, undefined);
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
    vi.stubEnv("AWS_CONFIG_FILE", "no-such-file");
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "no-such-file");
    expect(await start({ endpoint: null }).ended).toMatchObject(
      fatal(/there are no AWS credentials/u, /aws configure/u),
    );
  });

  it("when access is denied, the credentials are unknown or have expired", async () => {
    const denied = await answering(403, { "x-amzn-errortype": "AccessDeniedException" }, { Message: "not authorized" });
    expect(await start({ endpoint: denied }).ended).toMatchObject(fatal(/AWS denies it \(/u, /lambda:InvokeFunction/u));
    const unknown = await answering(403, { "x-amzn-errortype": "UnrecognizedClientException" }, { message: "invalid" });
    expect(await start({ endpoint: unknown }).ended).toMatchObject(
      fatal(/AWS does not know these credentials/u, /aws configure/u),
    );
    const expired = await answering(403, { "x-amzn-errortype": "ExpiredTokenException" }, { message: "expired" });
    expect(await start({ endpoint: expired }).ended).toMatchObject(
      fatal(/credentials have expired/u, /sign in again/u),
    );
  });

  it("when what answers is another function, or one that asks for another version of us", async () => {
    const other = await answering(200, {}, { hello: "world" });
    expect(await start({ endpoint: other }).ended).toMatchObject(
      fatal(/does not answer as the object store's function does/u, /TU_LAMBDA_FUNCTION/u),
    );
    const newer = await answering(
      200,
      { "X-Amz-Function-Error": "Unhandled" },
      { errorType: "BadRequestError", errorMessage: "op must be" },
    );
    expect(await start({ endpoint: newer }).ended).toMatchObject(fatal(/does not understand its source/u, /deploy/u));
  });

  it("while nobody answers there, and goes on trying", async () => {
    const run = start({ endpoint: `http://127.0.0.1:${await freePort()}` });
    const { message } = await run.until(({ state }) => state === "retrying");
    expect(message).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\): is `third-umpire lambda` running\?; next try/u,
    );
    abort.abort();
    expect(await run.ended).toBeUndefined();
  });

  it("while it is throttled or the service is unwell, and goes on trying", async () => {
    const throttled = await answering(
      429,
      { "x-amzn-errortype": "TooManyRequestsException" },
      { message: "Rate Exceeded." },
    );
    const run = start({ endpoint: throttled });
    expect((await run.until(({ state }) => state === "retrying")).message).toContain("Rate Exceeded.");
    const unwell = await answering(502, {}, { message: "bad gateway" });
    await start({ endpoint: unwell }).until(({ state }) => state === "retrying");
  });
});

describe("an object that was hurt", () => {
  const item = { seq: 1, key: "m1/x.yaml", at: "2026-01-01T00:00:00Z", contentType: "application/yaml", size: 2 };
  const etag = "0".repeat(64);
  const page = { next: 1, head: 1, pollAfterMs: 50, store: "s" };

  it("is asked for once more, and goes out as unreadable with both digests when it stays so", async () => {
    const body = { ...page, items: [{ ...item, etag, body: "ab" }], item: { ...item, etag, body: "ab" } };
    const url = await listingOnce(body);
    const run = start({ endpoint: url });
    await run.until(({ positionText }) => positionText === "1");
    const [event] = await run.records();
    expect(event?.headers.get("ce_type")).toBe("cricket.test.unreadable.v1");
    const value = JSON.parse(event?.value.toString() ?? "{}") as Record<string, unknown>;
    expect(value).toMatchObject({
      match_id: "m1",
      file: "m1/x.yaml",
      line: 1,
      raw: Buffer.from("ab").toString("base64"),
    });
    expect(value["problem"]).toMatch(/^the object's SHA-256 is fb8e20fc.* and its etag 0000/u);
  });

  it("does not let a list pass that leaves objects out", async () => {
    const url = await listingOnce({ ...page, next: 2, items: [{ ...item, seq: 2, etag, body: "ab" }] });
    const run = start({ endpoint: url });
    const { message } = await run.until(({ state }) => state === "retrying");
    expect(message).toContain("left some out");
  });
});

/** A function that lists this after 0, nothing after that, and gives it when asked for one. */
async function listingOnce(body: object): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { after = 0 } = JSON.parse(Buffer.concat(chunks).toString()) as { after?: number };
      response.end(JSON.stringify(after === 0 ? body : { ...body, items: [], next: after }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  abort.signal.addEventListener("abort", () => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
