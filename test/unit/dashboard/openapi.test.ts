import { readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import fc from "fast-check";
import { load } from "js-yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageFile } from "../../../src/local/paths.ts";
import { matchFiles, readAnyMatch, type ReadMatch } from "../../support/cricket-files.ts";
import { verdictBlock } from "../../support/clean-records.ts";
import { ballRecord, EventClient, serveWarehouse, type ServedWarehouse, wholeMatch } from "../../support/dashboard.ts";

interface Schema {
  readonly [name: string]: unknown;
}
interface Answer {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}
interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, Answer>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Record<string, Schema>; readonly responses: Record<string, Answer> };
}

const document = load(readFileSync(packageFile("docs/openapi.yaml"), "utf8")) as Document;
const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true, strictTypes: false });
ajv.addSchema({ $id: "api", $defs: toJsonSchema(document.components.schemas) });

/** References as they are from outside the document. */
function toJsonSchema(schema: Schema): Schema {
  return JSON.parse(JSON.stringify(schema).replaceAll("#/components/schemas/", "api#/$defs/")) as Schema;
}

function validator(schema: Schema): ValidateFunction {
  return ajv.compile(toJsonSchema(schema));
}

function operation(method: string, path: string): Operation {
  const found = document.paths[path]?.[method.toLowerCase()];
  if (found === undefined) throw new Error(`${method} ${path} is not described`);
  return found;
}

/** Complaints about an answer; none when it is as described. */
async function complaints(method: string, path: string, response: Response): Promise<string[]> {
  const described = operation(method, path).responses[String(response.status)];
  if (described === undefined) return [`${method} ${path}: ${response.status} is not described`];
  const name = described.$ref?.split("/").at(-1);
  const answer = name === undefined ? described : document.components.responses[name];
  if (answer?.content === undefined)
    return (await response.text()) === "" ? [] : [`${path}: a body that is not described`];
  const type = (response.headers.get("content-type") ?? "").split(";", 1)[0] ?? "";
  const content = answer.content[type];
  if (content === undefined) return [`${method} ${path}: ${response.status} as ${type} is not described`];
  if (type === "text/event-stream") return [];
  const validate = validator(content.schema);
  return validate(await response.json())
    ? []
    : (validate.errors ?? []).map((e) => `${path}${e.instancePath} ${e.message}`);
}

let served: ServedWarehouse;
let whole: ReadMatch;

beforeAll(async () => {
  served = await serveWarehouse();
  for (const dir of ["data/odi", "data/t20i", "data/test"]) {
    const [file = ""] = matchFiles(packageFile(dir));
    whole = readAnyMatch(packageFile(dir), file);
    const records = wholeMatch(whole);
    await served.load(dir === "data/test" ? records.slice(0, 500) : records);
  }
  await served.load([["verdicts", verdictBlock(0, 0, 40)]]);
  const events = await EventClient.open(served.dashboard.url);
  await events.wait("verdicts");
  events.close();
});

afterAll(async () => {
  await served.stop();
});

const json = { "Content-Type": "application/json" };

