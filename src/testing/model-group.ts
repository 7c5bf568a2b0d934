import { FencedError } from "../domain/errors.ts";
import type { CommittedOffset, GroupDescription, TopicPartition } from "../kafka/log.ts";
import { stickyAssign } from "./model-assignor.ts";
import { invariant } from "./model-invariant.ts";
import { partitionKey } from "./model-topic.ts";
import type { ModelPartition, TransactionOutcome } from "./model-topic.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** How long a round waits for a member that does not answer its rebalance: `max.poll.interval.ms`. */
const rebalanceTimeoutMs = 300_000;

/** What a member knows of itself; sent with offsets as the fence. */
export interface Membership {
  readonly memberId: string;
  readonly instanceId: string;
  readonly generation: number;
}

/** The client side of a member, as the coordinator reaches it. */
export interface GroupClient {
  readonly clientId: string;
  readonly instanceId: string;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
  /** Its heartbeats arrive. */
  isAlive(): boolean;
  /** No rebalance waits for an answer, so it takes part in the next round. */
  canJoin(): boolean;
  ownedKeys(): ReadonlySet<string>;
  onAssignment(membership: Membership, partitions: readonly ModelPartition[]): void;
  /** The group went on without it. */
  onExpelled(): void;
  /** Another member joined with its instance id. */
  onFenced(): void;
}

interface Member {
  readonly id: string;
  /** Of whoever took the seat first: a replacement does not change it. */
  readonly clientId: string;
  readonly client: GroupClient;
  assignment: readonly ModelPartition[];
  cancelExpiry: () => void;
}

/** A committed offset with its place in the order in which the coordinator wrote them down. */
interface NumberedOffset extends CommittedOffset {
  readonly number: number;
  /** Virtual ms. */
  readonly committedAt: number;
}

/**
 * A consumer group of the classic protocol: static members, generations, incremental (cooperative)
 * rebalances. A round is done as soon as every member has joined it; one whose heartbeats stopped holds it
 * up until its session times out. A partition that moves is first only taken away, and given to its new
 * owner in a later generation, after the old owner has answered.
 */
export class ModelGroup {
  readonly groupId: string;
  readonly #clock: VirtualClock;
  readonly #partitionsOf: (topic: string) => readonly ModelPartition[];
  readonly #orphans: boolean;
  #members: Member[] = [];
  #generation = 0;
  #memberCount = 0;
  #cancelRound: (() => void) | undefined;
  readonly #committed = new Map<string, NumberedOffset>();
  readonly #pending = new Map<TransactionOutcome, NumberedOffset[]>();
  readonly #listeners: ((offset: CommittedOffset) => void)[] = [];
  #written = 0;
  /** Virtual ms since which it has no members. */
  #emptySince: number;

  constructor(
    groupId: string,
    clock: VirtualClock,
    partitionsOf: (topic: string) => readonly ModelPartition[],
    orphans: boolean,
  ) {
    this.groupId = groupId;
    this.#clock = clock;
    this.#partitionsOf = partitionsOf;
    this.#orphans = orphans;
    this.#emptySince = clock.now();
  }

  get generation(): number {
    return this.#generation;
  }

  get instanceIds(): string[] {
    return this.#members.map(({ client }) => client.instanceId);
  }

  subscribes(topic: string): boolean {
    return this.#members.some(({ client }) => client.topics.includes(topic));
  }

