import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { initialModel } from "../../../src/cli/screen/model.ts";
import { renderScreen } from "../../../src/cli/screen/render.ts";
import { statusLine } from "../../../src/cli/screen/status-line.ts";
import {
  busyModel,
  feedStatus,
  loaderStatus,
  NOON,
  play,
  processorStatus,
  processStatus,
  sourceStatus,
} from "./screen-fixtures.ts";

const plain = (columns: number, rows: number): string => renderScreen(busyModel(), { columns, rows, colour: false });

describe("the screen", () => {
  it("shows on 80×24 what a run is about", () => {
    const lines = plain(80, 24).split("\n");
    expect(lines).toEqual([
      " THIRD UMPIRE  playing                                     for 4m 07s  12:04:07 ",
      "─".repeat(80),
      " odi  New Zealand 46/1 (12.1 ov) v England · Williamson 2* (16) · Woakes 6.1-0-…",
      " t20i West Indies 85/4 (12.1 ov) v England · Samuels 45* (35) · Rashid 2-0-15-1",
      " test England 286/9 (114.5 ov) v Australia · Stokes 61* (174) · Lyon 36-5-103-1",
      " SOURCE  match     fed  repeated  wrong    sent    lag  restarts  state",
      " odi     11/12  12,345     3,200    145  12,357  512 B         0  streaming",
      " t20i    11/12  12,345     3,200    145  12,357  0.4 s         0  streaming",
      " test    11/12  12,345     3,200    145  12,357      3         0  streaming",
      " verdicts 9,000 accepted · 3,200 duplicate · 120 correction",
      "          25 stale · 12 to judge",
      " commits  1,234, last 2.2 s ago · p50 4.2 ms · p99 40 ms · 1 kill",
      " loaded   45,678 rows, lag 3 · 99 transactions · p50 0.0 ms · p99 0.0 ms",
      " PROCESS         pid state      restarts PROCESS         pid state      restarts",
      " kafka          4711 ready             0 source-odi     4711 ready             0",
      " postgres       4711 ready             0 feed-odi       4711 ready             0",
      " mongodb        4711 ready             1 source-t20i    4711 ready             0",
      " lambda         4711 ready             0 feed-t20i      4711 ready             0",
      " processor-1    4711 ready             0 source-test    4711 ready             0",
      " processor-2    4711 ready             0 feed-test      4711 ready             0",
      " loader         4711 ready             0",
      " 12:04:07  mongodb killed by --crash, back after 2.1 s",
      "─".repeat(80),
      " Ctrl-C stops everything cleanly                              logs: .local/logs ",
    ]);
  });

  it("gives each score, each source and each process its own lines where there is room", () => {
    const text = plain(120, 40);
    for (const line of [
      " odi  England v New Zealand, London, 2019-07-14",
      "      New Zealand 46/1 (12.1 ov) v England · Williamson 2* (16) · Woakes 6.1-0-18-1",
      " test England v Australia, Leeds, 2019-08-22",
      " verdicts 9,000 accepted · 3,200 duplicate · 120 correction · 25 stale · 12 to judge",
      " processor-1     4711  ready              0   4m 07s  running, partitions 0 1",
      " source-t20i     4711  ready              0   4m 07s  at 0/16B3748, epoch 1",
      " 12:04:07  mongodb killed by --crash, back after 2.1 s",
    ]) {
      expect(text.split("\n")).toContain(line);
    }
  });

  it.each([
    [80, 24],
    [200, 60],
    [120, 30],
    [79, 20],
    [77, 24],
    [60, 18],
    [40, 12],
    [20, 6],
    [80, 3],
  ])("never draws beyond %d×%d, and fills its height", (columns, rows) => {
    const lines = plain(columns, rows).split("\n");
    expect(lines).toHaveLength(rows);
    for (const line of lines) expect([...line].length, line).toBeLessThanOrEqual(columns);
  });

  it("says in words what its tables have no room for", () => {
    const text = plain(60, 24);
    expect(text).toContain(" odi  streaming, match 11/12, 12,345 fed, 12,357 sent, lag");
    expect(text).toContain(
      " verdicts 9,000 accepted · 3,200 duplicate\n          120 correction · 25 stale · 12 to judge\n",
    );
  });

  it("keeps scores, sources and footer where rows are few", () => {
    const text = plain(80, 12);
    for (const part of ["New Zealand 46/1", "England 286/9", "test    11/12", "Ctrl-C stops everything"]) {
      expect(text).toContain(part);
    }
  });

  it("says of each source what its score waits for", () => {
    const model = play(
      [
        {
          type: "processes",
          at: NOON,
          list: [processStatus("postgres"), processStatus("mongodb", { state: "starting" })],
        },
        { type: "feed", at: NOON, id: "test", status: feedStatus() },
      ],
      initialModel(NOON, ".local/logs", 4, ["odi", "t20i", "test"]),
    );
    expect(renderScreen(model, { columns: 80, rows: 24, colour: false }).split("\n").slice(2, 5)).toEqual([
      " odi  its source is being started",
      " t20i waiting for MongoDB",
      " test waiting for a ball to reach the warehouse",
    ]);
  });

  it("has the same text with colour as without", () => {
    const coloured = renderScreen(busyModel(), { columns: 80, rows: 24, colour: true });
    expect(coloured).not.toBe(plain(80, 24));
    expect(stripVTControlCharacters(coloured)).toBe(plain(80, 24));
  });

  it("lets no control character of a name or message reach the terminal", () => {
    const evil = "\u001B[2J\u0007\u202Eowned\nline";
    const model = play([
      {
        type: "loader",
        at: NOON,
        status: loaderStatus({
          state: "retrying",
          message: evil,
          live: { "cricket.odi.raw": { matchId: "1", title: evil, line: evil } },
        }),
      },
      { type: "source", at: NOON, id: "odi", status: sourceStatus({ positionText: evil }) },
      { type: "processes", at: NOON, list: [processStatus("source-odi")] },
      { type: "news", at: NOON, text: evil, tone: "bad" },
      { type: "phase", at: NOON, phase: "starting", doing: evil },
    ]);
    const text = renderScreen(model, { columns: 80, rows: 24, colour: false });
    expect(text.split("\n")).toHaveLength(24);
    expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(text).toContain("owned line");
  });

  it("fits counts of millions into its tables", () => {
    const counts = { accepted: 1_430_000, duplicate: 429_000, correction: 28_600, stale: 9_999, late: 0, poison: 12 };
    const model = play([
      { type: "source", at: NOON, id: "odi", status: sourceStatus({ events: 1_900_000 }) },
      {
        type: "feed",
        at: NOON,
        id: "odi",
        status: feedStatus({
          rowsInserted: 1_900_000,
          replays: 429_000,
          wrongs: 57_000,
          matchesDone: 2059,
          matchesTotal: 2060,
        }),
      },
      {
        type: "processor",
        at: NOON,
        name: "processor-1",
        status: processorStatus({ counts, partitions: [0, 1, 2, 3] }),
      },
    ]);
    const text = renderScreen(model, { columns: 80, rows: 24, colour: false });
    expect(text).toContain(" odi     2059/2060  1,900,000   429,000  57,000  1,900,000");
    expect(text).toContain("1,430,000");
    expect(text).not.toContain("…");
  });

  it("says in one line what the screen says, for logs", () => {
    const fed = ["odi", "t20i", "test"].map((id) => `${id} fed 12,345, match 11/12 | `).join("");
    expect(statusLine(busyModel())).toBe(
      `4m 07s playing | ${fed}accepted 9,000, duplicate 3,200, correction 120, stale 25 | ` +
        "lag 12, commit p99 40 ms | loaded 45,678, lag 3 | " +
        "New Zealand 46/1 (12.1 ov) v England · Williamson 2* (16) · Woakes 6.1-0-18-1 | " +
        "West Indies 85/4 (12.1 ov) v England · Samuels 45* (35) · Rashid 2-0-15-1 | " +
        "England 286/9 (114.5 ov) v Australia · Stokes 61* (174) · Lyon 36-5-103-1",
    );
  });
});
