import { describe, expect, it } from "vitest";
import type { PartitionState } from "../../../src/processor/inspect.ts";
import { bytes, count, span, table } from "../../../src/cli/output.ts";
import { readable, readQuarantined, retryHeaders } from "../../../src/cli/quarantine-record.ts";
import { aboutRaw } from "../../../src/pipelines/cricket/about-raw.ts";
import { stateLines } from "../../../src/cli/state-report.ts";
import { VerdictReport } from "../../../src/cli/verdict-report.ts";
import {
  VerdictBlockBuilder,
  decodeVerdictBlock,
  type VerdictBlock,
} from "../../../src/domain/review/verdict-block.ts";
import { zeroCounts } from "../../../src/domain/review/verdict.ts";
import type { RecordBatch, RecordHeaders } from "../../../src/kafka/log.ts";

const RAW = "cricket.odi.raw";
const strip = (lines: readonly string[]): string => lines.join("\n").replace(/\u001B\[\d+m/gu, "");

/** Offsets from..to: even ones accepted, odd ones duplicates of offset 0. */
function block(partition: number, from: number, to: number): VerdictBlock {
  const builder = new VerdictBlockBuilder(RAW, partition, from, from);
  for (let offset = from; offset < to; offset++) {
    if (offset % 2 === 0) builder.accept(offset);
    else builder.reject(offset, "duplicate", [1, 2, 3, 4], 0, 0, null);
  }
  return decodeVerdictBlock(builder.encode(null));
}

describe("the verdict report", () => {
  const offsets = (report: VerdictReport): number[] => report.records.map((record) => record.offset);

  it("adds up the blocks of a partition: inputs = sum of verdicts (EO-1)", () => {
    const report = new VerdictReport({ verdicts: [], fromOffset: undefined, limit: 50 }, [RAW]);
    for (const [from, to] of [
      [0, 10],
      [12, 20],
    ] as const)
      report.add(block(1, from, to));
    expect(report.totals).toEqual([
      { topic: RAW, partition: 1, counts: { ...zeroCounts(), accepted: 9, duplicate: 9 }, toOffset: 20, blocks: 2 },
    ]);
    expect(report.inputs).toBe(18);
    expect(report.records[0]).toMatchObject({
      offset: 1,
      verdict: "duplicate",
      firstSeen: { topic: RAW, partition: 1, offset: 0 },
    });
  });

  it("shows the newest records, or those from an offset on", () => {
    const newest = new VerdictReport({ verdicts: [], fromOffset: undefined, limit: 2 }, [RAW]);
    const from = new VerdictReport({ verdicts: [], fromOffset: 100, limit: 2 }, [RAW]);
    const all = new VerdictReport({ verdicts: [], fromOffset: undefined, limit: 0 }, [RAW]);
    for (let start = 0; start < 10_000; start += 100)
      for (const report of [newest, from, all]) report.add(block(0, start, start + 100));
    expect([offsets(newest), offsets(from), offsets(all).length]).toEqual([[9997, 9999], [101, 103], 5000]);
    expect([newest.matching, from.matching, all.matching]).toEqual([5000, 4950, 5000]);
  });

  it("filters by verdict without changing the totals", () => {
    const report = new VerdictReport({ verdicts: ["poison"], fromOffset: undefined, limit: 50 }, [RAW]);
    report.add(block(0, 0, 10));
    expect([report.records, report.matching, report.inputs]).toEqual([[], 0, 10]);
  });
});

describe("quarantined records", () => {
  const headers = (fields: Readonly<Record<string, string>>): RecordHeaders =>
    Object.entries(fields).map(([name, value]) => [name, Buffer.from(value)]);
  const batch = (of: RecordHeaders): RecordBatch => ({
    topic: "cricket.quarantine",
    partition: 2,
    length: 1,
    offset: () => 0,
    timestamp: () => 0,
    key: () => Buffer.from("1059715"),
    value: () => Buffer.from("{"),
    headers: () => of,
  });
  const original = { ce_id: "0/16B3748", ce_type: "cricket.odi.delivery.v1" };
  const added = {
    tu_reason: "not JSON",
    tu_topic: RAW,
    tu_partition: "2",
    tu_offset: "1234",
    tu_at: "2026-11-21T12:00:00.000Z",
  };

  it("are named by where the original stands, and keep its headers apart from ours", () => {
    const record = readQuarantined(batch(headers({ ...original, ...added })), 0);
    expect(record).toMatchObject({
      id: `${RAW}/2/1234`,
      reason: "not JSON",
      at: "2026-11-21T12:00:00.000Z",
      topic: RAW,
      partition: 2,
      offset: 1234,
    });
    expect(record?.headers).toEqual(headers(original));
  });

  it("are sent again with the original's headers, and the name of what they repair", () => {
    const record = readQuarantined(batch(headers({ ...original, ...added })), 0);
    expect(record).toBeDefined();
    expect(record && retryHeaders(record.id, record.headers)).toEqual(
      headers({ ...original, tu_retry_of: `${RAW}/2/1234` }),
    );
  });

  it("of a retry that was poison again do not carry the old name along", () => {
    const record = readQuarantined(batch(headers({ ...original, tu_retry_of: `${RAW}/2/1`, ...added })), 0);
    expect(record && retryHeaders(record.id, record.headers).filter(([name]) => name === "tu_retry_of")).toEqual(
      headers({ tu_retry_of: `${RAW}/2/1234` }),
    );
  });

  it("without our headers are none", () => {
    expect(readQuarantined(batch(headers(original)), 0)).toBeUndefined();
    expect(readQuarantined(batch(headers({ ...added, tu_offset: "x" })), 0)).toBeUndefined();
  });

  it("are shown as JSON, as text without control characters, or as a hex dump", () => {
    expect(readable(Buffer.from('{"a":1}'))).toBe('{\n  "a": 1\n}');
    expect(readable(Buffer.from("ball\u001B[2J\tby ball"))).toBe("ball�[2J\tby ball");
    expect(readable(Buffer.from([0xff, 0x00, 0x10]))).toBe("ff 00 10");
    expect(readable(Buffer.alloc(600, 0xff))).toMatch(/… 600 bytes in all$/u);
    expect(readable(null)).toBe("(none)");
  });
});

describe("what a raw record is about", () => {
  it.each([
    ['{"match_id":"1","innings":"1","ball":"0.10"}', "1 innings 1 ball 0.10"],
    ['{"match_id":"1","info":"info,city"}', "1 match"],
    ['{"match_id":"1","file":"1.csv","line":7,"problem":"too few columns"}', "1 unreadable line 7 of 1.csv"],
    ["{", "1 (1 bytes, not JSON)"],
    ["null", "1 (4 bytes, not JSON)"],
  ])("reads %s as %s", (value, about) => {
    expect(aboutRaw(Buffer.from("1"), Buffer.from(value))).toBe(about);
  });

  it("copes with no key and no value", () => {
    expect(aboutRaw(null, null)).toBe("no key (empty)");
  });
});

describe("the state report", () => {
  const state: PartitionState = {
    partition: 3,
    segments: 2,
    entries: 1000,
    superseded: 12,
    bytes: 32_080,
    storedBytes: 41_000,
    oldest: Date.UTC(2026, 0, 1),
    newest: Date.UTC(2026, 10, 21, 12),
    stores: [{ name: "scores", keys: 7 }],
    digest: "2:0123456789abcdef.0123",
    counts: null,
    sound: true,
    committed: [{ topic: RAW, partition: 3, offset: 1234, metadata: "" }],
    metadata: {
      owner: "cricket-processor-1",
      fingerprint: "f",
      streamTime: null,
      counts: zeroCounts(),
      digest: "2:0123456789abcdef.0123",
      commit: 5,
      incarnation: "00ff00ff00ff00ff",
      topicId: undefined,
    },
  };

  it("says for each partition how much is known, since when, and whether it is what was committed (EO-4)", () => {
    const text = strip(stateLines([state]));
    expect(text).toMatch(
      /3 +1,000 +12 +2 +41 kB +32 kB +2026-01-01 00:00:00 +2026-11-21 12:00:00 +1234 +2:0123456789abcdef +as committed/u,
    );
    expect(text).toContain("partition 3, store scores: 7 keys");
    expect(text).toContain("1,000 known events and 12 superseded statements: 32 kB in memory, 41 kB in Kafka.");
  });

  it("says it loudly when it is not", () => {
    const text = strip(stateLines([{ ...state, sound: false }]));
    expect(text).toContain("DIFFERS from the commit");
    expect(text).toContain("The state of partition 3 is not the one that was committed.");
  });

  it("knows an empty partition from one that is being written", () => {
    expect(strip(stateLines([{ ...state, sound: null, metadata: null, committed: [null] }]))).toMatch(
      / - +2:0123456789abcdef +never committed/u,
    );
    expect(strip(stateLines([{ ...state, sound: null }]))).toContain("being written");
  });
});

describe("figures for people", () => {
  it("writes counts, sizes and spans of time", () => {
    expect([count(0), count(999), count(1000), count(1_234_567)]).toEqual(["0", "999", "1,000", "1,234,567"]);
    expect([bytes(0), bytes(999), bytes(1400), bytes(54_000_000)]).toEqual(["0 B", "999 B", "1.4 kB", "54 MB"]);
    expect([span(340), span(2100), span(59_000), span(245_000), span(4_320_000)]).toEqual([
      "340 ms",
      "2.1 s",
      "59 s",
      "4m 05s",
      "1h 12m",
    ]);
    expect(span(59_700)).toBe("1m 00s");
  });

  it("lays columns out as wide as their widest cell", () => {
    const lines = table<readonly [string, number]>(
      [
        { title: "NAME", value: ([name]) => name },
        { title: "N", right: true, value: ([, n]) => String(n) },
      ],
      [
        ["a", 1],
        ["longer", 1000],
      ],
    );
    expect(strip(lines)).toBe("NAME       N\na          1\nlonger  1000");
  });
});
