import { FatalError, FencedError, PoisonError, RetryableError, StateCorruptError } from "../../domain/errors.ts";
import { AbortRequiredError } from "../abort-required.ts";
import { IndefiniteCommitError } from "../indefinite.ts";
import { GROUP_RIGHT_REMEDY, TOPIC_RIGHT_REMEDY, TRANSACTIONAL_ID_RIGHT_REMEDY } from "../rights.ts";
import { SeatTakenError } from "../seat-taken.ts";
import type { ClientError } from "./binding.ts";

/**
 * The only table from the client's error codes and flags to our reactions.
 *
 * Codes are librdkafka's: negative ones are its own, positive ones the broker's. Flags exist on the errors of
 * initTransactions, sendOffsetsToTransaction, commitTransaction and abortTransaction only; beginTransaction and
 * produce report a producer that died earlier as a bare -144, -150 or -172, so a code must be enough.
 */
export const code = {
  fatal: -150,
  timedOut: -185,
  queueFull: -184,
  state: -172,
  unknownPartition: -190,
  unknownTopic: 3,
  topicRight: 29,
  groupRight: 30,
  topicExists: 36,
} as const;

/** Names that the client logs where it gives no code, for the errors that retrying cannot mend. */
export const codeByName: Readonly<Record<string, number>> = {
  MSG_SIZE_TOO_LARGE: 10,
  TOPIC_EXCEPTION: 17,
  TOPIC_AUTHORIZATION_FAILED: 29,
  CLUSTER_AUTHORIZATION_FAILED: 31,
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 53,
};

/** What was being done: the same code asks for another reaction in another place. */
export type Operation =
  "open" | "fetch" | "seek" | "committed" | "watermarks" | "begin" | "write" | "offsets" | "commit" | "abort" | "admin";

export interface ErrorContext {
  readonly operation: Operation;
  /** host:port list the client was given. */
  readonly brokers: string;
  /** What the call was about, for the message: a topic, a group, a transactional id. */
  readonly subject: string;
}

/** The broker let a newer incarnation in our place. */
const zombie = new Set([
  -144, // FENCED: a newer producer opened our transactional id
  90, // PRODUCER_FENCED
  47, // INVALID_PRODUCER_EPOCH, also what a transaction timed out by its coordinator looks like
  25, // UNKNOWN_MEMBER_ID: the group removed us
  -147, // MAX_POLL_EXCEEDED: the client left the group for us
  -142, // ASSIGNMENT_LOST
]);

/** FENCED_INSTANCE_ID: a newer member took our group.instance.id. */
const seatTaken = 82;

/*
 * Not among the zombies: 22 ILLEGAL_GENERATION. The broker looks for the member first (25, 82) and compares generations
 * only for one it still has: a rebalance completed while our offsets were on their way, which happens to every
 * second member that commits while another one joins. The transaction must be aborted, the member is sound, and
 * the rebalance it is about to be told of says what it keeps.
 */

/** Nobody answered. */
const unreachable = new Set([
  -195, // TRANSPORT
  -187, // ALL_BROKERS_DOWN
  -193, // RESOLVE
  -185, // TIMED_OUT
  -192, // MSG_TIMED_OUT
  -180, // WAIT_COORD
  -166, // TIMED_OUT_QUEUE
]);

/** The producer is of no more use, but nobody took our place: a new one with the same id resolves what was open. */
const producerDead = new Set([
  -172, // STATE: what begin says after a fatal error
  -150, // FATAL: what produce says after a fatal error
  45, // OUT_OF_ORDER_SEQUENCE_NUMBER
  48, // INVALID_TXN_STATE: an abort overtook the first AddPartitions (librdkafka#4849)
  49, // INVALID_PRODUCER_ID_MAPPING: the id was idle for transactional.id.expiration.ms
  59, // UNKNOWN_PRODUCER_ID
]);

/** After an aborted delivery failure the client may skip sequence numbers and fail every transaction to come. */
const sequenceLost = new Set([
  45, // OUT_OF_ORDER_SEQUENCE_NUMBER
  59, // UNKNOWN_PRODUCER_ID
]);

/** A person must act. */
const remedies = new Map<number, string>([
  [
    -170, // NOT_IMPLEMENTED: a batch in a compression that the client does not have
    "the topic is compressed with zstd, and the Kafka client was built without it: install libzstd-dev and build it again (npm rebuild @confluentinc/kafka-javascript), nothing is lost meanwhile",
  ],
  [10, "raise max.message.bytes of the topic and message.max.bytes of the broker, or send smaller records"],
  [17, "use a topic name of at most 249 characters out of a-z A-Z 0-9 . _ -"],
  [26, "choose a session timeout between group.min.session.timeout.ms and group.max.session.timeout.ms of the broker"],
  [29, TOPIC_RIGHT_REMEDY],
  [30, GROUP_RIGHT_REMEDY],
  [31, "grant this user access to the cluster"],
  [35, "use a broker of version 2.5 or later"],
  [-165, "use a broker of version 2.5 or later"], // UNSUPPORTED_FEATURE: it has no transactions
  [37, "choose at least one partition"],
  [38, "start as many brokers as the replication factor says"],
  [40, "correct the topic settings named in the message"],
  [50, "choose a transaction timeout below transaction.max.timeout.ms of the broker"],
  [53, TRANSACTIONAL_ID_RIGHT_REMEDY],
  [-190, "write to a partition that the topic has"],
  [
    -140,
    "the records after the committed offset are gone: they were deleted by retention before they were read; reset the group on purpose",
  ],
  [
    1,
    "the records after the committed offset are gone: they were deleted by retention before they were read; reset the group on purpose",
  ],
]);

