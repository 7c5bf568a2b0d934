import type { Log, LogReader } from "../log.ts";
import { ConfluentAdmin } from "./admin.ts";
import { ConfluentConsumer } from "./consumer.ts";
import { PlainClient } from "./plain-client.ts";
import { ConfluentProducer } from "./producer.ts";
import type { Cluster } from "./connection.ts";
import { ConfluentReader, type ReaderOptions } from "./reader.ts";
import { WireLogReader } from "../wire/reader.ts";

interface LogOptions {
  readonly brokers: string;
  readonly clientId?: string;
}

/**
 * The Log on a real broker. `brokers` is a comma-separated list of host:port, PLAINTEXT. Nothing connects before
 * an open() or the first call of an admin; when everything obtained from it is closed, the process may exit.
 */
export function confluentLog(options: LogOptions): Log {
  return logOf(options, (cluster, reader, plain) => new ConfluentReader(cluster, reader, plain));
}

/** The same, with readers that decode record batches themselves: several times as fast, for topics whose writers are ours (lz4). */
export function wireReadingLog(options: LogOptions): Log {
  return logOf(options, (cluster, reader, plain) => new WireLogReader({ ...cluster, ...reader }, plain.hold()));
}

function logOf(
  { brokers, clientId = "third-umpire" }: LogOptions,
  newReader: (cluster: Cluster, options: ReaderOptions, plain: PlainClient) => LogReader,
): Log {
  const cluster = { brokers, clientId };
  const plain = new PlainClient(cluster);
  return {
    consumer: (consumer) => new ConfluentConsumer(cluster, consumer, plain),
    producer: (producer) => new ConfluentProducer(cluster, producer),
    reader: (reader) => newReader(cluster, reader, plain),
    admin: () => new ConfluentAdmin(cluster, plain),
  };
}
