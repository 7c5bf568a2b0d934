import type { MatchQuery, MisbehaveAnswer, Problem } from "../../api.ts";
import type { Action, Fetched } from "../state/actions.ts";
import type { Want } from "../state/model.ts";

export const API: string = "api/v1";

/** Fetches what the page wants; the answer, or what went wrong in words, as an action. */
export async function fetchWant(want: Want): Promise<Action> {
  try {
    return { type: "fetched", fetched: await answer(want) };
  } catch (error) {
    return { type: "failed", want, detail: error instanceof Error ? error.message : String(error) };
  }
}

async function answer(want: Want): Promise<Fetched> {
  switch (want.kind) {
    case "live":
      return { kind: "live", value: await get("live") };
    case "match":
      return { kind: "match", id: want.id, value: await get(`matches/${encodeURIComponent(want.id)}`) };
    case "pipeline":
      return { kind: "pipeline", value: await get("pipeline") };
    case "rejected":
      return { kind: "rejected", value: await get("verdicts/recent?limit=30") };
    case "picker":
      return { kind: "picker", query: want.query, value: await get(`matches?${queryText(want.query)}`) };
    case "facets":
      return { kind: "facets", value: await get("facets") };
    case "misbehave":
      return { kind: "misbehave", source: want.source, value: await misbehave(want) };
  }
}

function queryText(query: MatchQuery): string {
  const parts = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined || value === "" ? [] : [[name, String(value)]],
  );
  return new URLSearchParams(parts).toString();
}

async function get<T>(path: string): Promise<T> {
  const response = await reach(`${API}/${path}`, { headers: { accept: "application/json" } });
  if (!response.ok) throw new Error(await problemText(response));
  return (await response.json()) as T;
}

/** 502 has an answer, too: what was tried and why it did not work. */
async function misbehave({ source, body }: Extract<Want, { kind: "misbehave" }>): Promise<MisbehaveAnswer> {
  const response = await reach(`${API}/misbehave/${source}`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
  });
  const isAnswer = response.headers.get("content-type")?.startsWith("application/json") === true;
  if (!isAnswer) return { ok: false, text: await problemText(response) };
  return (await response.json()) as MisbehaveAnswer;
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    throw new Error("The server does not answer.", { cause: error });
  }
}

async function problemText(response: Response): Promise<string> {
  const isProblem = response.headers.get("content-type")?.includes("problem+json") === true;
  const problem = isProblem ? ((await response.json()) as Partial<Problem>) : {};
  return problem.detail ?? problem.title ?? `The server answered ${response.status}.`;
}
