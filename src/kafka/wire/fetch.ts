import type { IsolationLevel, TopicPartition } from "../log.ts";
import type { BrokerConnection } from "./broker-connection.ts";
import { int32, int64, string, type WireReader } from "./codec.ts";

/** Fetch version 11: the newest without flexible fields, for brokers from 2.3 on. */
const apiKey = 1;
const apiVersion = 11;
/** No session: each request names its partitions. */
const sessionId = 0;
const sessionEpoch = -1;
const notKnown = -1;

export interface FetchRequest {
  readonly clientId: string;
  readonly isolation: IsolationLevel;
  /** The broker answers at once when there is anything, else after so many ms. */
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly partitionMaxBytes: number;
  readonly from: readonly (TopicPartition & { readonly offset: number })[];
}

/** A transaction that was aborted: `firstOffset` is that of its first record in this partition. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface FetchedPartition extends TopicPartition {
  /** The broker's code; 0: none. */
  readonly error: number;
  /** By first offset; empty for a reader of uncommitted records. */
  readonly aborted: readonly AbortedTransaction[];
  /** Record batches as they are stored, the last one possibly cut short. */
  readonly records: Buffer;
}

/** Asks the leader of these partitions for records. Rejects with a plain Error. */
export async function fetchRecords(connection: BrokerConnection, request: FetchRequest): Promise<FetchedPartition[]> {
  return decode(await connection.request({ apiKey, apiVersion, clientId: request.clientId, body: [encode(request)] }));
}

function encode({ isolation, maxWaitMs, maxBytes, partitionMaxBytes, from }: FetchRequest): Buffer {
  const byTopic = new Map<string, { readonly partition: number; readonly offset: number }[]>();
  for (const { topic, ...position } of from) byTopic.set(topic, [...(byTopic.get(topic) ?? []), position]);
  return Buffer.concat([
    int32(-1), // no replica
    int32(maxWaitMs),
    int32(1), // bytes, at least
    int32(maxBytes),
    Buffer.from([isolation === "read_committed" ? 1 : 0]),
    int32(sessionId),
    int32(sessionEpoch),
    int32(byTopic.size),
    ...[...byTopic].flatMap(([topic, partitions]) => [
      string(topic),
      int32(partitions.length),
      ...partitions.flatMap(({ partition, offset }) => [
        int32(partition),
        int32(notKnown), // leader epoch
        int64(offset),
        int64(notKnown), // log start offset, of followers only
        int32(partitionMaxBytes),
      ]),
    ]),
    int32(0), // forgotten topics
    string(""), // rack
  ]);
}

function decode(answer: WireReader): FetchedPartition[] {
  answer.int32(); // throttle time
  const refused = answer.int16();
  if (refused !== 0) throw new Error(`the broker refused to fetch (error ${refused})`);
  answer.int32(); // session
  const partitions: FetchedPartition[] = [];
  answer.array(() => {
    const topic = answer.nullableString() ?? "";
    answer.array(() => {
      const partition = answer.int32();
      const error = answer.int16();
      answer.int64(); // high watermark
      answer.int64(); // last stable offset
      answer.int64(); // log start offset
      const aborted = answer.array(() => ({ producerId: answer.int64(), firstOffset: answer.int64() }));
      answer.int32(); // preferred replica
      const records = answer.nullableBytes() ?? Buffer.alloc(0);
      partitions.push({ topic, partition, error, aborted, records });
    });
  });
  return partitions;
}
