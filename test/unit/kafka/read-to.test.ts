import { beforeEach, describe, expect, it } from "vitest";
import { FatalError, RetryableError } from "../../../src/domain/errors.ts";
import { type TransactionalProducer, WriteBatch } from "../../../src/kafka/log.ts";
import { type ReadToOptions, readTo } from "../../../src/kafka/read-to.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";

/* Every reading to a watermark ends: where it should, or with a word on where it stands. */

const STALL_MS = 5_000;
const RAW = { topic: "raw", partition: 0 };

describe("a reading to the high watermark", () => {
  let broker: ModelBroker;
  let log: ModelLog;
  let writer: TransactionalProducer;
  let seen: string[];

  beforeEach(async () => {
    broker = new ModelBroker();
    broker.createTopic({ name: "raw", partitions: 1 });
    broker.createTopic({ name: "other", partitions: 1 });
    log = new ModelLog(broker, { clientId: "test" });
    writer = log.producer({ transactionalId: "writer", transactionTimeoutMs: 600_000 });
    await writer.open();
    seen = [];
  });

  /** Leaves the transaction open. */
  async function write(...values: readonly string[]): Promise<void> {
    await writer.begin();
    const batch = new WriteBatch();
    for (const value of values) batch.append("raw", 0, null, Buffer.from(value));
    await writer.write(batch);
  }

  async function read(
    { high, ...options }: Partial<ReadToOptions> & { readonly high?: number } = {},
    topics: readonly string[] = ["raw"],
  ): Promise<void> {
    const reader = log.reader({ isolation: "read_committed" });
    await reader.open();
    const ranges = topics.map((topic) => ({
      topic,
      partition: 0,
      offset: 0,
      high: high ?? broker.watermarks({ topic, partition: 0 }).high,
    }));
    const take = (batch: { readonly length: number; value(index: number): Buffer | null }): void => {
      for (let index = 0; index < batch.length; index++) seen.push(batch.value(index)!.toString());
    };
    try {
      await readTo(reader, ranges, take, { now: () => broker.clock.now(), stallMs: STALL_MS, ...options });
    } finally {
      await reader.close();
    }
  }

  it("ends behind the marker of the last transaction", async () => {
    await write("a", "b");
    await writer.commit();
    await read();
    expect(seen).toEqual(["a", "b"]);
    expect(broker.watermarks(RAW).high).toBe(3);
  });

  it("reads nothing where there is nothing", async () => {
    await read();
    expect(seen).toEqual([]);
  });

  it("says where it stands when a transaction does not end, and not before the time is up", async () => {
    await write("a");
    await writer.commit();
    await write("b");
    broker.append("other", 0, "k", "c");
    const from = broker.clock.now();
    const failure: unknown = await read({}, ["raw", "other"]).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RetryableError);
    expect(failure).toMatchObject({ message: expect.stringContaining("raw/0 stands at 2 of 3;") as string });
    expect(broker.clock.now() - from).toBeGreaterThan(STALL_MS);
    expect(seen.toSorted()).toEqual(["a", "c"]);
  });

  it("waits as long as something moves, however slowly", async () => {
    const values = ["a", "b", "c", "d"];
    let looks = 0;
    const onStanding = async (): Promise<void> => {
      await broker.clock.sleep(2_000);
      if (++looks % 2 === 1) return;
      await write(values.shift()!);
      await writer.commit();
    };
    const from = broker.clock.now();
    // Four records, each with its marker.
    await read({ onStanding, high: 8 });
    expect(seen).toEqual(["a", "b", "c", "d"]);
    expect(broker.clock.now() - from).toBeGreaterThan(2 * STALL_MS);
  });

  it("tells how long it has stood, and goes on when the transaction ends", async () => {
    await write("a");
    const stood: number[] = [];
    const onStanding = async (ms: number): Promise<void> => {
      stood.push(ms);
      if (ms >= 2_000) await writer.commit();
    };
    await read({ onStanding });
    expect(seen).toEqual(["a"]);
    expect(stood.toSorted((a, b) => a - b)).toEqual(stood);
    expect(stood.at(-1)).toBeGreaterThanOrEqual(2_000);
  });

  it("throws the error of whoever reads", async () => {
    await write("a");
    const stalled = (where: string): Error => new FatalError(`mine: ${where}`);
    await expect(read({ stalled })).rejects.toThrow("mine: raw/0 stands at 0 of 1");
  });

  it("ends without an error when it is no longer wanted", async () => {
    await write("a");
    const stop = new AbortController();
    const onStanding = (): Promise<void> => Promise.resolve(stop.abort());
    await read({ signal: stop.signal, onStanding });
    expect(seen).toEqual([]);
  });
});
