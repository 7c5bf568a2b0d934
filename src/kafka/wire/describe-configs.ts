import { connect } from "node:net";
import type { Socket } from "node:net";
import { RetryableError } from "../../domain/errors.ts";

/**
 * One DescribeConfigs request (API key 32, version 1, PLAINTEXT). The client library of src/kafka/confluent has no
 * call for it, and a topic whose settings cannot be read cannot be checked before exactly-once depends on it.
 * Layout: kafka.apache.org/protocol, "DescribeConfigs Request (Version: 1)"; version 1 is the oldest that Kafka 4
 * still answers and the newest without flexible fields.
 */
const apiKey = 32;
const apiVersion = 1;
const topicResource = 2;
const unknownTopic = 3;

/**
 * The settings of each topic as the broker applies them (its defaults included). Topics that do not exist are
 * missing from the result. `brokers` is a comma-separated host:port list; the first that answers is asked.
 * Throws RetryableError.
 */
export async function describeTopicConfigs(
  brokers: string,
  clientId: string,
  topics: readonly string[],
  timeoutMs: number,
): Promise<Map<string, ReadonlyMap<string, string | null>>> {
  const failures: string[] = [];
  for (const address of brokers.split(",").map((part) => part.trim())) {
    try {
      return decode(await exchange(address, encode(clientId, topics), timeoutMs));
    } catch (cause) {
      failures.push(`${address}: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
  throw new RetryableError(`no topic settings from Kafka: ${failures.join("; ")}`);
}

function encode(clientId: string, topics: readonly string[]): Buffer {
  const body = Buffer.concat([
    int16(apiKey),
    int16(apiVersion),
    int32(0), // correlation id: one request a connection
    string(clientId),
    int32(topics.length),
    ...topics.flatMap((topic) => [Buffer.from([topicResource]), string(topic), int32(-1)]), // -1: every setting
    Buffer.from([0]), // no synonyms
  ]);
  return Buffer.concat([int32(body.length), body]);
}

/** Sends one request and returns the response without its length and correlation id. */
function exchange(address: string, request: Buffer, timeoutMs: number): Promise<Buffer> {
  const colon = address.lastIndexOf(":");
  const socket: Socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) });
  return new Promise<Buffer>((resolve, reject) => {
    let received = Buffer.alloc(0);
    socket.setTimeout(timeoutMs, () => {
      reject(new Error(`no answer within ${timeoutMs} ms`));
    });
    socket.on("error", reject);
    socket.on("close", () => {
      reject(new Error("the connection was closed"));
    });
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) resolve(received.subarray(8));
    });
    socket.write(request);
  }).finally(() => {
    socket.destroy();
  });
}

function decode(response: Buffer): Map<string, ReadonlyMap<string, string | null>> {
  const reader = new WireReader(response);
  reader.int32(); // throttle time
  const topics = new Map<string, ReadonlyMap<string, string | null>>();
  for (let left = reader.int32(); left > 0; left--) {
    const error = reader.int16();
    const message = reader.nullableString();
    reader.int8(); // resource type
    const topic = reader.nullableString() ?? "";
    const settings = new Map<string, string | null>();
    for (let configs = reader.int32(); configs > 0; configs--) {
      const name = reader.nullableString() ?? "";
      settings.set(name, reader.nullableString());
      reader.int8(); // read only
      reader.int8(); // source
      reader.int8(); // sensitive
      for (let synonyms = reader.int32(); synonyms > 0; synonyms--) {
        reader.nullableString();
        reader.nullableString();
        reader.int8();
      }
    }
    if (error === unknownTopic) continue;
    if (error !== 0) throw new RetryableError(`settings of ${topic}: ${message ?? "error"} (${error})`);
    topics.set(topic, settings);
  }
  return topics;
}

class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int8(): number {
    const value = this.#bytes.readInt8(this.#at);
    this.#at += 1;
    return value;
  }

  int16(): number {
    const value = this.#bytes.readInt16BE(this.#at);
    this.#at += 2;
    return value;
  }

  int32(): number {
    const value = this.#bytes.readInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  nullableString(): string | null {
    const length = this.int16();
    if (length < 0) return null;
    const value = this.#bytes.toString("utf8", this.#at, this.#at + length);
    this.#at += length;
    return value;
  }
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function string(value: string): Buffer {
  const bytes = Buffer.from(value, "utf8");
  return Buffer.concat([int16(bytes.length), bytes]);
}
