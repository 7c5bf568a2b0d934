import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startCrashes } from "../../../src/cli/play/crashes.ts";
import type { ProcessStatus } from "../../../src/local/supervisor.ts";
import { processStatus } from "./screen-fixtures.ts";

describe("crashes on purpose", () => {
  let processes: ProcessStatus[];
  let kills: string[];
  beforeEach(() => {
    vi.useFakeTimers();
    kills = [];
    processes = ["postgres", "processor-1", "processor-2", "loader"].map((name) => processStatus(name));
  });
  afterEach(() => void vi.useRealTimers());
  const host = {
    list: () => processes,
    kill: (process: ProcessStatus) => void kills.push(process.name),
    killed: (target: string, name: string) => void kills.push(`${target}:`, name),
  };

  it("kills every so often, announced before it happens, until it is stopped", () => {
    const stop = startCrashes([{ target: "postgres", everyMs: 60_000 }], host);
    vi.advanceTimersByTime(59_999);
    expect(kills).toEqual([]);
    vi.advanceTimersByTime(60_001);
    expect(kills).toEqual(["postgres:", "postgres", "postgres", "postgres:", "postgres", "postgres"]);
    stop();
    vi.advanceTimersByTime(600_000);
    expect(kills).toHaveLength(6);
  });

  it("takes several processors in turn", () => {
    startCrashes([{ target: "processor", everyMs: 1000 }], { ...host, killed: () => undefined });
    vi.advanceTimersByTime(3000);
    expect(kills).toEqual(["processor-1", "processor-2", "processor-1"]);
  });

  it("takes the sources in turn, or the one that is named", () => {
    processes = ["source-odi", "source-t20i", "source-test", "mongodb", "feed-odi"].map((name) => processStatus(name));
    const quiet = { ...host, killed: () => undefined };
    const stop = startCrashes([{ target: "source", everyMs: 1000 }], quiet);
    vi.advanceTimersByTime(4000);
    stop();
    startCrashes([{ target: "source-test", everyMs: 1000 }], quiet);
    vi.advanceTimersByTime(2000);
    expect(kills).toEqual(["source-odi", "source-t20i", "source-test", "source-odi", "source-test", "source-test"]);
  });

  it("knows MongoDB's process by its short name", () => {
    processes = [processStatus("mongodb")];
    startCrashes([{ target: "mongo", everyMs: 1000 }], { ...host, killed: () => undefined });
    vi.advanceTimersByTime(1000);
    expect(kills).toEqual(["mongodb"]);
  });

  it("leaves alone what is down already, and what does not run here", () => {
    processes = [processStatus("postgres", { state: "starting" })];
    startCrashes(
      [
        { target: "postgres", everyMs: 1000 },
        { target: "kafka", everyMs: 1000 },
      ],
      host,
    );
    vi.advanceTimersByTime(5000);
    expect(kills).toEqual([]);
  });
});
