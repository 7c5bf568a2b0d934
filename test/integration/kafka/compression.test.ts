import { features } from "@confluentinc/kafka-javascript";
import { expect, test } from "vitest";
import { FatalError } from "../../../src/domain/errors.ts";
import { AdminClient } from "../../../src/kafka/confluent/binding.ts";
import { wireReadingLog } from "../../../src/kafka/confluent/index.ts";
import { collect, openProducer, openReader, records, transact } from "../../contract/log-harness.ts";
import { brokers, openLog, unique } from "./harness.ts";

/** A topic whose broker compresses again, whatever the producer has chosen. */
async function compressedTopic(compression: string): Promise<string> {
  const topic = unique(compression);
  const client = AdminClient.create({ "bootstrap.servers": brokers() });
  await new Promise<void>((resolve, reject) => {
    const config = { "compression.type": compression };
    client.createTopic({ topic, num_partitions: 1, replication_factor: 1, config }, 10_000, (error) =>
      error ? reject(error) : resolve(),
    );
  });
  client.disconnect();
  return topic;
}

test.each(["zstd", "snappy", "gzip", "lz4", "uncompressed"])(
  "a topic with compression.type=%s of its own is read over connections of our own as by the native client",
  async (compression) => {
    const topic = await compressedTopic(compression);
    const producer = await openProducer(openLog(), unique("compressing"));
    const values = Array.from({ length: 3_000 }, (_, n) => `${n}: ${"ball by ball ".repeat(n % 40)}`);
    await transact(producer, records(topic, 0, values), "commit");
    await producer.close();
    for (const log of [wireReadingLog({ brokers: brokers(), clientId: "wire" }), openLog()]) {
      const reader = await openReader(log, "read_committed", [{ topic, partition: 0, offset: 0 }]);
      try {
        const found = await collect(reader, values.length);
        expect(found.map(({ value }) => value)).toEqual(values);
      } catch (error) {
        // The client of this machine may have been built without zstd: then it says so.
        if (features.includes(compression) || !(error instanceof FatalError)) throw error;
        expect([compression, error.remedy]).toEqual(["zstd", expect.stringContaining("install libzstd-dev")]);
      } finally {
        await reader.close();
      }
    }
  },
);
