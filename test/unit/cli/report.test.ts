import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isStatusMessage, readStatusFile, type StatusMessage, statusReporter } from "../../../src/cli/report.ts";

interface Status {
  readonly state: string;
  readonly records: number;
}

describe("status reports", () => {
  let runDir: string;
  let sent: StatusMessage[];
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
    runDir = mkdtempSync(join(tmpdir(), "tu-report-"));
    sent = [];
  });
  afterEach(() => {
    vi.useRealTimers();
    rmSync(runDir, { recursive: true });
  });
  const reporter = (): ReturnType<typeof statusReporter<Status>> =>
    statusReporter<Status>({ name: "loader", runDir, intervalMs: 200, send: (message) => sent.push(message) });
  const records = (): unknown[] => sent.map((message) => (message.status as Status).records);

  it("sends figures at most once an interval, and always the latest", () => {
    const { report } = reporter();
    for (let records = 0; records < 100; records++) report({ state: "running", records });
    expect(records()).toEqual([0]);
    vi.advanceTimersByTime(200);
    expect(records()).toEqual([0, 99]);
    vi.advanceTimersByTime(1000);
    expect(records()).toEqual([0, 99]);
  });

  it("sends a change of state at once", () => {
    const { report } = reporter();
    report({ state: "running", records: 1 });
    report({ state: "retrying", records: 2 });
    expect(records()).toEqual([1, 2]);
  });

  it("sends what is left when it is closed", () => {
    const { report, close } = reporter();
    report({ state: "running", records: 1 });
    report({ state: "running", records: 2 });
    close();
    close();
    expect(records()).toEqual([1, 2]);
  });

  it("leaves the latest status in a file for other terminals, and no drafts", () => {
    reporter().report({ state: "running", records: 7 });
    expect(readStatusFile(runDir, "loader")).toEqual({
      name: "loader",
      pid: process.pid,
      at: 1_000_000,
      status: { state: "running", records: 7 },
    });
    expect(readdirSync(runDir)).toEqual(["loader.status.json"]);
    expect(readStatusFile(runDir, "feed")).toBeUndefined();
  });

  it("tells its own messages from those of others", () => {
    reporter().report({ state: "running", records: 1 });
    expect(isStatusMessage(sent[0])).toBe(true);
    for (const other of [null, "status", {}, { type: "status" }, { type: "status", name: 1, status: {} }]) {
      expect(isStatusMessage(other)).toBe(false);
    }
  });
});