  /**
   * JoinGroup. A known instance id takes over the seat of the member that had it, at once and without a
   * new generation; anyone else starts a round.
   */
  join(client: GroupClient): void {
    this.#memberCount += 1;
    const index = this.#members.findIndex((known) => known.client.instanceId === client.instanceId);
    const member: Member = {
      id: `${client.instanceId}-${this.#memberCount}`,
      clientId: this.#members[index]?.clientId ?? client.clientId,
      client,
      assignment: [],
      cancelExpiry: () => undefined,
    };
    if (index < 0) {
      this.#members.push(member);
      this.requestRound();
      return;
    }
    const previous = this.#members[index]!;
    previous.cancelExpiry();
    this.#members[index] = member;
    member.assignment = previous.assignment;
    previous.client.onFenced();
    const given = this.#members.reduce((count, { assignment }) => count + assignment.length, 0);
    const isMended = !this.#orphans && given < this.#subscribed().length;
    if (this.#cancelRound !== undefined || isMended) this.requestRound();
    else this.#hand(member);
  }

  /** The heartbeats of this client stopped: its session runs out unless it speaks again. */
  silence(client: GroupClient): void {
    const member = this.#members.find((known) => known.client === client);
    if (member === undefined) return;
    member.cancelExpiry();
    member.cancelExpiry = this.#clock.at(this.#clock.now() + client.sessionTimeoutMs, () => this.#expel(member));
  }

  /** Its heartbeats are back in time. */
  revive(client: GroupClient): void {
    this.#members.find((known) => known.client === client)?.cancelExpiry();
    this.tryRound();
  }

  /** Ends a membership at once, as an operator or a coordinator that moved may do. */
  expel(instanceId: string): void {
    const member = this.#members.find(({ client }) => client.instanceId === instanceId);
    invariant(member !== undefined, `group ${this.groupId} has no member ${instanceId}`);
    this.#expel(member);
  }

  /** What the coordinator tells of it. */
  describe(): GroupDescription {
    const idle = this.#members.length === 0 ? "Empty" : "Stable";
    return {
      state: this.#cancelRound === undefined ? idle : "PreparingRebalance",
      members: this.#members.map(({ id, clientId, client, assignment }) => ({
        memberId: id,
        instanceId: client.instanceId,
        clientId,
        partitions: assignment.map(({ topic, partition }) => ({ topic, partition })),
      })),
    };
  }

  requestRound(): void {
    this.#cancelRound ??= this.#clock.at(this.#clock.now() + rebalanceTimeoutMs, () => {
      for (const member of [...this.#members]) if (!member.client.canJoin()) this.#expel(member);
    });
    this.tryRound();
  }

  /** Ends the round if everyone is there. */
  tryRound(): void {
    if (this.#cancelRound === undefined) return;
    if (this.#members.some(({ client }) => !client.isAlive() || !client.canJoin())) return;
    this.#cancelRound();
    this.#cancelRound = undefined;
    this.#generation += 1;
    const partitions = this.#subscribed();
    const holder = this.#holders();
    const target = stickyAssign(
      partitions,
      this.#members.map(({ id, client }) => ({ id, topics: new Set(client.topics), owned: client.ownedKeys() })),
    );
    for (const member of this.#members) {
      const mine = target.get(member.id)!;
      member.assignment = partitions.filter(({ key }) => mine.has(key) && (holder.get(key) ?? member) === member);
    }
    for (const member of [...this.#members]) this.#hand(member);
  }

  /** TxnOffsetCommit: refused unless it comes from a member of the current generation. */
  addOffsets(transaction: TransactionOutcome, from: Membership | undefined, offsets: readonly CommittedOffset[]): void {
    this.#checkMember(from);
    const pending = this.#pending.get(transaction) ?? [];
    for (const offset of offsets) pending.push(this.#numbered(offset));
    this.#pending.set(transaction, pending);
  }

  /** The transaction's marker has come: its offsets count now, or never. */
  resolve(transaction: TransactionOutcome): void {
    const pending = this.#pending.get(transaction) ?? [];
    this.#pending.delete(transaction);
    if (transaction.commits) for (const offset of pending) this.#store(offset);
    this.#clock.changed();
  }

  /** Offsets without a transaction. */
  store(offsets: readonly CommittedOffset[]): void {
    for (const offset of offsets) this.#store(this.#numbered(offset));
  }

  /** Calls `listener` with each offset from the moment it counts. */
  onCommitted(listener: (offset: CommittedOffset) => void): void {
    this.#listeners.push(listener);
  }

  committed({ topic, partition }: TopicPartition): CommittedOffset | undefined {
    const found = this.#committed.get(partitionKey(topic, partition));
    return found && { topic, partition, offset: found.offset, metadata: found.metadata };
  }

  /** No transaction that is not resolved has offsets of these partitions. */
  isStable(partitions: readonly TopicPartition[]): boolean {
    for (const offsets of this.#pending.values()) {
      for (const { topic, partition } of offsets) {
        if (partitions.some((asked) => asked.topic === topic && asked.partition === partition)) return false;
      }
    }
    return true;
  }

  /**
   * What the coordinator does now and then with offsets that are older than `offsets.retention.minutes`: those of topics that
   * a stable group does not subscribe, and all of a group that has had no members for so long.
   */
  expireOffsets(retentionMs: number): void {
    if (this.#cancelRound !== undefined) return;
    const since = this.#clock.now() - retentionMs;
    for (const [key, { topic, committedAt }] of this.#committed) {
      const expires = this.#members.length === 0 ? this.#emptySince <= since : !this.subscribes(topic);
      if (expires && committedAt <= since) this.#committed.delete(key);
    }
  }

  /** A topic that is deleted takes its committed offsets along. */
  forgetTopic(topic: string): void {
    for (const [key, offset] of this.#committed) if (offset.topic === topic) this.#committed.delete(key);
  }

  /** An operator deletes the group, which has no members. */
  deleteOffsets(): void {
    invariant(this.#members.length === 0, `group ${this.groupId} is not empty`);
    this.#committed.clear();
  }

  #numbered({ topic, partition, offset, metadata }: CommittedOffset): NumberedOffset {
    invariant(Number.isSafeInteger(offset) && offset >= 0, `group ${this.groupId}: offset ${offset} is committed`);
    this.#written += 1;
    return { topic, partition, offset, metadata, number: this.#written, committedAt: this.#clock.now() };
  }

  /** Of two, the one written down later counts, whichever marker came first. */
  #store(offset: NumberedOffset): void {
    const key = partitionKey(offset.topic, offset.partition);
    if ((this.#committed.get(key)?.number ?? 0) < offset.number) this.#committed.set(key, offset);
    for (const listener of this.#listeners) listener(offset);
  }

  #checkMember(from: Membership | undefined): void {
    const member = this.#members.find(({ id }) => id === from?.memberId);
    if (from === undefined || member === undefined) {
      throw new FencedError(`group ${this.groupId} does not know the member that sends offsets`);
    }
    invariant(
      from.generation <= this.#generation,
      `group ${this.groupId}: generation ${from.generation} was never reached`,
    );
    if (from.generation < this.#generation) {
      throw new FencedError(
        `group ${this.groupId} is at generation ${this.#generation}, the member that sends offsets at ${from.generation}`,
      );
    }
  }

  #expel(member: Member): void {
    member.cancelExpiry();
    const index = this.#members.indexOf(member);
    if (index < 0) return;
    this.#members.splice(index, 1);
    if (this.#members.length === 0) this.#emptySince = this.#clock.now();
    member.client.onExpelled();
    this.requestRound();
    this.#clock.changed();
  }

  #hand(member: Member): void {
    const membership = { memberId: member.id, instanceId: member.client.instanceId, generation: this.#generation };
    member.client.onAssignment(membership, member.assignment);
    this.#clock.changed();
  }

  #subscribed(): ModelPartition[] {
    const topics = new Set(this.#members.flatMap(({ client }) => client.topics));
    return [...topics].sort().flatMap((topic) => this.#partitionsOf(topic));
  }

  #holders(): Map<string, Member> {
    const holders = new Map<string, Member>();
    for (const member of this.#members) {
      for (const key of member.client.ownedKeys()) {
        invariant(!holders.has(key), `group ${this.groupId}: ${key} is held by two members`);
        holders.set(key, member);
      }
    }
    return holders;
  }
}