describe("a running server answers as docs/openapi.yaml says", () => {
  const asked: [method: string, path: string, url: string, status: number, init?: RequestInit][] = [
    ["GET", "/matches", "/matches", 200],
    ["GET", "/matches", "/matches?format=test&limit=1&q=a", 200],
    ["GET", "/matches", "/matches?format=cricket", 400],
    ["GET", "/matches", "/matches?cursor=x", 400],
    ["GET", "/matches", "/matches?colour=red", 400],
    ["GET", "/matches", "/matches?limit=1&limit=2", 400],
    ["GET", "/matches/{id}", "/matches/ID", 200],
    ["GET", "/matches/{id}", "/matches/ID", 304, { headers: { "If-None-Match": "*" } }],
    ["GET", "/matches/{id}", "/matches/unknown", 404],
    ["GET", "/matches/{id}", "/matches/no%20id", 400],
    ["GET", "/matches/{id}", "/matches/%FF", 400],
    ["GET", "/facets", "/facets", 200],
    ["GET", "/live", "/live", 200],
    ["GET", "/live", "/live?x=1", 400],
    ["GET", "/pipeline", "/pipeline", 200],
    ["GET", "/pipeline", "/pipeline", 403, { headers: { Origin: "http://elsewhere.example" } }],
    ["GET", "/verdicts/recent", "/verdicts/recent?limit=200", 200],
    ["GET", "/verdicts/recent", "/verdicts/recent?limit=201", 400],
    ["GET", "/openapi.json", "/openapi.json", 200],
    ["POST", "/misbehave/{format}", "/misbehave/odi", 409, { method: "POST", headers: json, body: '{"kind":"crash"}' }],
    ["POST", "/misbehave/{format}", "/misbehave/odi", 400, { method: "POST", headers: json, body: '{"kind":"nap"}' }],
    ["POST", "/misbehave/{format}", "/misbehave/ipl", 400, { method: "POST", headers: json, body: '{"kind":"crash"}' }],
    ["POST", "/misbehave/{format}", "/misbehave/odi", 400, { method: "POST", headers: json, body: "{" }],
    ["POST", "/misbehave/{format}", "/misbehave/odi", 413, { method: "POST", headers: json, body: "x".repeat(5000) }],
    ["POST", "/misbehave/{format}", "/misbehave/odi", 415, { method: "POST", body: '{"kind":"crash"}' }],
    [
      "POST",
      "/misbehave/{format}",
      "/misbehave/odi",
      403,
      { method: "POST", headers: { ...json, Origin: "http://elsewhere.example" }, body: '{"kind":"crash"}' },
    ],
  ];

  test.each(asked)("%s %s (%s) with %i", async (method, path, url, status, init) => {
    const response = await served.get(`/api/v1${url.replace("ID", whole.match.matchId)}`, init);
    expect(response.status).toBe(status);
    expect(await complaints(method, path, response)).toEqual([]);
  });

  test("every described path is asked here, and the rest is in the tests of the events", () => {
    const paths = new Set(asked.map(([, path]) => path));
    expect(Object.keys(document.paths).filter((path) => !paths.has(path))).toEqual(["/events"]);
  });

  test("misbehaving is described, whether it works or not", async () => {
    const post = (): Promise<Response> =>
      served.get("/api/v1/misbehave/t20i", { method: "POST", headers: json, body: '{"kind":"repeat"}' });
    for (const ok of [true, false]) {
      served.dashboard.onMisbehave(async ({ source, kind }) => ({ ok, text: `${kind} of ${source}` }));
      const response = await post();
      expect(response.status).toBe(ok ? 200 : 502);
      expect(await complaints("POST", "/misbehave/{format}", response)).toEqual([]);
    }
    served.dashboard.onMisbehave(null);
  });

  test("each event has the data it is described with", async () => {
    const events = await EventClient.open(served.dashboard.url);
    const next = whole.deliveries[500];
    const wrong = whole.deliveries[400];
    if (next === undefined || wrong === undefined) throw new Error("the match is too short");
    await served.load([ballRecord(whole.match.format, next)]);
    await served.load([ballRecord(whole.match.format, { ...wrong, bowler: "Nobody" }, "correction")]);
    await served.load([["verdicts", verdictBlock(0, 41, 8, 1)]]);
    const data = {
      HelloEvent: await events.wait("hello"),
      BallEvent: await events.wait("ball"),
      MatchEvent: await events.wait("match"),
      VerdictsEvent: await events.wait("verdicts", ({ rejected }) => rejected.length > 0),
      PipelineView: await events.wait("pipeline", ({ records }) => records > 0),
    };
    for (const [name, value] of Object.entries(data)) {
      const validate = validator({ $ref: `#/components/schemas/${name}` });
      expect(validate(value), `${name}: ${ajv.errorsText(validate.errors)}`).toBe(true);
    }
    events.close();
  });

  test("an answer that is not as described is seen", async () => {
    const good = await served.get("/api/v1/pipeline");
    const body = (await good.json()) as Record<string, unknown>;
    const told = async (change: Record<string, unknown>, status = 200, type = "application/json"): Promise<string[]> =>
      complaints(
        "GET",
        "/pipeline",
        new Response(JSON.stringify({ ...body, ...change }), { status, headers: { "Content-Type": type } }),
      );
    expect(await told({})).toEqual([]);
    expect(await told({ canMisbehave: "no" })).not.toEqual([]);
    expect(await told({ extra: 1 })).not.toEqual([]);
    expect(await told({ records: undefined })).not.toEqual([]);
    expect(await told({}, 418)).not.toEqual([]);
    expect(await told({}, 200, "text/plain")).not.toEqual([]);
  });
});

/** Halves of characters cannot be sent. */
function encoded(part: string): string {
  return encodeURIComponent(Buffer.from(part).toString());
}

describe("whatever is asked", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.constantFrom("odi", "test", "1", "0", "-1", "1e3", "'; DROP TABLE matches; --", "%", "_", "\u0000", "$1", "é"),
  );
  const parameter = fc.tuple(fc.oneof(fc.constantFrom("format", "season", "team", "q", "limit", "cursor"), text), text);
  const path = fc.oneof(
    fc.constantFrom("/matches", "/live", "/pipeline", "/facets", "/verdicts/recent"),
    text.map((id) => `/matches/${encoded(id)}`),
    text.map((part) => `/${encoded(part)}`),
  );
  const cursor = fc
    .tuple(fc.constantFrom("2020-01-01", "9999-12-31", "", "0000-99-99"), text)
    .map((value) => Buffer.from(JSON.stringify(value)).toString("base64url"));

  test("the answer is never a 500, and always one that is described", async () => {
    const before = served.errors.length;
    await fc.assert(
      fc.asyncProperty(path, fc.array(parameter, { maxLength: 4 }), fc.option(cursor), async (to, given, page) => {
        const query = new URLSearchParams([...given, ...(page === null ? [] : [["cursor", page]])] as [
          string,
          string,
        ][]);
        const response = await served.get(`/api/v1${to}?${query.toString()}`);
        expect([200, 400, 404]).toContain(response.status);
        const described = document.paths[to] !== undefined ? to : to.startsWith("/matches/") ? "/matches/{id}" : null;
        if (described !== null) expect(await complaints("GET", described, response)).toEqual([]);
        else expect(validator({ $ref: "#/components/schemas/Problem" })(await response.json())).toBe(true);
      }),
      { numRuns: 300 },
    );
    expect(served.errors.slice(before)).toEqual([]);
  });

  test("a body never makes a 500", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), fc.string()), text, async (body, source) => {
        const to = `/api/v1/misbehave/${encoded(source) || "x"}`;
        const response = await served.get(to, { method: "POST", headers: json, body: Buffer.from(body).toString() });
        expect([400, 404, 409, 413]).toContain(response.status);
        await response.text();
      }),
      { numRuns: 150 },
    );
  });
});
