import { beforeEach, describe, expect, it } from "vitest";
import { partitionFor } from "../../../src/domain/partition.ts";
import { IdentityHasher } from "../../../src/domain/review/identity.ts";
import { decodeVerdictBlock } from "../../../src/domain/review/verdict-block.ts";
import { defineTopology, runProcessor } from "../../../src/processor/index.ts";
import { WriteBatch } from "../../../src/kafka/log.ts";
import { rebuildState } from "../../../src/processor/rebuild.ts";
import { resendSurplus } from "../../../src/processor/surplus.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";
import { remedyWorks } from "../../support/remedies/works.ts";

const PARTITIONS = 2;
const INPUTS = ["raw", "more"];

const topology = defineTopology<string>({
  name: "orders",
  inputs: INPUTS,
  outputs: ["clean"],
  partitions: PARTITIONS,
  review: { retention: "unbounded" },
  decode: ({ value }) => value!.toString(),
  identify: (content) => ({ key: content.split("=")[0]!, content }),
  process: (_, record, context) => context.emit("clean", record.key, record.value),
});

describe("partitions that were added to one topic", () => {
  let broker: ModelBroker;
  beforeEach(async () => {
    await IdentityHasher.create();
    broker = new ModelBroker();
    for (const name of [...INPUTS, "clean"]) broker.createTopic({ name, partitions: PARTITIONS });
  });

  const log = (clientId: string): ModelLog => new ModelLog(broker, { clientId });

  const run = (signal: AbortSignal): Promise<void> =>
    runProcessor({
      log: log("p"),
      topology,
      groupId: "group",
      instanceId: "p",
      stateDir: "unused",
      skipProbe: true,
      signal,
      clock: broker.clock,
    });

  const isBehind = (): boolean =>
    INPUTS.some((topic) =>
      Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition })).some(
        (input) => (broker.committedOffset("group", input)?.offset ?? -1) < broker.watermarks(input).high,
      ),
    );

  /** Runs a processor until the first partitions are judged; throws what stops it. */
  async function judge(): Promise<void> {
    const stop = new AbortController();
    const running = run(stop.signal);
    const judged = async (): Promise<void> => {
      while (isBehind()) await broker.clock.sleep(50);
      stop.abort();
    };
    await Promise.race([running, judged()]);
    await running;
  }

  const resend = (name = "resend"): Promise<number> =>
    resendSurplus({ log: log(name), topology, groupId: "group", clock: broker.clock, onProgress: () => undefined });

  const verdicts = (): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const { value } of broker.readCommitted("orders.verdicts"))
      for (const [verdict, count] of Object.entries(decodeVerdictBlock(value!).counts))
        if (count > 0) counts[verdict] = (counts[verdict] ?? 0) + count;
    return counts;
  };

  const topics = [...INPUTS, "clean", "orders.verdicts", "orders.quarantine", "orders.dedupe"];

  it.each(topics)("are left empty, and the first ones are judged: %s", async (topic) => {
    broker.append("raw", 0, "k", "a=1");
    await judge();
    broker.addPartitions(topic, 5);
    broker.append("raw", 1, "k", "b=1");
    broker.append("raw", 0, "k", "a=1");
    await judge();
    expect(verdicts()).toEqual({ accepted: 2, duplicate: 1 });
  });

  it("may come while a processor runs", async () => {
    const stop = new AbortController();
    const running = run(stop.signal);
    await broker.clock.sleep(5_000);
    broker.addPartitions("raw", 5);
    await broker.clock.sleep(5_000);
    broker.append("raw", 1, "k", "b=1");
    while (isBehind()) await broker.clock.sleep(50);
    stop.abort();
    await running;
    expect(verdicts()).toEqual({ accepted: 1 });
  });

  it("records in them are sent again, and each is judged once", async () => {
    broker.append("raw", 0, "k", "a=1");
    await judge();
    broker.addPartitions("raw", 4);
    broker.addPartitions("more", 3);
    broker.append("raw", 3, "x", "b=1", { ce_id: "7" });
    broker.append("raw", 3, "y", "c=1");
    broker.append("raw", 2, null, "d=1");
    broker.append("more", 2, "x", "b=1");
    broker.append("raw", 1, "k", "e=1");
    await remedyWorks("start/surplus", {
      attempt: judge,
      does: {
        "let their writers use the first partitions only": () => undefined,
        "third-umpire resend": async () => expect(await resend()).toBe(4),
      },
    });
    expect(verdicts()).toEqual({ accepted: 5, duplicate: 1 });
    const copies = broker
      .readCommitted("raw")
      .filter(({ headers }) => headers.some(([name]) => name === "tu_resent_from"));
    expect(
      copies.map(({ partition, key, value, headers }) => [
        partition,
        key?.toString(),
        value?.toString(),
        Object.fromEntries(headers.map(([name, bytes]) => [name, bytes.toString()])),
      ]),
    ).toEqual(
      expect.arrayContaining([
        [partitionFor(Buffer.from("x"), PARTITIONS), "x", "b=1", { ce_id: "7", tu_resent_from: "raw/3/0" }],
        [partitionFor(Buffer.from("y"), PARTITIONS), "y", "c=1", { tu_resent_from: "raw/3/1" }],
        [0, undefined, "d=1", { tu_resent_from: "raw/2/0" }],
      ]),
    );
    expect(copies).toHaveLength(3);
    await resend();
    await judge();
    expect(verdicts()).toEqual({ accepted: 5, duplicate: 1 });
  });

  it("what is written after a resend is sent by the next one, without what was sent before", async () => {
    broker.addPartitions("raw", 3);
    for (let count = 0; count < 2_500; count++) broker.append("raw", 2, "k", `a${count}=1`);
    expect(await resend()).toBe(2_500);
    expect(await resend()).toBe(0);
    broker.append("raw", 2, "k", "late=1");
    await expect(judge()).rejects.toThrow("raw/2: records outside the 2 partitions of topology");
    expect(await resend()).toBe(1);
    await judge();
    expect(verdicts()).toEqual({ accepted: 2_501 });
  });

  it("what an aborted transaction left in them is nothing to send", async () => {
    broker.addPartitions("raw", 3);
    broker.append("raw", 2, "k", "a=1");
    const producer = log("other").producer({ transactionalId: "other", transactionTimeoutMs: 10_000 });
    await producer.open();
    expect(await resend()).toBe(1);
    const gone = new WriteBatch();
    gone.append("raw", 2, null, Buffer.from("gone=1"));
    await producer.begin();
    await producer.write(gone);
    await producer.abort();
    expect(await resend()).toBe(0);
    await judge();
    expect(verdicts()).toEqual({ accepted: 1 });
  });

  it("records that come while a processor runs stop it within a minute", async () => {
    broker.addPartitions("more", 3);
    const ended = run(new AbortController().signal).then(
      () => undefined,
      (error: unknown) => error,
    );
    await broker.clock.sleep(30_000);
    broker.append("more", 2, "k", "a=1");
    await broker.clock.sleep(61_000);
    expect(await ended).toMatchObject({ message: expect.stringContaining("more/2: records outside") });
  });

  it("do not keep the state from being rebuilt", async () => {
    broker.append("raw", 0, "k", "a=1");
    await judge();
    broker.addPartitions("raw", 5);
    broker.append("raw", 0, "k", "a=1");
    await rebuildState({
      log: log("mend"),
      topology,
      groupId: "group",
      clock: broker.clock,
      onProgress: () => undefined,
    });
    await judge();
    expect(verdicts()).toEqual({ accepted: 1, duplicate: 1 });
  });
});
