import { z } from "zod";
import type { MatchFormat, MisbehaveAnswer, MisbehaveRequest, RecentVerdicts } from "../api.ts";
import { decodeCursor, listMatches, type MatchFilter, readFacets } from "./data/match-list.ts";
import type { WarehouseReader } from "./data/reader.ts";
import { REJECTED_MAX, type VerdictLedger } from "./data/verdicts.ts";
import { readJson } from "./http/body.ts";
import type { EventHub } from "./http/events.ts";
import { checkJson } from "./http/guard.ts";
import { HttpError } from "./http/problem.ts";
import { jsonReply, problemReply, type Reply } from "./http/reply.ts";
import type { Route } from "./http/router.ts";
import type { MatchBoard } from "./match-board.ts";
import { readOpenApi } from "./openapi.ts";

export interface RouteOptions {
  readonly reader: WarehouseReader;
  readonly board: MatchBoard;
  readonly ledger: () => VerdictLedger;
  readonly hub: EventHub;
  readonly pipeline: () => unknown;
  readonly misbehave: () => ((request: MisbehaveRequest) => Promise<MisbehaveAnswer>) | null;
}

const format: z.ZodType<MatchFormat> = z.enum(["odi", "t20i", "test"], { error: "must be odi, t20i or test" });
// NUL ends a text for some and not for others; DuckDB refuses it.
const words = z
  .string()
  .min(1, { error: "must not be empty" })
  .max(100, { error: "must be at most 100 characters" })
  .refine((value) => !value.includes("\u0000"), { error: "must not hold a NUL character" });

const limitUpTo = (max: number, ifAbsent: number): z.ZodType<number> =>
  z
    .string()
    .regex(/^\d{1,4}$/u, { error: `must be a whole number from 1 to ${max}` })
    .transform(Number)
    .refine((n) => n >= 1 && n <= max, { error: `must be a whole number from 1 to ${max}` })
    .default(ifAbsent);

const matchesQuery = z.strictObject({
  format: format.optional(),
  season: words.optional(),
  team: words.optional(),
  q: words.optional(),
  limit: limitUpTo(200, 50),
  cursor: words.max(200).optional(),
});
const recentQuery = z.strictObject({ limit: limitUpTo(REJECTED_MAX, 50) });
const nothing = z.strictObject({});
const matchId = z.string().regex(/^[\w-]{1,64}$/u, { error: "must be letters, digits, _ and -, at most 64" });
const misbehaveBody = z.strictObject({
  kind: z.enum(["repeat", "crash"], { error: 'must be "repeat" or "crash"' }),
});

const API = "/api/v1";

/** Everything below /api/v1. */
export function apiRoutes(options: RouteOptions): Route[] {
  const { reader, board, ledger, hub, pipeline } = options;
  const get = (path: string, handler: Route["handler"]): Route => ({ method: "GET", path: `${API}${path}`, handler });
  let openApi: Reply | undefined;
  return [
    get("/matches", async ({ query }) => {
      const filter = matchFilter(query);
      return jsonReply(await reader.read((ask) => listMatches(ask, filter, board.liveIds())));
    }),
    get("/matches/{id}", async ({ params, query }) => {
      check(nothing, paramsOf(query), "");
      const id = check(matchId, params["id"], "id");
      const view = await board.view(id);
      if (view === null) throw new HttpError(404, `nothing of match ${id} is loaded`);
      return jsonReply(view);
    }),
    get("/facets", async ({ query }) => {
      check(nothing, paramsOf(query), "");
      return jsonReply(await reader.read(readFacets));
    }),
    get("/live", async ({ query }) => {
      check(nothing, paramsOf(query), "");
      return jsonReply(await board.live());
    }),
    get("/pipeline", ({ query }) => {
      check(nothing, paramsOf(query), "");
      return jsonReply(pipeline());
    }),
    get("/verdicts/recent", ({ query }) => {
      const { limit } = check(recentQuery, paramsOf(query), "");
      const { totals, rejected } = ledger();
      const recent: RecentVerdicts = { totals, rejected: rejected.slice(0, limit) };
      return jsonReply(recent);
    }),
    get("/events", ({ request, response }) => {
      hub.connect(request, response);
      return null;
    }),
    get("/openapi.json", () => (openApi ??= jsonReply(readOpenApi()))),
    misbehaveRoute(options),
  ];
}

function misbehaveRoute({ misbehave }: RouteOptions): Route {
  return {
    method: "POST",
    path: `${API}/misbehave/{format}`,
    handler: async ({ params, request }) => {
      checkJson(request);
      const source = check(format, params["format"], "the format in the path");
      const { kind } = check(misbehaveBody, await readJson(request), "");
      const handler = misbehave();
      if (handler === null) throw new HttpError(409, "only a pipeline that `run` or `play` started can misbehave");
      const answer = await handler({ source, kind });
      return answer.ok ? { ...jsonReply(answer), cache: "no-store" } : problemReply(new HttpError(502, answer.text));
    },
  };
}

function matchFilter(query: URLSearchParams): MatchFilter {
  const given = check(matchesQuery, paramsOf(query), "");
  const after = given.cursor === undefined ? null : decodeCursor(given.cursor);
  if (given.cursor !== undefined && after === null)
    throw new HttpError(400, "cursor: take it from `next` of the page before");
  return {
    format: given.format ?? null,
    season: given.season ?? null,
    team: given.team ?? null,
    words:
      given.q
        ?.trim()
        .split(/\s+/u)
        .filter((word) => word !== "") ?? [],
    limit: given.limit,
    after,
  };
}

/** A parameter may be given once. */
function paramsOf(query: URLSearchParams): Record<string, string> {
  const params: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of query) {
    if (name in params) throw new HttpError(400, `${name}: may be given once`);
    params[name] = value;
  }
  return { ...params };
}

/** Throws an HttpError 400 that names what is wrong, by the first thing that is. */
function check<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = [what, ...(issue?.path ?? [])].filter((part) => part !== "").join(".");
  throw new HttpError(400, `${name === "" ? "" : `${name}: `}${issue?.message ?? "is not valid"}`);
}
