import type { GroupDescription, TopicPartition } from "../log.ts";
import { formatAddress } from "./address.ts";
import { string, WireReader } from "./codec.ts";
import { exchange, firstAnswer } from "./exchange.ts";
import { ResponseError } from "./response-error.ts";

/**
 * FindCoordinator version 2 and DescribeGroups version 4: the newest without flexible fields; Kafka 4 answers both. The client library
 * has calls for them, but its process dies when the coordinator answers with an error (confluent-kafka-javascript#531).
 */
const findCoordinator = { apiKey: 10, apiVersion: 2 };
const describeGroups = { apiKey: 15, apiVersion: 4 };
const groupCoordinator = 0;
/** Of groups whose members subscribe to topics: only theirs have assignments that we can read. */
const consumerProtocol = "consumer";

export interface DescribedGroup extends GroupDescription {
  /** host:port */
  readonly coordinator: string;
  /** What the members agreed on; empty outside a Stable group. */
  readonly assignor: string;
}

/**
 * Asks the group's coordinator who is in it. `brokers` is a comma-separated host:port list; the first that answers tells the
 * coordinator. Rejects with a ResponseError, or a RetryableError or plain Error when nobody answers.
 */
export async function describeGroup(
  brokers: string,
  clientId: string,
  groupId: string,
  timeoutMs: number,
): Promise<DescribedGroup> {
  const whichOne = {
    ...findCoordinator,
    clientId,
    body: [string(groupId), Buffer.from([groupCoordinator])],
  };
  const found = await firstAnswer(brokers, `coordinator of group ${groupId}`, (address) =>
    exchange(address, whichOne, timeoutMs),
  );
  const coordinator = decodeCoordinator(found);
  const one = Buffer.from([0, 0, 0, 1]);
  const noOperations = Buffer.from([0]);
  const whoIsIn = { ...describeGroups, clientId, body: [one, string(groupId), noOperations] };
  return { coordinator, ...decodeGroup(await exchange(coordinator, whoIsIn, timeoutMs)) };
}

function decodeCoordinator(answer: WireReader): string {
  answer.int32(); // throttle time
  throwIfError(answer.int16());
  answer.nullableString(); // message
  answer.int32(); // node id
  const host = answer.nullableString() ?? "";
  return formatAddress(host, answer.int32());
}

function decodeGroup(answer: WireReader): Omit<DescribedGroup, "coordinator"> {
  answer.int32(); // throttle time
  if (answer.int32() !== 1) throw new Error("the group was not described");
  throwIfError(answer.int16());
  answer.nullableString(); // group id
  const state = states.get(answer.nullableString() ?? "") ?? "Unknown";
  const protocol = answer.nullableString();
  const assignor = answer.nullableString() ?? "";
  const members = answer.array(() => {
    const memberId = answer.nullableString() ?? "";
    const instanceId = answer.nullableString();
    const clientId = answer.nullableString() ?? "";
    answer.nullableString(); // its host
    answer.nullableBytes(); // what it subscribes to
    const assignment = answer.nullableBytes();
    return { memberId, instanceId, clientId, partitions: protocol === consumerProtocol ? assigned(assignment) : [] };
  });
  return { state, assignor, members };
}

/** A group that does not exist is Dead to the broker, and has no members either. */
const states: ReadonlyMap<string, GroupDescription["state"]> = new Map([
  ["PreparingRebalance", "PreparingRebalance"],
  ["CompletingRebalance", "CompletingRebalance"],
  ["Stable", "Stable"],
  ["Empty", "Empty"],
  ["Dead", "Empty"],
]);

/** ConsumerProtocolAssignment, of any version: later ones append fields. No bytes while a round goes on. */
function assigned(assignment: Buffer | null): TopicPartition[] {
  if (assignment === null || assignment.length === 0) return [];
  const reader = new WireReader(assignment);
  reader.int16(); // version
  const topics = reader.array(() => {
    const topic = reader.nullableString() ?? "";
    return reader.array(() => ({ topic, partition: reader.int32() }));
  });
  return topics.flat();
}

function throwIfError(code: number): void {
  if (code !== 0) throw new ResponseError(code);
}
