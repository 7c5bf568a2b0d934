import type { Log } from "../log.ts";
import { ConfluentAdmin } from "./admin.ts";
import { ConfluentConsumer } from "./consumer.ts";
import { PlainClient } from "./plain-client.ts";
import { ConfluentProducer } from "./producer.ts";
import { ConfluentReader } from "./reader.ts";
import { WireLogReader } from "../wire/reader.ts";

/**
 * The Log on a real broker. `brokers` is a comma-separated list of host:port, PLAINTEXT. Nothing connects before
 * an open() or the first call of an admin; when everything obtained from it is closed, the process may exit.
 */
export function confluentLog(options: { brokers: string; clientId?: string }): Log {
  const cluster = { brokers: options.brokers, clientId: options.clientId ?? "third-umpire" };
  const plain = new PlainClient(cluster);
  return {
    consumer: (consumer) => new ConfluentConsumer(cluster, consumer, plain),
    producer: (producer) => new ConfluentProducer(cluster, producer),
    reader: (reader) => new ConfluentReader(cluster, reader, plain),
    admin: () => new ConfluentAdmin(cluster, plain),
  };
}

/** The same, with readers that decode record batches themselves: several times as fast, for topics whose writers are ours (lz4). */
export function wireReadingLog(options: { brokers: string; clientId?: string }): Log {
  const cluster = { brokers: options.brokers, clientId: options.clientId ?? "third-umpire" };
  const plain = new PlainClient(cluster);
  return {
    ...confluentLog(options),
    reader: (reader) => new WireLogReader({ ...cluster, ...reader }, plain.hold()),
  };
}
