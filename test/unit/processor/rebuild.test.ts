import { beforeEach, describe, expect, it } from "vitest";
import { IdentityHasher } from "../../../src/domain/review/identity.ts";
import { decodeVerdictBlock } from "../../../src/domain/review/verdict-block.ts";
import {
  defineTopology,
  jsonCodec,
  type ProcessorStatus,
  runProcessor,
  type StoreSpec,
  type Topology,
} from "../../../src/processor/index.ts";
import { describeState } from "../../../src/processor/inspect.ts";
import { rebuildState } from "../../../src/processor/rebuild.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";

interface Order {
  readonly id: string;
  readonly amount: number;
}

const sums: StoreSpec<{ sum: number }> = { name: "sums", value: jsonCodec() };
const GROUP = "orders";

function topology(identityVersion = 1, inputs: readonly string[] = ["raw"]): Topology<Order> {
  return defineTopology<Order>({
    name: "orders",
    identityVersion,
    inputs,
    outputs: ["clean"],
    partitions: 2,
    review: { retention: "unbounded" },
    stores: [sums],
    decode: (record) => JSON.parse(record.value!.toString()),
    identify: (order) => ({ key: order.id, content: String(order.amount) }),
    process: (order, record, context) => {
      const store = context.store(sums);
      store.put("all", { sum: (store.get("all")?.sum ?? 0) + order.amount });
      context.emit("clean", record.key, record.value);
    },
  });
}

