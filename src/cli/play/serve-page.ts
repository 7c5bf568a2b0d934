import type { Logger } from "pino";
import { type Dashboard, startDashboard } from "../../dashboard/server/index.ts";
import type { Settings } from "../../settings.ts";
import { hearParent, tellParent } from "./channel.ts";
import { PageEnd } from "./page-end.ts";

export interface ServedPage {
  readonly dashboard: Dashboard;
  close(): Promise<void>;
}

/** Serves the live page from this process, and connects it with `play` where that has started us. */
export async function servePage(
  { dashboardHost: host, dashboardPort: port, dashboardToken: token }: Settings,
  signal: AbortSignal,
  logger: Logger,
): Promise<ServedPage> {
  let end: PageEnd | null = null;
  // Undefined until the first attempt to listen has ended; the page can be told of only when there is one.
  let lastNote: string | null | undefined;
  const onNote = (note: string | null): void => {
    if (note === lastNote) return;
    lastNote = note;
    end?.note(note);
    if (note !== null) logger.warn(note);
    else if (end !== null) logger.info("the live page is there now");
  };
  const onError = (error: unknown): void => logger.error({ err: error }, "the live page");
  const dashboard = await startDashboard({ host, port, token, signal, onNote, onError });
  end = new PageEnd({ page: dashboard, tell: tellParent });
  if (lastNote !== undefined) end.note(lastNote);
  if (lastNote === null) logger.info(`live page: ${dashboard.url}`);
  const stopHearing = hearParent((message) => end?.hear(message));
  return {
    dashboard,
    close: async () => {
      stopHearing();
      await dashboard.close();
    },
  };
}
