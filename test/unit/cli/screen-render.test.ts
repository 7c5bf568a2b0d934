import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { initialModel } from "../../../src/cli/screen/model.ts";
import { renderScreen } from "../../../src/cli/screen/render.ts";
import { statusLine } from "../../../src/cli/screen/status-line.ts";
import {
  busyModel,
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
      " Zimbabwe v West Indies, Bulawayo, 2016-11-25",
      " Zimbabwe 127/8 (36.5 ov) v West Indies · Raza 41* (60) · Holder 8-0-31-2",
      "",
      " SOURCE  records  accepted  duplicate  correction  stale  late  poison   lag",
      " odi      12,357     9,000      3,200         120     25     0       0    12",
      "",
      " commits  1,234, last 2.2 s ago · p50 4.2 ms · p99 40 ms",
      " loaded   45,678 rows, lag 3 · 99 transactions · p50 0.0 ms · p99 0.0 ms",
      " feed     12,345 rows, match 11/12 · 3,200 repeated, 145 wrong · 1 kill",
      "",
      " PROCESS          pid  state       restarts       up",
      " kafka           4711  ready              0   4m 07s",
      " postgres        4711  ready              1   200 ms",
      " source          4711  ready              0   4m 07s  at 0/16B3748, epoch 1",
      " processor-1     4711  ready              0   4m 07s  running, partitions 0 1",
      " processor-2     4711  ready              0   4m 07s  running, partitions 2 3",
      " loader          4711  ready              0   4m 07s",
      " feed            4711  ready              0   4m 07s",
      "",
      " 12:04:07  postgres killed by --crash, back after 2.1 s",
      "─".repeat(80),
      " Ctrl-C stops everything cleanly                              logs: .local/logs ",
    ]);
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

  it("says the verdicts in words where the table does not fit", () => {
    const text = plain(60, 24);
    expect(text).toContain(" odi 12,357 records, lag 12");
    expect(text).toContain(" 9,000 accepted · 3,200 duplicate · 120 correction\n 25 stale\n");
  });

  it("keeps score, verdicts and footer where rows are few", () => {
    const text = plain(80, 12);
    for (const part of ["Zimbabwe 127/8", "odi      12,357", "Ctrl-C stops everything"]) expect(text).toContain(part);
  });

  it("has the same text with colour as without", () => {
    const coloured = renderScreen(busyModel(), { columns: 80, rows: 24, colour: true });
    expect(coloured).not.toBe(plain(80, 24));
    expect(stripVTControlCharacters(coloured)).toBe(plain(80, 24));
  });

  it("says what it waits for before anything has reported", () => {
    const text = renderScreen(initialModel(NOON, ".local/logs", 4), { columns: 80, rows: 24, colour: false });
    expect(text).toContain("waiting for a ball to reach the warehouse");
    expect(text).toContain("no source has reported yet");
  });

  it("lets no control character of a name or message reach the terminal", () => {
    const evil = "\u001B[2J\u0007\u202Eowned\nline";
    const model = play([
      {
        type: "loader",
        at: NOON,
        status: loaderStatus({ state: "retrying", message: evil, live: { matchId: "1", title: evil, line: evil } }),
      },
      { type: "source", at: NOON, name: "source", id: evil, status: sourceStatus({ positionText: evil }) },
      { type: "processes", at: NOON, list: [processStatus("source")] },
      { type: "news", at: NOON, text: evil, tone: "bad" },
      { type: "phase", at: NOON, phase: "starting", doing: evil },
    ]);
    const text = renderScreen(model, { columns: 80, rows: 24, colour: false });
    expect(text.split("\n")).toHaveLength(24);
    expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(text).toContain("owned line");
  });

  it("fits counts of millions into the table", () => {
    const counts = { accepted: 1_430_000, duplicate: 429_000, correction: 28_600, stale: 9_999, late: 0, poison: 12 };
    const model = play([
      { type: "source", at: NOON, name: "source", id: "odi", status: sourceStatus() },
      {
        type: "processor",
        at: NOON,
        name: "processor-1",
        status: processorStatus({ counts, partitions: [0, 1, 2, 3] }),
      },
    ]);
    const text = renderScreen(model, { columns: 80, rows: 24, colour: false });
    expect(text).toContain("1,430,000");
    expect(text).not.toContain("…");
  });

  it("says in one line what the screen says, for logs", () => {
    expect(statusLine(busyModel())).toBe(
      "4m 07s playing | fed 12,345 rows, match 11/12 | accepted 9,000, duplicate 3,200, correction 120, stale 25 | " +
        "lag 12, commit p99 40 ms | loaded 45,678, lag 3 | Zimbabwe 127/8 (36.5 ov) v West Indies · Raza 41* (60) · Holder 8-0-31-2",
    );
  });
});
