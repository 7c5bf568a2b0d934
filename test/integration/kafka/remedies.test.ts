import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type GroupConsumer,
  type Log,
  type LogAdmin,
  type TopicPartition,
  type TopicSpec,
  WriteBatch,
} from "../../../src/kafka/log.ts";
import { probeLog } from "../../../src/kafka/probe.ts";
import { kafkaDir, kafkaVersion } from "../../../src/local/paths.ts";
import { findJava } from "../../../src/local/run-command.ts";
import { checkTopics } from "../../../src/processor/start-checks.ts";
import { defineTopology, type Topology } from "../../../src/processor/index.ts";
import { loadSettings } from "../../../src/settings.ts";
import { remedyWorks } from "../../support/remedies/works.ts";
import { brokers, openLog, unique } from "./harness.ts";

/* What a real broker refuses for good: the remedy is done, and the same call succeeds. */

const log = openLog();
let admin: LogAdmin;

beforeAll(() => {
  admin = log.admin();
});
afterAll(async () => {
  await admin.close();
});

async function newTopic(spec: Partial<TopicSpec> = {}): Promise<string> {
  const name = unique("remedy");
  await admin.createTopics([{ name, partitions: 1, cleanup: "delete", ...spec }]);
  return name;
}

/** Sets a topic's own setting with Kafka's own tool. */
async function setTopic(name: string, setting: string): Promise<void> {
  const jars = `${kafkaDir(loadSettings())}/${kafkaVersion}/*`;
  const where = ["--bootstrap-server", brokers(), "--entity-type", "topics", "--entity-name", name];
  const args = ["-cp", jars, "kafka.admin.ConfigCommand", ...where, "--alter", "--add-config", setting];
  await promisify(execFile)(findJava() ?? "java", args);
}

interface Writing {
  readonly topic: string;
  readonly partition?: number;
  readonly bytes?: number;
  readonly maxMessageBytes?: number;
  readonly transactionTimeoutMs?: number;
}

/** One transaction of one record. */
async function write({
  topic,
  partition = 0,
  bytes = 1,
  transactionTimeoutMs = 10_000,
  ...more
}: Writing): Promise<void> {
  const producer = log.producer({ transactionalId: unique("producer"), transactionTimeoutMs, ...more });
  try {
    await producer.open();
    await producer.begin();
    const batch = new WriteBatch();
    // Noise, which no compression makes smaller.
    const value = Buffer.from(Array.from({ length: bytes }, (_, n) => Math.sin(n) * 1e6));
    batch.append(topic, partition, null, value);
    await producer.write(batch);
    await producer.commit();
  } finally {
    await producer.close();
  }
}

/** A member of a group that owns its partitions. */
async function join(groupId: string, topic: string, sessionTimeoutMs = 10_000): Promise<GroupConsumer> {
  const consumer = log.consumer({ groupId, instanceId: "one", topics: [topic], sessionTimeoutMs });
  try {
    await consumer.open();
    for (;;) {
      await consumer.fetch(1, 100);
      const waiting = consumer.pendingRebalance();
      if (waiting === undefined) continue;
      consumer.answerRebalance(waiting.partitions.map((partition) => ({ ...partition, offset: 0 })));
      return consumer;
    }
  } catch (error) {
    await consumer.close();
    throw error;
  }
}

describe("topics", () => {
  test("have a name that Kafka allows", async () => {
    let name = "not a name";
    const rename = (): void => void (name = unique("remedy"));
    await remedyWorks("kafka/topic-name", {
      attempt: () => admin.createTopics([{ name, partitions: 1, cleanup: "delete" }]),
      does: { "use a topic name of at most 249 characters out of a-z A-Z 0-9 . _ -": rename },
    });
  });

  test("have a partition", async () => {
    let partitions = 0;
    await remedyWorks("kafka/no-partitions", {
      attempt: () => admin.createTopics([{ name: unique("remedy"), partitions, cleanup: "delete" }]),
      does: { "choose at least one partition": () => (partitions = 1) },
    });
  });

  test("have settings that Kafka allows", async () => {
    let maxMessageBytes = -5;
    await remedyWorks("kafka/topic-setting", {
      attempt: () =>
        admin.createTopics([{ name: unique("remedy"), partitions: 1, cleanup: "delete", maxMessageBytes }]),
      does: { "correct the topic settings named in the message": () => (maxMessageBytes = 5_000) },
    });
  });

  function topology(name: string, partitions: number): Topology {
    return defineTopology<string>({
      name,
      identityVersion: 1,
      inputs: [`${name}.in`],
      outputs: [`${name}.out`],
      partitions,
      review: { retention: "unbounded" },
      decode: ({ value }) => value!.toString(),
      identify: (content) => ({ key: content, content }),
      process: () => undefined,
    }) as Topology;
  }

  test("of state are kept, and those of verdicts expire", async () => {
    const name = unique("orders");
    await admin.createTopics([{ name: `${name}.in`, partitions: 1, cleanup: "delete" }]);
    const attempt = (): Promise<void> => checkTopics(topology(name, 1), admin);
    await attempt();
    await setTopic(`${name}.dedupe`, "cleanup.policy=delete");
    await remedyWorks("start/state-deleted-by-age", {
      attempt,
      does: { "set cleanup.policy=compact": () => setTopic(`${name}.dedupe`, "cleanup.policy=compact") },
    });
    await setTopic(`${name}.verdicts`, "cleanup.policy=compact");
    await remedyWorks("start/cleanup-policy", {
      attempt,
      does: { "set cleanup.policy=delete": () => setTopic(`${name}.verdicts`, "cleanup.policy=delete") },
    });
  });
});

