import { formatAddress } from "./address.ts";
import type { TopicPartition } from "../log.ts";
import type { BrokerConnection } from "./broker-connection.ts";
import { int32, string, type WireReader } from "./codec.ts";

/** Metadata version 4: the first that can forbid a topic to be created by asking for it. */
const apiKey = 3;
const apiVersion = 4;

/** A partition's leader as host:port; null when there is none. */
export interface PartitionLeader extends TopicPartition {
  readonly leader: string | null;
}

export interface ClusterMetadata {
  /** host:port of every broker there is, by its id. */
  readonly brokers: ReadonlyMap<number, string>;
  /** Of the topics that there are. */
  readonly partitions: readonly PartitionLeader[];
  /** Topics that the broker tells nothing of, with the error that it gives. */
  readonly refused: ReadonlyMap<string, number>;
}

/** Who leads the partitions of these topics, as one broker knows it. Rejects with a plain Error. */
export async function readMetadata(
  connection: BrokerConnection,
  clientId: string,
  topics: readonly string[],
): Promise<ClusterMetadata> {
  const body = [int32(topics.length), ...topics.map((topic) => string(topic)), Buffer.from([0])];
  return decode(await connection.request({ apiKey, apiVersion, clientId, body }));
}

function decode(answer: WireReader): ClusterMetadata {
  answer.int32(); // throttle time
  const addresses = new Map<number, string>();
  answer.array(() => {
    const id = answer.int32();
    const host = answer.nullableString() ?? "";
    addresses.set(id, formatAddress(host, answer.int32()));
    answer.nullableString(); // rack
  });
  answer.nullableString(); // cluster id
  answer.int32(); // controller
  const partitions: PartitionLeader[] = [];
  const refused = new Map<string, number>();
  answer.array(() => {
    const error = answer.int16(); // such a topic has no partitions
    const topic = answer.nullableString() ?? "";
    if (error !== 0) refused.set(topic, error);
    answer.int8(); // internal
    answer.array(() => {
      answer.int16(); // error: such a partition has no leader
      const partition = answer.int32();
      const leader = addresses.get(answer.int32()) ?? null;
      answer.array(() => answer.int32()); // replicas
      answer.array(() => answer.int32()); // in-sync replicas
      partitions.push({ topic, partition, leader });
    });
  });
  return { brokers: addresses, partitions, refused };
}
