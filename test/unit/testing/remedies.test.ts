import { beforeEach, expect, test } from "vitest";
import { WriteBatch } from "../../../src/kafka/log.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";
import { remedyWorks } from "../../support/remedies/works.ts";

/* What the model of Kafka refuses, as a real one does: the remedy is done, and the same call succeeds. */

let broker: ModelBroker;
let log: ModelLog;
beforeEach(() => {
  broker = new ModelBroker();
  log = new ModelLog(broker, { clientId: "p" });
});

async function write(bytes: number, maxMessageBytes?: number): Promise<void> {
  const limit = maxMessageBytes === undefined ? {} : { maxMessageBytes };
  const producer = log.producer({ transactionalId: "p", transactionTimeoutMs: 10_000, ...limit });
  await producer.open();
  await producer.begin();
  const batch = new WriteBatch();
  batch.append("t", 0, null, Buffer.alloc(bytes));
  await producer.write(batch);
  await producer.commit();
  await producer.close();
}

test("a topic that is not there is created", async () => {
  await remedyWorks("model/no-topic", {
    attempt: () => broker.watermarks({ topic: "t", partition: 0 }),
    does: { "create the topic before it is used": () => broker.createTopic({ name: "t", partitions: 1 }) },
  });
});

test("a record that is too large is smaller, or allowed", async () => {
  broker.createTopic({ name: "t", partitions: 1 });
  let [bytes, most] = [20_000, 10_000];
  const attempt = (): Promise<void> => write(bytes, most);
  await remedyWorks("model/too-large", { attempt, does: { "send smaller records": () => (bytes = 5_000) } });
  bytes = 20_000;
  await remedyWorks("model/too-large", {
    attempt,
    does: { "raise maxMessageBytes of the topic and the producer": () => (most = 30_000) },
  });
});

test("records that are gone are passed over on purpose only", async () => {
  broker.createTopic({ name: "t", partitions: 1 });
  await write(1);
  await write(1);
  broker.truncate("t", 0, 2);
  let offset = 0;
  const attempt = async (): Promise<number> => {
    const reader = log.reader({ isolation: "read_committed" });
    await reader.open();
    reader.assign([{ topic: "t", partition: 0, offset }]);
    const [batch] = await reader.fetch(10, 100);
    await reader.close();
    return batch?.length ?? 0;
  };
  const reset = (): void => void (offset = 2);
  expect(await remedyWorks("model/out-of-range", { attempt, does: { "reset the group on purpose": reset } })).toBe(1);
});
