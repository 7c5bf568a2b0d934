import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FatalError, RetryableError } from "../../../src/domain/errors.ts";
import { wireReadingLog } from "../../../src/kafka/confluent/index.ts";
import { type Log, type LogReader, WriteBatch } from "../../../src/kafka/log.ts";
import { createTopic, eventually, openProducer, partitionsOf, records, transact } from "../../contract/log-harness.ts";
import { killService, startTestStack, type TestStack } from "../../support/stack.ts";
import { unique } from "./harness.ts";

/** A broker of its own: these tests stop it. */
let stack: TestStack;
let log: Log;

beforeAll(async () => {
  stack = await startTestStack({ postgres: false });
  log = wireReadingLog({ brokers: stack.brokers, clientId: "wire-reader" });
});

afterAll(async () => {
  stack.supervisor.kill("kafka", "SIGCONT");
  await stack.stop();
});

async function write(topic: string, count: number, partitions: number, bytes = 20): Promise<void> {
  const producer = await openProducer(log, unique("wire"));
  const batch = new WriteBatch();
  // Not to be compressed: what is fetched ahead must be a part of the topic only.
  const noise = randomBytes(1_000_000);
  for (let n = 0; n < count; n++) {
    const from = (n * bytes) % (noise.length - bytes);
    batch.append(topic, n % partitions, null, noise.subarray(from, from + bytes));
  }
  await transact(producer, batch, "commit");
  await producer.close();
}

/** Opens a reader that is closed at the end, whatever happens. */
async function reading(during: (reader: LogReader) => Promise<void>): Promise<void> {
  const reader = log.reader({ isolation: "read_committed" });
  try {
    await eventually("the reader is open", () => unlessAway(async () => (await reader.open(), true)));
    await during(reader);
  } finally {
    await reader.close();
  }
}

/** Undefined where the broker is away. */
async function unlessAway<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof RetryableError) return undefined;
    throw error;
  }
}

/** Checks that each partition goes on exactly where it is expected to, and counts. */
class Follower {
  readonly #next: Map<number, number>;
  read = 0;

  constructor(partitions: number) {
    this.#next = new Map(Array.from({ length: partitions }, (_, partition) => [partition, 0]));
  }

  expectAt(partition: number, offset: number): void {
    this.#next.set(partition, offset);
  }

  async fetch(reader: LogReader, most: number): Promise<void> {
    for (const batch of await reader.fetch(most, 100)) {
      for (let n = 0; n < batch.length; n++) {
        const due = this.#next.get(batch.partition);
        if (batch.offset(n) !== due) {
          throw new Error(`partition ${batch.partition}: offset ${batch.offset(n)} came, ${due ?? "none"} was due`);
        }
        this.#next.set(batch.partition, batch.offset(n) + 1);
        this.read++;
      }
    }
  }
}

test("a broker that is killed is named while it is away; afterwards each record still comes once, in order", async () => {
  const [count, partitions] = [200_000, 4];
  const topic = await createTopic(log, unique("wire"), partitions);
  await write(topic, count, partitions);
  await reading(async (reader) => {
    reader.assign(partitionsOf(topic, partitions).map((each) => ({ ...each, offset: 0 })));
    const follower = new Follower(partitions);
    while (follower.read < count / 4) await follower.fetch(reader, 1_000);
    const { back } = killService(stack.supervisor, "kafka");
    const said = await eventually("the reader says that the broker is away", async () => {
      try {
        await follower.fetch(reader, 1_000);
        return undefined;
      } catch (error) {
        return error as Error;
      }
    });
    expect(said).toBeInstanceOf(RetryableError);
    expect(said.message).toContain(stack.brokers);
    await back;
    await eventually("all is read", async () => {
      await unlessAway(() => follower.fetch(reader, 10_000));
      return follower.read >= count ? true : undefined;
    });
    expect(follower.read).toBe(count);
  });
});

test("a broker that neither answers nor hangs up is given up, and read on from when it answers again", async () => {
  const topic = await createTopic(log, unique("wire"), 1);
  await write(topic, 10, 1);
  await reading(async (reader) => {
    reader.assign([{ topic, partition: 0, offset: 0 }]);
    const follower = new Follower(1);
    while (follower.read < 10) await follower.fetch(reader, 100);
    stack.supervisor.kill("kafka", "SIGSTOP");
    try {
      await eventually("it is given up", async () => {
        const away = await reader.fetch(100, 500).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (away !== undefined) expect(away).toBeInstanceOf(RetryableError);
        return away;
      });
    } finally {
      stack.supervisor.kill("kafka", "SIGCONT");
    }
    follower.expectAt(0, 11); // the marker of the first transaction
    await write(topic, 10, 1);
    await eventually("the rest is read", async () => {
      await unlessAway(() => follower.fetch(reader, 100));
      return follower.read >= 20 ? true : undefined;
    });
  });
}, 60_000);

