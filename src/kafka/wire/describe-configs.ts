import { FatalError, RetryableError } from "../../domain/errors.ts";
import { TOPIC_RIGHT_REMEDY } from "../rights.ts";
import { BrokerConnection } from "./broker-connection.ts";
import { int32, string } from "./codec.ts";
import type { WireReader, WireRequest } from "./codec.ts";
import { exchange, firstAnswer } from "./exchange.ts";
import { readMetadata } from "./metadata.ts";

/**
 * DescribeConfigs (API key 32, version 1). The client library has no call for it, and a topic whose settings cannot be
 * read cannot be checked before exactly-once depends on it. Version 1 is the oldest that Kafka 4 still answers and
 * the newest without flexible fields.
 */
const apiKey = 32;
const apiVersion = 1;
const topicResource = 2;
const brokerResource = 4;
const unknownTopic = 3;
const notAuthorized = { topic: 29, cluster: 31 };

/**
 * The settings of each topic as the broker applies them (its defaults included). Topics that do not exist are
 * missing from the result. `brokers` is a comma-separated host:port list; the first that answers is asked.
 * Throws FatalError where this user may not ask, else RetryableError.
 */
export async function describeTopicConfigs(
  brokers: string,
  clientId: string,
  topics: readonly string[],
  timeoutMs: number,
): Promise<Map<string, ReadonlyMap<string, string | null>>> {
  return await firstAnswer(brokers, "topic settings", async (address) => {
    const settings = new Map<string, ReadonlyMap<string, string | null>>();
    const answer = await exchange(address, requestFor(clientId, topicResource, topics), timeoutMs);
    for (const { error, message, name, values } of decode(answer)) {
      if (error === unknownTopic) continue;
      const text = `settings of ${name}: ${message ?? "error"} (${error})`;
      if (error === notAuthorized.topic) throw new FatalError(text, { remedy: TOPIC_RIGHT_REMEDY });
      if (error !== 0) throw new RetryableError(text);
      settings.set(name, values);
    }
    return settings;
  });
}

/**
 * The settings of every broker, each as it tells them itself. Undefined where this user may not ask (the right is
 * DescribeConfigs on the cluster). Throws RetryableError.
 */
export async function describeBrokerConfigs(
  brokers: string,
  clientId: string,
  timeoutMs: number,
): Promise<ReadonlyMap<string, string | null>[] | undefined> {
  return await firstAnswer(brokers, "broker settings", async (bootstrap) => {
    const connection = await BrokerConnection.open(bootstrap, timeoutMs);
    let nodes: ReadonlyMap<number, string>;
    try {
      nodes = (await readMetadata(connection, clientId, [])).brokers;
    } finally {
      connection.close();
    }
    const settings: ReadonlyMap<string, string | null>[] = [];
    for (const [id, address] of nodes) {
      const answer = await exchange(address, requestFor(clientId, brokerResource, [String(id)]), timeoutMs);
      for (const { error, message, name, values } of decode(answer)) {
        if (error === notAuthorized.cluster) return undefined;
        if (error !== 0) throw new RetryableError(`settings of broker ${name}: ${message ?? "error"} (${error})`);
        settings.push(values);
      }
    }
    return settings;
  });
}

interface Described {
  readonly error: number;
  readonly message: string | null;
  readonly name: string;
  readonly values: ReadonlyMap<string, string | null>;
}

function requestFor(clientId: string, resource: number, names: readonly string[]): WireRequest {
  return {
    apiKey,
    apiVersion,
    clientId,
    body: [
      int32(names.length),
      ...names.flatMap((name) => [Buffer.from([resource]), string(name), int32(-1)]), // -1: every setting
      Buffer.from([0]), // no synonyms
    ],
  };
}

function decode(reader: WireReader): Described[] {
  reader.int32(); // throttle time
  const described: Described[] = [];
  for (let left = reader.int32(); left > 0; left--) {
    const error = reader.int16();
    const message = reader.nullableString();
    reader.int8(); // resource type
    const name = reader.nullableString() ?? "";
    const values = new Map<string, string | null>();
    for (let configs = reader.int32(); configs > 0; configs--) {
      const setting = reader.nullableString() ?? "";
      values.set(setting, reader.nullableString());
      reader.int8(); // read only
      reader.int8(); // source
      reader.int8(); // sensitive
      for (let synonyms = reader.int32(); synonyms > 0; synonyms--) {
        reader.nullableString();
        reader.nullableString();
        reader.int8();
      }
    }
    described.push({ error, message, name, values });
  }
  return described;
}