describe("records", () => {
  test("are smaller, or the topic takes larger ones", async () => {
    let bytes = 100_000;
    const topic = await newTopic({ maxMessageBytes: 10_000 });
    const attempt = (): Promise<void> => write({ topic, bytes });
    await remedyWorks("kafka/too-large", { attempt, does: { "send smaller records": () => (bytes = 5_000) } });
    bytes = 100_000;
    await remedyWorks("kafka/too-large", {
      attempt,
      does: { "raise max.message.bytes of the topic": () => setTopic(topic, "max.message.bytes=200000") },
    });
  });

  test("go to a partition that there is", async () => {
    const topic = await newTopic();
    let partition = 7;
    await remedyWorks("kafka/no-such-partition", {
      attempt: () => write({ topic, partition }),
      does: { "write to a partition that the topic has": () => (partition = 0) },
    });
  });

  test("that are gone are passed over on purpose only", async () => {
    const topic = await newTopic();
    await write({ topic });
    let offset = 1_000;
    const attempt = async (): Promise<number> => {
      const reader = log.reader({ isolation: "read_committed" });
      try {
        await reader.open();
        reader.assign([{ topic, partition: 0, offset }]);
        for (;;) {
          const [batch] = await reader.fetch(1, 500);
          if (batch !== undefined) return batch.length;
        }
      } finally {
        await reader.close();
      }
    };
    expect(
      await remedyWorks("kafka/out-of-range", { attempt, does: { "reset the group on purpose": () => (offset = 0) } }),
    ).toBe(1);
  });
});

describe("members of a group and producers", () => {
  test("have timeouts that the broker allows", async () => {
    const topic = await newTopic();
    let transactionTimeoutMs = 2_000_000_000;
    await remedyWorks("kafka/transaction-timeout", {
      attempt: () => write({ topic, transactionTimeoutMs }),
      does: {
        "choose a transaction timeout below transaction.max.timeout.ms of the broker": () =>
          (transactionTimeoutMs = 10_000),
      },
    });
    let sessionTimeoutMs = 2_000_000_000;
    const attempt = async (): Promise<void> => (await join(unique("group"), topic, sessionTimeoutMs)).close();
    const correct = (): void => void (sessionTimeoutMs = 10_000);
    await remedyWorks("kafka/configuration", {
      attempt,
      does: { "correct the brokers, group, transactional id or timeouts given to it": correct },
    });
    sessionTimeoutMs = 3_000_000;
    await remedyWorks("kafka/session-timeout", { attempt, does: { "choose a session timeout between": correct } });
  });

  test("leave the offsets of a group that others are in alone", async () => {
    const topic = await newTopic();
    const taken = unique("group");
    const member = await join(taken, topic);
    let group = taken;
    await remedyWorks("kafka/group-in-use", {
      attempt: () => admin.acknowledge(group, [{ topic, partition: 0, offset: 0, metadata: "" }]),
      does: { "choose another group id": () => (group = unique("group")) },
    });
    await member.close();
  });
});

describe("a client that is not safe for exactly-once is another one:", () => {
  /** The client of a person who changes it. */
  let client: Log;
  const attempt = (): Promise<unknown> => probeLog(client, { prefix: unique("probe") });
  const sound = (): void => void (client = log);

  test("watermarks that leave out open transactions", async () => {
    client = wrapReader((reader) => ({ ...reader, watermarks: () => Promise.resolve({ low: 0, high: 0 }) }));
    await remedyWorks("probe/high-watermark", {
      attempt,
      does: { "ask for watermarks with a read_uncommitted client": sound },
    });
  });

  test("a filter that lets aborted records through", async () => {
    client = { ...log, reader: (options) => log.reader({ ...options, isolation: "read_uncommitted" }) };
    await remedyWorks("probe/aborted-read", { attempt, does: { "do not run exactly-once on this client": sound } });
  });

  test("a filter that holds committed records back", async () => {
    client = wrapReader((reader) => ({
      ...reader,
      fetch: async (records, timeoutMs) => (await reader.fetch(records, timeoutMs)).slice(0, 0),
    }));
    const isolated = { ...client };
    client = { ...log, reader: (options) => (options.isolation === "read_committed" ? isolated : log).reader(options) };
    await remedyWorks("probe/aborted-read", { attempt, does: { "do not run exactly-once on this client": sound } });
  });

  test("committed offsets that may still change", async () => {
    const admin = log.admin();
    // As the admin client asks: it gives what was committed last, though a transaction that moves it is open.
    client = {
      ...log,
      consumer: (options) =>
        Object.assign(log.consumer(options), {
          committed: (partitions: readonly TopicPartition[]) => admin.groupOffsets(options.groupId, partitions),
        }),
    };
    await remedyWorks("probe/stable-offsets", {
      attempt,
      does: { "a client that asks for stable offsets (KIP-447)": sound },
    });
    await admin.close();
  });

  test("producers that do not share a transactional id", async () => {
    client = { ...log, producer: (options) => log.producer({ ...options, transactionalId: unique("own") }) };
    await remedyWorks("probe/zombie", {
      attempt,
      does: { "a client that opens the transactional id that it is given": sound },
    });
  });

  type Reader = ReturnType<Log["reader"]>;

  function wrapReader(change: (reader: Reader) => Reader): Log {
    return {
      ...log,
      reader: (options) => {
        const reader = log.reader(options);
        return change({
          open: () => reader.open(),
          assign: (start) => reader.assign(start),
          fetch: (records, timeoutMs) => reader.fetch(records, timeoutMs),
          position: (partition) => reader.position(partition),
          watermarks: (partition, timeoutMs) => reader.watermarks(partition, timeoutMs),
          close: () => reader.close(),
        });
      },
    };
  }
});