test("an assignment that changes again and again never lets a record of an earlier one through", async () => {
  const [count, partitions] = [120_000, 3];
  const topic = await createTopic(log, unique("wire"), partitions);
  await write(topic, count, partitions, 200);
  await reading(async (reader) => {
    const follower = new Follower(partitions);
    for (let round = 0; round < 60; round++) {
      const start = partitionsOf(topic, partitions)
        .filter(({ partition }) => (round + partition) % 3 !== 0)
        .map((each) => ({ ...each, offset: (round * 7_919 + each.partition * 13) % 39_000 }));
      for (const { partition, offset } of start) follower.expectAt(partition, offset);
      reader.assign(start);
      const before = follower.read;
      // One round in four is left before anything has come.
      const turns = round % 4;
      for (let turn = 0; turn < turns; turn++) await follower.fetch(reader, 1 + ((round * 331) % 5_000));
      for (const { partition } of start) {
        expect(reader.position({ topic, partition })).toBeGreaterThanOrEqual(
          start.find((each) => each.partition === partition)!.offset,
        );
      }
      expect(follower.read).toBeGreaterThanOrEqual(before);
    }
    expect(follower.read).toBeGreaterThan(10_000);
  });
});

test("an offset that the log does not have is fatal and says why; another assignment is read all the same", async () => {
  const topic = await createTopic(log, unique("wire"), 1);
  await write(topic, 5, 1);
  await reading(async (reader) => {
    reader.assign([{ topic, partition: 0, offset: 4_000 }]);
    const said = await eventually("it is said", () =>
      reader.fetch(10, 100).then(
        () => undefined,
        (error: unknown) => error as FatalError,
      ),
    );
    expect(said).toBeInstanceOf(FatalError);
    expect(said.message).toContain(`${topic}/0: there is no offset 4000`);
    expect(said.remedy).toContain("retention");
    // Said once: the partition rests.
    expect(await reader.fetch(10, 300)).toEqual([]);
    reader.assign([{ topic, partition: 0, offset: 2 }]);
    const follower = new Follower(1);
    follower.expectAt(0, 2);
    while (follower.read < 3) await follower.fetch(reader, 10);
  });
});

test("a topic that is not there is waited for, and said to have no leader", async () => {
  const topic = unique("wire");
  await reading(async (reader) => {
    reader.assign([{ topic, partition: 0, offset: 0 }]);
    const said = await eventually("it is said", () =>
      reader.fetch(10, 100).then(
        () => undefined,
        (error: unknown) => error as Error,
      ),
    );
    expect(said).toBeInstanceOf(RetryableError);
    expect(said.message).toContain(`no broker leads ${topic}/0`);
    await createTopic(log, topic, 1);
    const producer = await openProducer(log, unique("wire"));
    await transact(producer, records(topic, 0, ["first"]), "commit");
    await producer.close();
    const follower = new Follower(1);
    await eventually("it is read", async () => {
      await unlessAway(() => follower.fetch(reader, 10));
      return follower.read === 1 ? true : undefined;
    });
  });
});

test("a reader of nobody says so, and can be closed", async () => {
  const nobody = wireReadingLog({ brokers: "127.0.0.1:9", clientId: "wire-reader" }).reader({
    isolation: "read_committed",
  });
  await expect(nobody.open()).rejects.toThrow("no connection to Kafka at 127.0.0.1:9; is it running?");
  await nobody.close();
  await nobody.close();
  await expect(nobody.fetch(1, 10)).rejects.toThrow(RetryableError);
});

test("a server that is no Kafka broker is told from one", async () => {
  const web = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  web.listen(0, "127.0.0.1");
  await once(web, "listening");
  const address = `127.0.0.1:${(web.address() as AddressInfo).port}`;
  const reader = wireReadingLog({ brokers: address, clientId: "wire-reader" }).reader({ isolation: "read_committed" });
  await expect(reader.open()).rejects.toThrow(`${address}: what answers there is no Kafka broker`);
  await reader.close();
  web.close();
});
