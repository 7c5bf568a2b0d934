import { beforeEach, describe, expect, it } from "vitest";
import { IdentityHasher } from "../../../src/domain/review/identity.ts";
import { systemClock } from "../../../src/processor/clock.ts";
import {
  defineTopology,
  jsonCodec,
  runProcessor,
  type StoreSpec,
  type Topology,
} from "../../../src/processor/index.ts";
import { describeState } from "../../../src/processor/inspect.ts";
import { decodeOffsetMetadata, encodeOffsetMetadata } from "../../../src/processor/offset-metadata.ts";
import { loadTasks } from "../../../src/processor/restore.ts";
import { Task } from "../../../src/processor/task.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";

const GROUP = "orders";
const PLACE = { topic: "raw", partition: 0 };
const seen: StoreSpec<{ n: number }> = { name: "seen", value: jsonCodec() };

const topology = defineTopology<{ id: string; amount: number }>({
  name: "orders",
  inputs: ["raw"],
  outputs: [],
  partitions: 1,
  review: { retention: "unbounded" },
  stores: [seen],
  decode: (record) => JSON.parse(record.value!.toString()),
  identify: ({ id, amount }) => ({ key: id, content: String(amount) }),
  process: ({ id }, _record, context) => context.store(seen).put(id, { n: 1 }),
}) as Topology;

describe("offsets with a digest of the first version (EO-4)", () => {
  let broker: ModelBroker;
  beforeEach(async () => {
    await IdentityHasher.create();
    broker = new ModelBroker();
    broker.createTopic({ name: "raw", partitions: 1 });
  });

  const order = (id: string, amount: number): number => broker.append("raw", 0, id, JSON.stringify({ id, amount }));
  const log = (): ModelLog => new ModelLog(broker, { clientId: "p" });
  const digest = (): string => decodeOffsetMetadata(broker.committedOffset(GROUP, PLACE)!.metadata)!.digest;

  /** Runs a processor until everything appended so far is judged. */
  async function judge(records: number): Promise<void> {
    const stop = new AbortController();
    await runProcessor({
      log: log(),
      topology,
      groupId: GROUP,
      instanceId: "p",
      stateDir: "unused",
      skipProbe: true,
      signal: stop.signal,
      commitIntervalMs: 5,
      onCommitted: (_partition, position) => {
        if (position >= records) stop.abort();
      },
    });
  }

  /** Writes the committed offset as an older build would have. */
  async function asBefore(spoil: (digest: string) => string = (same) => same): Promise<void> {
    // The group forgets its static member.
    await broker.clock.sleep(60_000);
    const offset = broker.committedOffset(GROUP, PLACE)!;
    const task = new Task(topology, 0, await IdentityHasher.create());
    await loadTasks([task], log(), topology, systemClock);
    const stores = task.stores.map((store) => store.digest);
    const before = spoil([task.known.legacyDigest, ...stores].join("."));
    const metadata = encodeOffsetMetadata({ ...decodeOffsetMetadata(offset.metadata)!, digest: before });
    const admin = log().admin();
    await admin.acknowledge(GROUP, [{ ...PLACE, offset: offset.offset, metadata }]);
    await admin.close();
  }

  it("are compared in that version, and written in the new one with the next commit", async () => {
    order("a", 1);
    order("a", 2);
    await judge(2);
    expect(digest()).toMatch(/^2:[0-9a-f]{16}\.[0-9a-f]{16}$/u);
    await asBefore();
    expect(digest()).toMatch(/^[0-9a-f]{16}\.[0-9a-f]{16}$/u);
    const [before] = await describeState(log(), topology, GROUP, [0], systemClock);
    expect(before!.sound).toBe(true);
    order("b", 1);
    await judge(3);
    const [after] = await describeState(log(), topology, GROUP, [0], systemClock);
    expect([after!.sound, after!.digest]).toEqual([true, digest()]);
    expect(digest()).toMatch(/^2:/u);
  });

  it("are refused where they are another state's", async () => {
    order("a", 1);
    await judge(1);
    await asBefore((before) => `${before.startsWith("0") ? "1" : "0"}${before.slice(1)}`);
    order("b", 1);
    await expect(judge(2)).rejects.toThrow("EO-4");
  });
});
