import { setTimeout as sleep } from "node:timers/promises";
import { RetryableError } from "../../domain/errors.ts";
import { bytes, int16, int32, string } from "./codec.ts";
import { exchange } from "./exchange.ts";

/** JoinGroup version 4: the last before static membership, which a member that passes through must not have. */
const joinGroup = { apiKey: 11, apiVersion: 4 };
const heartbeat = { apiKey: 12, apiVersion: 2 };
/** LeaveGroup version 2: the last that names one member. */
const leaveGroup = { apiKey: 13, apiVersion: 2 };
const unknownMember = 25;
const memberIdRequired = 79;
/** The group expires the member after this, should we die before it has left; brokers allow 6 s and more by default. */
const sessionTimeoutMs = 10_000;
/** How often to ask whether the group has let us in, ms. */
const askAgainMs = 10;
/** ConsumerProtocolSubscription, version 1: no topics, no user data, nothing owned. */
const subscriptionToNothing = Buffer.concat([int16(1), int32(0), int32(-1), int32(0)]);

export interface PassingMember {
  readonly groupId: string;
  readonly clientId: string;
  /** The assignor that the group's members agree on. */
  readonly assignor: string;
}

/**
 * Joins a group of the classic protocol as a dynamic member that subscribes to nothing, and leaves before the round
 * that this starts is over: one new generation, in which nobody but the old members takes part. The client library
 * could join with a real subscription only: it would be given partitions, and a second round would take them away.
 *
 * `address` is the coordinator's host:port. Throws RetryableError.
 */
export async function passThroughGroup(address: string, member: PassingMember, timeoutMs: number): Promise<void> {
  const { groupId, clientId } = member;
  const say = async (request: { apiKey: number; apiVersion: number }, ...body: Buffer[]): Promise<number> => {
    const answer = await exchange(address, { ...request, clientId, body: [string(groupId), ...body] }, timeoutMs);
    answer.int32(); // throttle time
    return answer.int16();
  };
  try {
    const memberId = await newMemberId(address, member, timeoutMs);
    // Answered when everyone has joined, or we have left: not to be waited for.
    const joined = join(address, member, memberId, timeoutMs);
    joined.catch(() => undefined); // Whoever still waits for it below is told.
    try {
      // Whatever else is answered, such as that a round is going on: the group knows us.
      while ((await say(heartbeat, int32(-1), string(memberId))) === unknownMember) {
        const refused = await Promise.race([joined, sleep(askAgainMs)]);
        if (refused) throw new Error(`joining was answered with error ${refused.error}`);
      }
    } finally {
      await say(leaveGroup, string(memberId));
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RetryableError(`group ${groupId}: no new round: ${reason}`, { cause });
  }
}

/** A first request without an id is only given one (KIP-394): a lost answer leaves no member that nobody knows. */
async function newMemberId(address: string, member: PassingMember, timeoutMs: number): Promise<string> {
  const { error, memberId } = await join(address, member, "", timeoutMs);
  if (error !== memberIdRequired) throw new Error(`joining was answered with error ${error}`);
  return memberId;
}

async function join(
  address: string,
  { groupId, clientId, assignor }: PassingMember,
  memberId: string,
  timeoutMs: number,
): Promise<{ error: number; memberId: string }> {
  const body = [
    string(groupId),
    int32(sessionTimeoutMs),
    int32(sessionTimeoutMs), // how long a round may wait for us
    string(memberId),
    string("consumer"),
    int32(1), // one assignor
    string(assignor),
    bytes(subscriptionToNothing),
  ];
  const answer = await exchange(address, { ...joinGroup, clientId, body }, timeoutMs);
  answer.int32(); // throttle time
  const error = answer.int16();
  answer.int32(); // generation
  answer.nullableString(); // assignor
  answer.nullableString(); // leader
  return { error, memberId: answer.nullableString() ?? "" };
}
