import { zeroCounts } from "../../../src/domain/review/verdict.ts";
import type { ScreenEvent } from "../../../src/cli/screen/reducer.ts";
import { describe, expect, it } from "vitest";
import { commitFigures, loadedRows, processorLag } from "../../../src/cli/screen/figures.ts";
import { feedFigures } from "../../../src/cli/screen/model.ts";
import type { ScreenModel } from "../../../src/cli/screen/model.ts";
import {
  feedStatus,
  loaderStatus,
  NOON,
  play,
  processStatus,
  processorStatus,
  sourceStatus,
} from "./screen-fixtures.ts";

const news = (model: ScreenModel): string[] => model.news.map((item) => item.text);

describe("the screen's reducer", () => {
  it("says how long a process was away that --crash has killed", () => {
    const model = play([
      { type: "processes", at: NOON, list: [processStatus("postgres")] },
      { type: "killed", at: NOON + 1000, target: "postgres", name: "postgres", by: "--crash" },
      {
        type: "processes",
        at: NOON + 1005,
        list: [processStatus("postgres", { state: "backing-off", pid: null, lastExit: "killed by SIGKILL" })],
      },
      { type: "processes", at: NOON + 1500, list: [processStatus("postgres", { state: "starting", pid: 2 })] },
      { type: "processes", at: NOON + 3100, list: [processStatus("postgres", { pid: 2, restarts: 1 })] },
      { type: "processes", at: NOON + 9000, list: [processStatus("postgres", { pid: 2, restarts: 1 })] },
    ]);
    expect(news(model)).toEqual(["postgres killed by --crash, back after 2.1 s"]);
    expect(model.kills.get("postgres")).toBe(1);
  });

  it("says it also of a process that somebody else has killed, with how it ended", () => {
    const model = play([
      { type: "processes", at: NOON, list: [processStatus("loader")] },
      {
        type: "processes",
        at: NOON + 100,
        list: [processStatus("loader", { state: "backing-off", pid: null, lastExit: "killed by SIGKILL" })],
      },
      {
        type: "processes",
        at: NOON + 500,
        list: [processStatus("loader", { lastExit: "killed by SIGKILL", restarts: 1 })],
      },
    ]);
    expect(news(model)).toEqual(["loader ended (killed by SIGKILL), back after 400 ms"]);
    expect(model.kills.size).toBe(0);
  });

  it("does not take the state before the kill for the return", () => {
    const model = play([
      { type: "processes", at: NOON, list: [processStatus("source")] },
      { type: "killed", at: NOON, target: "source", name: "source", by: "--crash" },
      { type: "processes", at: NOON + 1, list: [processStatus("source")] },
    ]);
    expect(news(model)).toEqual([]);
  });

  it("says once that a process has failed for good", () => {
    const failed = [processStatus("kafka", { state: "failed", lastExit: "exit code 1" })];
    const model = play([
      { type: "processes", at: NOON, list: failed },
      { type: "processes", at: NOON + 250, list: failed },
    ]);
    expect(news(model)).toEqual(["kafka has failed: exit code 1"]);
  });

  it("says why a part begins to retry, without the countdown, and not again at every try", () => {
    const retrying = (message: string): ReturnType<typeof loaderStatus> => loaderStatus({ state: "retrying", message });
    const model = play([
      { type: "loader", at: NOON, status: loaderStatus() },
      { type: "loader", at: NOON, status: retrying("Kafka cannot be reached; next try in 0.3 s") },
      { type: "loader", at: NOON + 300, status: retrying("Kafka cannot be reached; next try in 0.7 s") },
      { type: "loader", at: NOON + 9000, status: loaderStatus() },
      { type: "loader", at: NOON + 9500, status: retrying("Kafka cannot be reached") },
      { type: "loader", at: NOON + 20_000, status: loaderStatus() },
      { type: "loader", at: NOON + 20_001, status: retrying("the disk is full") },
    ]);
    expect(news(model)).toEqual(["loader: Kafka cannot be reached", "loader: the disk is full"]);
  });

  it("tells of a file that is not the one that was played before", () => {
    const message = "the file of match 1 is not the one that was played before: it is played again";
    const changed = { type: "feed", at: NOON, id: "t20i", status: feedStatus({ editions: 1, message }) } as const;
    const model = play([changed, { ...changed, status: feedStatus({ editions: 1, message: "playing" }) }]);
    expect(model.news.map(({ text, tone }) => [text, tone])).toEqual([[`feed-t20i: ${message}`, "warn"]]);
  });

  it("adds up the figures of a feed that was killed and started again", () => {
    const model = play([
      {
        type: "feed",
        at: NOON,
        id: "odi",
        status: feedStatus({ rowsInserted: 100, replays: 30, wrongs: 4, corrections: 2 }),
      },
      { type: "feed", at: NOON, id: "odi", status: feedStatus({ rowsInserted: 0 }) },
      {
        type: "feed",
        at: NOON,
        id: "odi",
        status: feedStatus({ rowsInserted: 10, replays: 3, wrongs: 1, corrections: 1 }),
      },
    ]);
    expect([...model.feeds.values()].map(feedFigures)).toEqual([
      {
        rowsInserted: 110,
        replays: 33,
        wrongs: 5,
        corrections: 3,
      },
    ]);
  });

  it("announces a new epoch of a source: continuity could not be proved (EO-13)", () => {
    const model = play([
      { type: "source", at: NOON, id: "odi", status: sourceStatus({ epoch: 0 }) },
      { type: "source", at: NOON, id: "odi", status: sourceStatus({ epoch: 1 }) },
      { type: "source", at: NOON, id: "odi", status: sourceStatus({ epoch: 2 }) },
    ]);
    expect(news(model)).toEqual(["source odi began epoch 2: a gap event says why"]);
  });

  describe("verdicts over several processors", () => {
    const counts = (accepted: number): ReturnType<typeof zeroCounts> => ({ ...zeroCounts(), accepted });
    const says = (name: string, partitions: number[], accepted: number): ScreenEvent => ({
      type: "processor",
      at: NOON,
      name,
      status: processorStatus({ partitions, counts: counts(accepted), lag: 3 }),
    });
    const both = [says("processor-1", [0, 1], 10), says("processor-2", [2, 3], 5)];

    it("are summed when each partition has one owner", () => {
      expect(play(both).verdicts).toEqual(counts(15));
      expect(processorLag(play(both))).toBe(6);
    });

    it("stay as they were while a partition has no owner or two", () => {
      expect(play([...both, says("processor-2", [], 0)]).verdicts).toEqual(counts(15));
      expect(play([...both, says("processor-2", [0, 1, 2, 3], 16)]).verdicts).toEqual(counts(15));
    });

    it("forget a processor that died, so that nobody's partitions count twice", () => {
      const model = play([
        ...both,
        { type: "processes", at: NOON + 1, list: [processStatus("processor-1", { state: "backing-off", pid: null })] },
        says("processor-2", [0, 1, 2, 3], 16),
      ]);
      expect(model.verdicts).toEqual(counts(16));
    });
  });

  it("shows the latency of the slowest processor", () => {
    const model = play([
      {
        type: "processor",
        at: NOON,
        name: "processor-1",
        status: processorStatus({ commits: 10, commitMs: { p50: 4, p99: 9 }, lastCommitAt: NOON }),
      },
      {
        type: "processor",
        at: NOON,
        name: "processor-2",
        status: processorStatus({ commits: 5, commitMs: { p50: 2, p99: 30 } }),
      },
    ]);
    expect(commitFigures(model)).toEqual({ commits: 15, p50: 4, p99: 30, lastAt: NOON });
  });

  it("adds up what the processes of a loader that was killed have loaded, and keeps the match on screen", () => {
    const live = { "cricket.odi.raw": { matchId: "1", title: "A v B", line: "A 1/0" } };
    const model = play([
      { type: "loader", at: NOON, status: loaderStatus({ rows: 100, live }) },
      { type: "loader", at: NOON, status: loaderStatus({ rows: 0, state: "opening" }) },
      { type: "loader", at: NOON, status: loaderStatus({ rows: 7 }) },
    ]);
    expect([loadedRows(model), model.loader?.live]).toEqual([107, live]);
  });

  it("keeps only the last news of a run that takes days", () => {
    const model = play(
      Array.from(
        { length: 500 },
        (_, index) => ({ type: "news", at: NOON + index, text: `news ${index}`, tone: "plain" }) as const,
      ),
    );
    expect(model.news).toHaveLength(50);
    expect(news(model).at(-1)).toBe("news 499");
  });

  it("never moves its clock back", () => {
    expect(
      play([
        { type: "tick", at: NOON + 5 },
        { type: "tick", at: NOON + 1 },
      ]).now,
    ).toBe(NOON + 5);
  });
});