/** Turns whatever the client threw or called back with into one of our errors. Errors of ours pass unchanged. */
export function reactionTo(cause: unknown, context: ErrorContext): Error {
  if (isOurs(cause)) return cause;
  if (!isClientError(cause)) {
    // The JavaScript part of the client throws plain errors only for calls on a client that is not connected.
    return new RetryableError(`${label(context)}: ${messageOf(cause)}`, { cause });
  }
  const { code: number } = cause;
  const text = `${label(context)}: ${cause.message} (${number})`;

  if (number === seatTaken) return new SeatTakenError(text, { cause });
  if (zombie.has(number)) return new FencedError(text, { cause });
  const remedy = remedies.get(number);
  if (remedy !== undefined) return new FatalError(text, { cause, remedy });
  if (isOutcome(context.operation) && (cause.isTxnRequiresAbort !== true || sequenceLost.has(number))) {
    // No flag says the transaction is surely not committed. A timeout, a lost connection and a producer
    // that died all leave the outcome to the coordinator; so does anything this table does not know.
    return new IndefiniteCommitError(text, { cause });
  }
  if (cause.isTxnRequiresAbort === true) return new AbortRequiredError(text, { cause });
  if (isTransactional(context.operation) && (cause.isFatal === true || producerDead.has(number))) {
    return new IndefiniteCommitError(text, { cause });
  }
  if (unreachable.has(number)) {
    return new RetryableError(
      `${label(context)}: no answer from Kafka at ${context.brokers} (${cause.message}); is it running, and is the address right?`,
      { cause },
    );
  }
  if (cause.isRetriable === true || retriable.has(number)) return new RetryableError(text, { cause });
  return new FatalError(text, { cause, remedy: "look the code up in librdkafka's error list and report it" });
}

/** Codes that pass by themselves, where the client gives no flag. */
const retriable = new Set([
  -188, // UNKNOWN_TOPIC
  -172, // STATE of a consumer: between two assignments
  -161, // NODE_UPDATE
  -154, // IN_PROGRESS
  -153, // PREV_IN_PROGRESS
  -150, // FATAL of a consumer is preceded by its reason
  3, // UNKNOWN_TOPIC_OR_PART
  5, // LEADER_NOT_AVAILABLE
  6, // NOT_LEADER_FOR_PARTITION
  7, // REQUEST_TIMED_OUT
  8, // BROKER_NOT_AVAILABLE
  9, // REPLICA_NOT_AVAILABLE
  13, // NETWORK_EXCEPTION
  14, // COORDINATOR_LOAD_IN_PROGRESS
  15, // COORDINATOR_NOT_AVAILABLE
  16, // NOT_COORDINATOR
  19, // NOT_ENOUGH_REPLICAS
  22, // ILLEGAL_GENERATION
  20, // NOT_ENOUGH_REPLICAS_AFTER_APPEND
  27, // REBALANCE_IN_PROGRESS
  41, // NOT_CONTROLLER
  51, // CONCURRENT_TRANSACTIONS
  56, // KAFKA_STORAGE_ERROR
  74, // FENCED_LEADER_EPOCH
  75, // UNKNOWN_LEADER_EPOCH
  88, // UNSTABLE_OFFSET_COMMIT
]);

/** A refused topic is one of these, and the client does not say which: people look at the rights of all. */
export function subjectWith(cause: unknown, subject: string, topics: ReadonlySet<string>): string {
  return hasCode(cause, code.topicRight) ? `${subject} (${[...topics].join(", ")})` : subject;
}

/** True for the client's errors with this code. */
export function hasCode(cause: unknown, number: number): boolean {
  return isClientError(cause) && cause.code === number;
}

function isOutcome(operation: Operation): boolean {
  return operation === "commit" || operation === "abort";
}

function isTransactional(operation: Operation): boolean {
  return operation === "begin" || operation === "write" || operation === "offsets" || isOutcome(operation);
}

function isOurs(cause: unknown): cause is Error {
  return (
    cause instanceof RetryableError ||
    cause instanceof FencedError ||
    cause instanceof FatalError ||
    cause instanceof StateCorruptError ||
    cause instanceof PoisonError
  );
}

/** An error with a broker's or the client's code. The client's class extends nothing, so only its shape can be asked. */
function isClientError(cause: unknown): cause is ClientError {
  return typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "number";
}

function messageOf(cause: unknown): string {
  return typeof cause === "object" && cause !== null && "message" in cause ? String(cause.message) : String(cause);
}

function label(context: ErrorContext): string {
  return `${context.operation} ${context.subject}`;
}
