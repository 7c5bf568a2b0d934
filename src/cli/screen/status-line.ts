import { VERDICTS } from "../../domain/review/verdict.ts";
import { count, span } from "../output.ts";
import { SOURCES } from "../play/sources.ts";
import { commitFigures, processorLag, loadedRows } from "./figures.ts";
import { feedFigures, type ScreenModel } from "./model.ts";
import { harmless } from "./spans.ts";

/** The screen in one line, for a log or a pipe. */
export function statusLine(model: ScreenModel): string {
  const counts = model.verdicts;
  const commit = commitFigures(model);
  const verdicts = VERDICTS.filter((verdict) => counts[verdict] > 0).map(
    (verdict) => `${verdict} ${count(counts[verdict])}`,
  );
  const parts = [
    `${span(model.now - model.startedAt)} ${model.phase}${model.doing === "" ? "" : ` (${harmless(model.doing)})`}`,
    ...[...model.feeds].map(
      ([id, feed]) =>
        `${id} fed ${count(feedFigures(feed).rowsInserted)}, match ${feed.status.matchesDone}/${feed.status.matchesTotal}`,
    ),
    verdicts.join(", "),
    model.processors.size === 0 ? "" : `lag ${count(processorLag(model))}, commit p99 ${Math.round(commit.p99)} ms`,
    model.loader === null ? "" : `loaded ${count(loadedRows(model))}, lag ${model.loader.lag ?? "unknown"}`,
    ...model.sourceIds.map((id) => harmless(model.loader?.live[SOURCES[id].rawTopic]?.line ?? "")),
  ];
  return parts.filter((part) => part !== "").join(" | ");
}
