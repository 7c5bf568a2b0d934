import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RetryableError } from "../../../src/domain/errors.ts";
import { confluentLog } from "../../../src/kafka/confluent/index.ts";
import type { GroupConsumer, Log, Rebalance } from "../../../src/kafka/log.ts";
import { createTopic, eventually, openProducer, records } from "../../contract/log-harness.ts";
import { brokers, openLog, unique } from "./harness.ts";

/** close() normally takes 10 ms and waits at most for one native call; 10 s would be its watchdog. */
const promptMs = 2_000;
const warnings: Error[] = [];
const listen = (warning: Error): void => void warnings.push(warning);

let log: Log;
let topic: string;

beforeEach(async () => {
  log = openLog();
  topic = await createTopic(log, unique("closing"), 2);
  warnings.length = 0;
  process.on("warning", listen);
});

afterEach(async () => {
  process.off("warning", listen);
  const admin = log.admin();
  await admin.deleteTopics([topic]);
  await admin.close();
});

async function expectPromptClose(thing: { close(): Promise<void> }): Promise<void> {
  const startedAt = performance.now();
  await Promise.all([thing.close(), thing.close()]);
  await thing.close();
  expect(performance.now() - startedAt).toBeLessThan(promptMs);
  expect(warnings).toEqual([]);
}

function member(): GroupConsumer {
  return log.consumer({ groupId: unique("closing"), instanceId: "one", topics: [topic], sessionTimeoutMs: 6_000 });
}

async function untilRebalance(consumer: GroupConsumer): Promise<Rebalance> {
  await consumer.open();
  return await eventually("a rebalance waits", async () => {
    await consumer.fetch(10, 100);
    return consumer.pendingRebalance();
  });
}

describe("a consumer closes promptly", () => {
  test("before it was opened", async () => {
    await expectPromptClose(member());
  });

  test("when it was just opened", async () => {
    const consumer = member();
    await consumer.open();
    await expectPromptClose(consumer);
  });

  test("while it connects, and is no member afterwards", async () => {
    const groupId = unique("closing");
    const consumer = log.consumer({ groupId, instanceId: "one", topics: [topic], sessionTimeoutMs: 6_000 });
    const opening = consumer.open().then(
      () => "opened",
      (error: unknown) => error,
    );
    await expectPromptClose(consumer);
    expect(await opening).toBeInstanceOf(RetryableError);
    // Who joins after it is alone.
    const next = log.consumer({ groupId, instanceId: "two", topics: [topic], sessionTimeoutMs: 6_000 });
    expect((await untilRebalance(next)).partitions).toHaveLength(2);
    const admin = log.admin();
    const { members } = await admin.groupMembers(groupId);
    expect(members.map(({ instanceId }) => instanceId)).toEqual(["two"]);
    await Promise.all([next.close(), admin.close()]);
  });

  test("with an assignment nobody answered", async () => {
    const consumer = member();
    await untilRebalance(consumer);
    await expectPromptClose(consumer);
  });

  test("with a revocation nobody answered", async () => {
    const groupId = unique("closing");
    const options = { groupId, topics: [topic], sessionTimeoutMs: 6_000 };
    const first = log.consumer({ ...options, instanceId: "one" });
    await untilRebalance(first);
    first.answerRebalance(first.pendingRebalance()!.partitions.map((each) => ({ ...each, offset: 0 })));
    const second = log.consumer({ ...options, instanceId: "two" });
    await second.open();
    await eventually("the first is asked to give partitions up", async () => {
      await Promise.all([first.fetch(10, 50), second.fetch(10, 50)]);
      if (second.pendingRebalance())
        second.answerRebalance(second.pendingRebalance()!.partitions.map((each) => ({ ...each, offset: 0 })));
      return first.pendingRebalance()?.kind === "revoke" ? true : undefined;
    });
    await expectPromptClose(first);
    await expectPromptClose(second);
  });

  test("with a fetch in flight, which then ends", async () => {
    const consumer = member();
    await untilRebalance(consumer);
    consumer.answerRebalance(consumer.pendingRebalance()!.partitions.map((each) => ({ ...each, offset: 0 })));
    const fetching = consumer.fetch(10, 60_000);
    await expectPromptClose(consumer);
    expect(await fetching).toEqual([]);
    await expect(consumer.fetch(1, 1)).rejects.toBeInstanceOf(RetryableError);
  });

  test("with a fetch of its own in flight behind one that has returned", async () => {
    const consumer = member();
    await untilRebalance(consumer);
    consumer.answerRebalance(consumer.pendingRebalance()!.partitions.map((each) => ({ ...each, offset: 0 })));
    await consumer.fetch(10, 1);
    await expectPromptClose(consumer);
  });
});

describe("a producer closes promptly", () => {
  test("before it was opened", async () => {
    await expectPromptClose(log.producer({ transactionalId: unique("closing"), transactionTimeoutMs: 10_000 }));
  });

  test("when it was just opened", async () => {
    await expectPromptClose(await openProducer(log, unique("closing")));
  });

  test("with a transaction open and records queued", async () => {
    const producer = await openProducer(log, unique("closing"));
    await producer.begin();
    await producer.write(
      records(
        topic,
        0,
        Array.from({ length: 50_000 }, (_, index) => `v${index}`),
      ),
    );
    await expectPromptClose(producer);
    await expect(producer.commit()).rejects.toBeInstanceOf(RetryableError);
  });

  test("fenced by a newer one, in a transaction", async () => {
    const id = unique("closing");
    const old = await openProducer(log, id);
    await old.begin();
    await old.write(records(topic, 0, ["v"]));
    const young = await openProducer(log, id);
    await expect(old.commit()).rejects.toThrow();
    await expectPromptClose(old);
    await expectPromptClose(young);
  });
});

test("a reader and an admin close promptly before they were opened and with a fetch in flight", async () => {
  await expectPromptClose(log.reader({ isolation: "read_committed" }));
  await expectPromptClose(log.admin());
  const reader = log.reader({ isolation: "read_committed" });
  await reader.open();
  reader.assign([{ topic, partition: 0, offset: 0 }]);
  const fetching = reader.fetch(10, 60_000);
  await expectPromptClose(reader);
  expect(await fetching).toEqual([]);
});

test("opening on a broker that is not there ends with a retryable error that names the address, and closes", async () => {
  const away = confluentLog({ brokers: "127.0.0.1:1" });
  const things = [
    away.producer({ transactionalId: "nobody", transactionTimeoutMs: 10_000 }),
    away.consumer({ groupId: "nobody", instanceId: "one", topics: ["nothing"], sessionTimeoutMs: 6_000 }),
    away.reader({ isolation: "read_committed" }),
  ];
  await Promise.all(
    things.map(async (thing) => {
      const failure = await thing.open().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(RetryableError);
      expect((failure as Error).message).toContain("127.0.0.1:1");
      await expectPromptClose(thing);
    }),
  );
});

test("a process that has closed everything exits by itself", async () => {
  const child = fork(
    fileURLToPath(new URL("./everything.child.ts", import.meta.url)),
    [brokers(), topic, unique("closing")],
    {
      execArgv: ["--import", "tsx"],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    },
  );
  const exited = once(child, "exit");
  await once(child, "message");
  const closedAt = performance.now();
  child.disconnect();
  expect(await exited).toEqual([0, null]);
  expect(performance.now() - closedAt).toBeLessThan(promptMs);
});
