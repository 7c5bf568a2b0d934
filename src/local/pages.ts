/** The two pages: where they are, and whether they answer now. */
import type { Settings } from "../settings.ts";
import { supersetAnswers, supersetUrl } from "./superset.ts";

export interface PageStatus {
  readonly name: "live page" | "Superset";
  readonly url: string;
  readonly up: boolean;
  /** What brings it up. */
  readonly remedy: string;
}

const ANSWER_MS = 2000;

/** Where the live page is when the loader runs. */
export function livePageUrl({ dashboardHost: host, dashboardPort: port }: Settings): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}/`;
}

export async function pageStatuses(settings: Settings): Promise<PageStatus[]> {
  const [page, superset] = await Promise.all([livePageAnswers(settings), supersetAnswers(settings)]);
  return [
    { name: "live page", url: livePageUrl(settings), up: page, remedy: "third-umpire run, or third-umpire loader" },
    {
      name: "Superset",
      url: supersetUrl(settings),
      up: superset,
      remedy: "third-umpire run, or third-umpire up --superset",
    },
  ];
}

/** Another program may have the port: only ours describes this API there, or asks for its token. */
async function livePageAnswers(settings: Settings): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const headers = settings.dashboardToken === null ? {} : { Authorization: `Bearer ${settings.dashboardToken}` };
    const answer = await fetch(new URL("api/v1/pipeline", livePageUrl(settings)), { signal, headers });
    const view: unknown = answer.ok ? await answer.json() : null;
    return typeof view === "object" && view !== null && "warehouse" in view && "verdicts" in view;
  } catch {
    return false; // nobody, or somebody who speaks otherwise
  }
}
