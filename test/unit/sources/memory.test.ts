import { describe, expect, test } from "vitest";
import type { StoredPosition } from "../../../src/sources/kit/index.ts";
import { MemoryStore, runMemorySource } from "../../../src/sources/memory/index.ts";
import { decideStart, type MemoryPosition } from "../../../src/sources/memory/position.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";

describe("how the in-memory source goes on", () => {
  const store = { id: "a", first: 11, head: 20 };
  const at = (after: number, id = "a"): StoredPosition<MemoryPosition> => ({
    epoch: 3,
    events: 7,
    position: { store: id, after },
  });

  test("at the stored position, from the first row that is kept to the last", () => {
    for (const after of [10, 15, 20]) expect(decideStart(at(after), store)).toEqual({ from: at(after), gap: null });
  });

  test("the first time with the oldest row, which is no gap", () => {
    const from = { epoch: 1, events: 0, position: { store: "a", after: 10 } };
    expect(decideStart(null, store)).toEqual({ from, gap: null });
    expect(decideStart(null, store, "distrusted")).toEqual({ from, gap: null });
  });

  test.each<[string, StoredPosition<MemoryPosition>, string | null, RegExp]>([
    ["rows were dropped", at(9), null, /rows 10 to 10 were dropped/u],
    ["the store is behind", at(21), null, /ends at row 20, before our position 21/u],
    ["another store", at(15, "b"), null, /store a instead of b/u],
    ["a reason found while it ran", at(15), "made anew under us", /made anew under us/u],
  ])("EO-13: with a new epoch where continuity cannot be proved: %s", (_, stored, distrust, reason) => {
    const { from, gap } = decideStart(stored, store, distrust);
    expect(from).toEqual({ epoch: 4, events: 7, position: { store: "a", after: 10 } });
    expect(gap).toMatch(reason);
  });
});

test("EO-13: a store that is made anew under a running source is a gap event and a new epoch, and its rows are read", async () => {
  const broker = new ModelBroker();
  const store = new MemoryStore();
  const stop = new AbortController();
  const reached = new Map<string, () => void>();
  const event = async (name: string): Promise<void> => new Promise((resolve) => reached.set(name, resolve));
  const [first, second] = [event("1/2"), event("2/1")];
  store.append("k", "1");
  store.append("k", "2");
  const source = runMemorySource({
    log: new ModelLog(broker),
    store,
    sourceId: "s",
    rawTopic: "raw",
    positionsTopic: "positions",
    gapsTopic: "gaps",
    partitions: 1,
    signal: stop.signal,
    beatMs: 20,
    standbyMs: 40,
    onStatus: ({ epoch, positionText }) => reached.get(`${epoch}/${positionText}`)?.(),
  });
  await first;
  store.recreate();
  store.append("k", "3");
  await second;
  stop.abort();
  await source;
  expect(broker.readCommitted("raw").map(({ value }) => String(value))).toEqual(["1", "2", "3"]);
  const gaps = broker.readCommitted("gaps").map(({ value }) => JSON.parse(String(value)) as object);
  expect(gaps).toMatchObject([{ epoch: 2, action: "reading again from row 1" }]);
});
