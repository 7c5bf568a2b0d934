import { beforeEach, describe, expect, it } from "vitest";
import { type Expectation, expectationOf, recordsBefore } from "../../../bench/expectation.ts";
import { PARTITIONS } from "../../../bench/run-topics.ts";
import { isRight, type Score, scoreRun } from "../../../bench/score.ts";
import { workload, type WorkloadRecord } from "../../../bench/workload.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";

/* The benchmark judges every run by this score, so each kind of damage is shown to it once. */
const topics = { group: "g", input: "in", out: "out", counts: "counts" };
const MINUTE_MS = 60_000;

let broker: ModelBroker;
let expectation: Expectation;
/** The first occurrence of each id, in input order. */
let firsts: WorkloadRecord[];

interface Window {
  readonly match: string;
  readonly window: number;
  readonly count: number;
  readonly runs: number;
}

beforeEach(async () => {
  broker = new ModelBroker();
  for (const name of [topics.input, topics.out, topics.counts]) broker.createTopic({ name, partitions: PARTITIONS });
  firsts = [];
  const seen = new Set<string>();
  for (const record of workload({ ids: 300, replays: 0.3, partitions: PARTITIONS, seed: 7 })) {
    broker.append(topics.input, record.partition, record.key, record.value);
    const text = record.value.toString();
    if (!seen.has(text)) firsts.push(record);
    seen.add(text);
  }
  expectation = await expectationOf(new ModelLog(broker), topics.input);
});

/** The final value of every window, recomputed here and not taken from the expectation. */
function windowsOf(records: readonly WorkloadRecord[]): Map<string, Window> {
  const windows = new Map<string, Window>();
  for (const { value } of records) {
    const { match, ts, runs } = JSON.parse(value.toString()) as { match: string; ts: number; runs: number };
    const window = Math.floor(ts / MINUTE_MS) * MINUTE_MS;
    const known = windows.get(`${match}|${window}`);
    windows.set(`${match}|${window}`, {
      match,
      window,
      count: (known?.count ?? 0) + 1,
      runs: (known?.runs ?? 0) + runs,
    });
  }
  return windows;
}

async function score(out: readonly WorkloadRecord[], windows: Iterable<Window>): Promise<Score> {
  for (const { partition, key, value } of out) broker.append(topics.out, partition, key, value);
  for (const window of windows) broker.append(topics.counts, 0, window.match, JSON.stringify(window));
  return scoreRun(new ModelLog(broker), expectation, topics);
}

const right = (): Window[] => [...windowsOf(firsts).values()];

describe("the score of a benchmark run", () => {
  it("finds nothing wrong with each first occurrence once, in order, and the last value of each window", async () => {
    const early = right().map((window) => ({ ...window, count: 1 }));
    const found = await score(firsts, [...early, ...right()]);
    expect(found).toMatchObject({ expected: 300, read: 300 });
    expect(isRight(found)).toBe(true);
    expect(expectation.records).toBeGreaterThan(350);
  });

  it("counts what is lost and what is repeated", async () => {
    const found = await score([...firsts.slice(1), firsts.at(-1)!], right());
    expect(found).toMatchObject({ lost: 1, repeated: 1 });
    expect(isRight(found)).toBe(false);
  });

  it("counts what is out of order within its partition, and not between partitions", async () => {
    const samePartition = firsts.filter(({ partition }) => partition === firsts[0]!.partition);
    const others = firsts.filter(({ partition }) => partition !== firsts[0]!.partition);
    const [one, two, ...rest] = samePartition;
    const found = await score([...others, two!, one!, ...rest], right());
    expect(found).toMatchObject({ lost: 0, repeated: 0, reordered: 1 });
    expect(isRight(found)).toBe(false);
  });

  it.each([
    [
      "other bytes",
      (r: WorkloadRecord) => ({ ...r, value: Buffer.from(r.value.toString().replace('"over":', '"Over":')) }),
    ],
    ["another key", (r: WorkloadRecord) => ({ ...r, key: Buffer.from("match-x") })],
    ["an id that was never sent", (r: WorkloadRecord) => ({ ...r, value: Buffer.from('{"id":"new","match":"m"}') })],
    ["another partition", (r: WorkloadRecord) => ({ ...r, partition: (r.partition + 1) % PARTITIONS })],
  ])("counts %s as changed", async (_, damage) => {
    const found = await score([damage(firsts[0]!), ...firsts.slice(1)], right());
    expect(found.changed).toBe(1);
    expect(isRight(found)).toBe(false);
  });

  it("counts windows that are wrong, missing or superfluous", async () => {
    const [first, second, ...rest] = right();
    const found = await score(firsts, [{ ...first!, runs: first!.runs + 1 }, { ...second!, window: 0 }, ...rest]);
    expect(found.wrongWindows).toBe(3);
    expect(isRight(found)).toBe(false);
  });

  it("counts the records before an offset, whatever offsets the markers took", () => {
    const partition = { offsets: [0, 1, 5, 6], ranks: new Map<string, number>(), checksums: [] };
    expect([0, 1, 2, 5, 6, 7, 99].map((offset) => recordsBefore(partition, offset))).toEqual([0, 1, 2, 2, 3, 4, 4]);
  });
});
