import { confluentLog } from "../../../src/kafka/confluent/index.ts";
import { WriteBatch } from "../../../src/kafka/log.ts";

/** Opens one of everything, uses it, closes it, says so, and expects to exit for want of anything to do. */
const [brokers, topic, name] = process.argv.slice(2) as [string, string, string];
const log = confluentLog({ brokers });
const admin = log.admin();
const producer = log.producer({ transactionalId: name, transactionTimeoutMs: 10_000 });
const consumer = log.consumer({ groupId: name, instanceId: "one", topics: [topic], sessionTimeoutMs: 6_000 });
const reader = log.reader({ isolation: "read_committed" });
await Promise.all([producer.open(), consumer.open(), reader.open()]);
await admin.describeTopics([topic]);
await admin.acknowledge(`${name}.acknowledged`, [{ topic, partition: 0, offset: 0, metadata: "" }]);
while (consumer.pendingRebalance() === undefined) await consumer.fetch(1, 100);
consumer.answerRebalance(consumer.pendingRebalance()!.partitions.map((partition) => ({ ...partition, offset: 0 })));
const batch = new WriteBatch();
batch.append(topic, 0, null, Buffer.from("value"));
await producer.begin();
await producer.write(batch);
await producer.commit();
reader.assign([{ topic, partition: 0, offset: 0 }]);
let read = 0;
while (read === 0) read += (await reader.fetch(10, 100)).length;
let consumed = 0;
while (consumed === 0) consumed += (await consumer.fetch(10, 100)).length;
await consumer.watermarks({ topic, partition: 0 }, 5_000);
await Promise.all([producer.close(), consumer.close(), reader.close(), admin.close()]);
process.send?.("closed");
