import { expect, it } from "vitest";
import { RetryableError } from "../../../src/domain/errors.ts";
import { IdentityHasher } from "../../../src/domain/review/identity.ts";
import { IndefiniteCommitError } from "../../../src/kafka/log.ts";
import { defineTopology, runProcessor } from "../../../src/processor/index.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";

const RAW = { topic: "raw", partition: 0 };

interface Shop {
  readonly broker: ModelBroker;
  readonly states: readonly string[];
  /** How many producers have been opened. */
  readonly opened: () => number;
  /** Appends so many records, and waits until they are judged. */
  readonly judged: (count: number) => Promise<void>;
  readonly end: () => Promise<void>;
}

async function openShop(): Promise<Shop> {
  await IdentityHasher.create();
  const broker = new ModelBroker();
  broker.createTopic({ name: "raw", partitions: 1 });
  const stop = new AbortController();
  const states: string[] = [];
  let opened = 0;
  let sent = 0;
  broker.faults.after("producer.open", () => void opened++);
  const running = runProcessor({
    log: new ModelLog(broker, { clientId: "p" }),
    topology: defineTopology<string>({
      name: "shop",
      inputs: ["raw"],
      outputs: ["clean"],
      partitions: 1,
      review: { retention: "unbounded" },
      decode: (record) => record.value!.toString(),
      identify: (value, record) => ({ key: record.key!, content: value }),
      process: (_, record, context) => context.emit("clean", record.key, record.value),
    }),
    groupId: "shop",
    instanceId: "p",
    stateDir: "unused",
    skipProbe: true,
    signal: stop.signal,
    clock: broker.clock,
    onStatus: ({ state }) => states.push(state),
  });
  const judged = async (count: number): Promise<void> => {
    for (let number = 0; number < count; number++) broker.append("raw", 0, `k${sent++}`, "1");
    const deadline = broker.clock.now() + 60_000;
    while ((broker.committedOffset("shop", RAW)?.offset ?? 0) < broker.watermarks(RAW).high) {
      expect(broker.clock.now()).toBeLessThan(deadline);
      await broker.clock.sleep(20);
    }
  };
  const end = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  return { broker, states, opened: () => opened, judged, end };
}

/** EO-12: whatever a producer dies of between two transactions, it is the next `begin` that tells. */
it("replaces a producer that cannot begin, and goes on in the same membership", async () => {
  const { broker, states, opened, judged, end } = await openShop();
  await judged(2);
  const before = opened();
  broker.faults.failNext("begin", new IndefiniteCommitError("begin: -150 FATAL"));
  await judged(2);
  expect(opened()).toBe(before + 1);
  expect(states).not.toContain("retrying");
  expect(broker.readCommitted("clean")).toHaveLength(4);
  await end();
});

/** A producer that was never opened refuses everything for good. */
it("replaces the replacement, too, when it could not be opened", async () => {
  const { broker, states, opened, judged, end } = await openShop();
  await judged(2);
  const before = opened();
  broker.faults.failNext("begin", new IndefiniteCommitError("begin: -150 FATAL"));
  broker.faults.failNext("producer.open", new RetryableError("open: the coordinator is not available"));
  await judged(2);
  expect(opened()).toBe(before + 1);
  expect(states).not.toContain("retrying");
  expect(broker.readCommitted("clean")).toHaveLength(4);
  await end();
});
