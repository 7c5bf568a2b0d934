import binding from "@confluentinc/kafka-javascript";
import type {
  KafkaConsumer as KafkaConsumerType,
  Assignment,
  LibrdKafkaError,
  Message,
  Producer as ProducerType,
  TopicPartition,
} from "@confluentinc/kafka-javascript";

/**
 * The one place that loads the native client. Everything here drives its callback API; the promise
 * API over it hard-codes 5 s transaction timeouts, hides assign() and costs two to three times the
 * CPU a record (docs/decisions/0002).
 */
declare module "@confluentinc/kafka-javascript" {
  // Present in lib/kafka-consumer.js of 1.10.1, missing in its types.
  interface KafkaConsumer {
    incrementalAssign(assignments: readonly Assignment[]): this;
    incrementalUnassign(assignments: readonly TopicPartition[]): this;
    /** Crashes the process after disconnect(): ask isConnected() first. */
    assignmentLost(): boolean;
    rebalanceProtocol(): "NONE" | "COOPERATIVE" | "EAGER";
    setDefaultIsTimeoutOnlyForFirstMessage(only: boolean): void;
  }
}

export type ClientError = LibrdKafkaError;
export type ClientMessage = Message;
export type ClientConsumer = KafkaConsumerType;
export type ClientProducer = ProducerType;

/** Configuration keys are librdkafka's own; unknown ones make the constructor throw. */
export type ClientConfig = Readonly<Record<string, unknown>>;

export function newConsumer(config: ClientConfig, topicConfig: ClientConfig): ClientConsumer {
  return new binding.KafkaConsumer(config, topicConfig);
}

export function newProducer(config: ClientConfig): ClientProducer {
  return new binding.Producer(config, {});
}

export const AdminClient: typeof binding.AdminClient = binding.AdminClient;

/** One callback of the client as a promise. It rejects with the client's own error; `errors.ts` translates. */
export function calledBack<T>(
  start: (done: (error: ClientError | Error | null | undefined, result: T) => void) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    start((error, result) => {
      if (error) reject(error);
      else resolve(result);
    });
  });
}