describe("state that no longer fits", () => {
  let broker: ModelBroker;
  beforeEach(async () => {
    await IdentityHasher.create();
    broker = new ModelBroker();
    for (const name of ["raw", "clean"]) broker.createTopic({ name, partitions: 2 });
  });

  const order = (partition: number, id: string, amount: number, topic = "raw"): number =>
    broker.append(topic, partition, id, JSON.stringify({ id, amount }));

  /** Runs a processor until everything appended so far is judged. */
  async function judge(spec: Topology<Order> = topology()): Promise<ProcessorStatus[]> {
    const stop = new AbortController();
    const statuses: ProcessorStatus[] = [];
    const running = runProcessor({
      log: new ModelLog(broker, { clientId: "p" }),
      topology: spec,
      groupId: GROUP,
      instanceId: "p",
      stateDir: "unused",
      skipProbe: true,
      signal: stop.signal,
      clock: broker.clock,
      onStatus: (status) => statuses.push(status),
    });
    const done = async (): Promise<void> => {
      const inputs = spec.inputs.flatMap((topic) => [0, 1].map((partition) => ({ topic, partition })));
      const isBehind = (input: { topic: string; partition: number }): boolean =>
        (broker.committedOffset(GROUP, input)?.offset ?? -1) < broker.watermarks(input).high;
      while (inputs.some(isBehind)) await broker.clock.sleep(50);
      stop.abort();
    };
    await Promise.race([running, done()]);
    await running;
    return statuses;
  }

  const inspect = (spec = topology()): ReturnType<typeof describeState> =>
    describeState(new ModelLog(broker, { clientId: "look" }), spec as Topology, GROUP, [0, 1], broker.clock);

  const rebuild = async (spec = topology()): Promise<void> =>
    rebuildState({
      log: new ModelLog(broker, { clientId: "mend" }),
      topology: spec,
      groupId: GROUP,
      clock: broker.clock,
      onProgress: () => undefined,
    });

  const verdicts = (): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const record of broker.readCommitted("orders.verdicts")) {
      for (const [verdict, count] of Object.entries(decodeVerdictBlock(record.value!).counts))
        counts[verdict] = (counts[verdict] ?? 0) + count;
    }
    return counts;
  };

  it("is described per partition, and matches the committed offset", async () => {
    order(0, "a", 1);
    order(0, "a", 2);
    order(1, "b", 5);
    await judge();
    const states = await inspect();
    expect(states.map(({ entries, superseded, sound, stores }) => ({ entries, superseded, sound, stores }))).toEqual([
      { entries: 1, superseded: 1, sound: true, stores: [{ name: "sums", keys: 1 }] },
      { entries: 1, superseded: 0, sound: true, stores: [{ name: "sums", keys: 1 }] },
    ]);
  });

  it("stops the processor with the command that mends it when it is corrupt (EO-4), and is rebuilt by that command", async () => {
    order(0, "a", 1);
    order(0, "b", 2);
    order(1, "c", 5);
    await judge();
    broker.append("orders.dedupe", 0, "segment/1", null);
    broker.append("orders.dedupe", 0, "segment/2", null);
    expect((await inspect())[0]!.sound).toBe(false);
    order(0, "a", 1);
    await expect(judge()).rejects.toMatchObject({
      name: "FatalError",
      remedy: expect.stringContaining("third-umpire state rebuild"),
    });
    expect(broker.readCommitted("clean")).toHaveLength(3);

    await rebuild();
    expect((await inspect()).map(({ sound, entries }) => [sound, entries])).toEqual([
      [true, 2],
      [true, 1],
    ]);
    await judge();
    expect(verdicts()).toMatchObject({ accepted: 3, duplicate: 1 });
    expect(broker.readCommitted("clean")).toHaveLength(3);
  });

  it("of another topology is refused by its fingerprint until it is rebuilt", async () => {
    order(0, "a", 1);
    order(1, "c", 5);
    await judge();
    order(1, "c", 5);
    await expect(judge(topology(2))).rejects.toThrow(/belongs to another topology/);
    await rebuild(topology(2));
    await judge(topology(2));
    expect(verdicts()).toMatchObject({ accepted: 2, duplicate: 1 });
  });

  it("is not rebuilt from inputs whose beginning is gone, unless asked", async () => {
    order(0, "a", 1);
    order(0, "b", 1);
    order(1, "c", 1);
    await judge();
    broker.truncate("raw", 0, 1);
    broker.append("orders.dedupe", 0, "segment/1", null);
    await expect(rebuild()).rejects.toThrow(/records 0 to 0 of raw\/0 have been deleted/);
  });

  it("is kept where it is sound and the beginning of its inputs is gone: another partition needs the rebuild", async () => {
    order(0, "a", 1);
    order(0, "b", 1);
    order(1, "c", 1);
    await judge();
    broker.truncate("raw", 0, 1);
    broker.append("orders.dedupe", 1, "segment/1", null);
    order(0, "a", 1);
    order(1, "c", 1);
    await expect(judge()).rejects.toThrow("state is corrupt");
    await rebuild();
    await judge();
    expect(verdicts()).toMatchObject({ accepted: 3, duplicate: 2 });
  });

  it("is rebuilt from several inputs in the order in which their records were judged", async () => {
    broker.createTopic({ name: "raw2", partitions: 2 });
    const spec = topology(1, ["raw", "raw2"]);
    // Each input by itself would end with another amount: only the order between them says which one is the latest.
    for (const [amount, topic] of [
      [1, "raw"],
      [2, "raw2"],
      [3, "raw"],
      [2, "raw2"],
      [4, "raw2"],
      [3, "raw"],
    ] as const) {
      order(0, "a", amount, topic);
      await judge(spec);
    }
    expect(verdicts()).toMatchObject({ accepted: 1, correction: 3, stale: 2 });
    const before = (await inspect(spec)).map(({ digest }) => digest);
    await rebuild(spec);
    const after = await inspect(spec);
    expect(after.map(({ digest }) => digest)).toEqual(before);
    expect(after.map(({ sound }) => sound)).toEqual([true, true]);
  });

  it("knows who has said what: an input that repeated others' old words does not bring them up as its own later", async () => {
    for (const name of ["raw2", "raw3"]) broker.createTopic({ name, partitions: 2 });
    const spec = topology(1, ["raw", "raw2", "raw3"]);
    const told = [
      [4, "raw", "accepted"],
      [3, "raw2", "correction"],
      [4, "raw3", "stale"], // said by the first, replaced by the second
      [1, "raw3", "correction"],
      [1, "raw2", "duplicate"],
      [4, "raw3", "stale"], // its own word is the latest, but this it has said before
      [2, "raw2", "correction"],
      [1, "raw2", "stale"], // said before, as a duplicate
      [3, "raw", "stale"], // never said by it, and the latest word is not its own
    ] as const;
    let before: Record<string, number> = {};
    for (const [index, [amount, topic, verdict]] of told.entries()) {
      order(0, "a", amount, topic);
      await judge(spec);
      const after = verdicts();
      const known = before;
      before = after;
      expect([index, Object.keys(after).filter((name) => after[name] !== (known[name] ?? 0))]).toEqual([
        index,
        [verdict],
      ]);
    }
  });

  it("is not rebuilt while a processor runs", async () => {
    order(0, "a", 1);
    order(1, "c", 1);
    await judge();
    const stop = new AbortController();
    const running = runProcessor({
      log: new ModelLog(broker, { clientId: "p" }), topology: topology(), groupId: GROUP, instanceId: "p", stateDir: "unused",
      skipProbe: true, signal: stop.signal, clock: broker.clock,
    }); // prettier-ignore
    await broker.clock.sleep(1_000);
    await expect(rebuild()).rejects.toThrow(/still runs/);
    stop.abort();
    await running;
  });

  it("whose input was deleted before it was judged stops the processor, naming the records", async () => {
    order(0, "a", 1);
    order(1, "c", 1);
    await judge();
    order(0, "b", 1);
    order(0, "d", 1);
    broker.truncate("raw", 0, 2);
    await expect(judge()).rejects.toThrow("records 1 to 1 of raw/0 were deleted before they were judged");
  });
});
