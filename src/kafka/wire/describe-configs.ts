import { RetryableError } from "../../domain/errors.ts";
import { int32, string } from "./codec.ts";
import type { WireReader, WireRequest } from "./codec.ts";
import { exchange } from "./exchange.ts";

/**
 * DescribeConfigs (API key 32, version 1). The client library has no call for it, and a topic whose settings cannot be
 * read cannot be checked before exactly-once depends on it. Version 1 is the oldest that Kafka 4 still answers and
 * the newest without flexible fields.
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
      return decode(await exchange(address, requestFor(clientId, topics), timeoutMs));
    } catch (cause) {
      failures.push(`${address}: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
  throw new RetryableError(`no topic settings from Kafka: ${failures.join("; ")}`);
}

function requestFor(clientId: string, topics: readonly string[]): WireRequest {
  return {
    apiKey,
    apiVersion,
    clientId,
    body: [
      int32(topics.length),
      ...topics.flatMap((topic) => [Buffer.from([topicResource]), string(topic), int32(-1)]), // -1: every setting
      Buffer.from([0]), // no synonyms
    ],
  };
}

function decode(reader: WireReader): Map<string, ReadonlyMap<string, string | null>> {
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
