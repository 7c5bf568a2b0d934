import { FatalError, RetryableError } from "../domain/errors.ts";
import type {
  CommittedOffset,
  GroupConsumer,
  GroupConsumerOptions,
  Rebalance,
  RecordBatch,
  TopicPartition,
  Watermarks,
} from "../kafka/log.ts";
import { SeatTakenError } from "../kafka/seat-taken.ts";
import { Cursors } from "./model-cursors.ts";
import type { GroupClient, Membership, ModelGroup } from "./model-group.ts";
import { invariant } from "./model-invariant.ts";
import type { ModelProcess, ProcessPart } from "./model-process.ts";
import { partitionKey } from "./model-topic.ts";
import type { ModelPartition } from "./model-topic.ts";

/** One static member of a group, the client side. */
export class ModelConsumer implements GroupConsumer, GroupClient, ProcessPart {
  readonly clientId: string;
  readonly instanceId: string;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
  readonly #process: ModelProcess;
  readonly #group: ModelGroup;
  readonly #cursors: Cursors;
  #state: "new" | "open" | "fenced" | "closed" = "new";
  #membership: Membership | undefined;
  /** From the moment the group gives a partition until its revocation is answered. */
  readonly #owned = new Map<string, ModelPartition>();
  #rebalances: Rebalance[] = [];
  #isExpelled = false;

  constructor(process: ModelProcess, options: GroupConsumerOptions) {
    invariant(options.sessionTimeoutMs > 0, `a session timeout of ${options.sessionTimeoutMs} ms`);
    this.#process = process;
    this.clientId = process.clientId;
    this.instanceId = options.instanceId;
    this.topics = [...options.topics];
    this.sessionTimeoutMs = options.sessionTimeoutMs;
    this.#group = process.broker.group(options.groupId);
    this.#cursors = new Cursors(process.broker, "read_committed");
    process.add(this);
  }

  /** What the member believes of itself, sent as the fence with its offsets. */
  get membership(): Membership | undefined {
    return this.#state === "open" ? this.#membership : undefined;
  }

  get group(): ModelGroup {
    return this.#group;
  }

  open(): Promise<void> {
    return this.#process.call("consumer.open", () => {
      if (this.#state !== "new") throw new FatalError("the consumer was opened before");
      this.#state = "open";
      this.#group.join(this);
    });
  }

  fetch(maxRecords: number, timeoutMs: number): Promise<RecordBatch[]> {
    invariant(maxRecords > 0, `a fetch of ${maxRecords} records`);
    return this.#process.call("fetch", async () => {
      this.#assertMember();
      const { clock, faults } = this.#process.broker;
      const hasNews = (): boolean =>
        this.#state !== "open" || this.#process.isKilled || this.#rebalances.length > 0 || this.#cursors.hasNews();
      // A fetch that finds nothing takes time, however short its timeout: two that poll must not stop the clock.
      await clock.wait(hasNews, clock.now() + Math.max(1, timeoutMs));
      this.#process.assertAlive();
      this.#assertMember();
      return this.#rebalances.length > 0 ? [] : this.#cursors.fetch(faults.fetchLimit(maxRecords));
    });
  }

  pendingRebalance(): Rebalance | undefined {
    this.#process.assertAlive();
    return this.#rebalances[0];
  }

  answerRebalance(start: readonly (TopicPartition & { readonly offset: number })[]): void {
    this.#process.assertAlive();
    this.#assertMember();
    const rebalance = this.#rebalances[0];
    if (rebalance === undefined) throw new FatalError("no rebalance waits for an answer");
    if (rebalance.kind === "assign") this.#assign(rebalance.partitions, start);
    else this.#revoke(rebalance);
  }

  committed(partitions: readonly TopicPartition[], timeoutMs: number): Promise<(CommittedOffset | undefined)[]> {
    return this.#process.call("committed", async () => {
      this.#assertMember();
      const { clock } = this.#process.broker;
      const isStable = (): boolean => this.#process.isKilled || this.#group.isStable(partitions);
      if (!(await clock.wait(isStable, clock.now() + timeoutMs))) {
        throw new RetryableError(`offsets of a transaction that has not ended are pending; waited ${timeoutMs} ms`);
      }
      return partitions.map((partition) => this.#group.committed(partition));
    });
  }

  seek(partition: TopicPartition, offset: number): Promise<void> {
    return this.#process.call("seek", () => {
      this.#assertMember();
      const paused = this.#cursors.get(partition)?.paused;
      if (paused === undefined) {
        throw new RetryableError(`seek in ${partition.topic}[${partition.partition}], which is not assigned`);
      }
      this.#cursors.set({ ...partition, offset });
      this.#setPaused([partition], paused);
    });
  }

  position(partition: TopicPartition): number {
    this.#process.assertAlive();
    this.#assertMember();
    const cursor = this.#cursors.get(partition);
    if (cursor === undefined) throw new RetryableError(`${partition.topic}[${partition.partition}] is not assigned`);
    return cursor.offset;
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#process.assertAlive();
    this.#setPaused(partitions, true);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#process.assertAlive();
    this.#setPaused(partitions, false);
    this.#process.broker.clock.changed();
  }

  watermarks(partition: TopicPartition, _timeoutMs: number): Promise<Watermarks> {
    return this.#process.call("watermarks", () => this.#process.broker.watermarks(partition));
  }

  /** As librdkafka does for a static member: it does not leave, its seat is kept until the session runs out. */
  close(): Promise<void> {
    return this.#process.call("consumer.close", () => {
      if (this.#state === "closed") return;
      const wasMember = this.#state === "open";
      this.#state = "closed";
      this.#rebalances = [];
      this.#cursors.clear();
      if (wasMember) this.#group.silence(this);
    });
  }

  isAlive(): boolean {
    return this.#state === "open" && this.#process.isRunning;
  }

  canJoin(): boolean {
    return this.#rebalances.length === 0;
  }

  ownedKeys(): ReadonlySet<string> {
    return new Set(this.#owned.keys());
  }

  onAssignment(membership: Membership, partitions: readonly ModelPartition[]): void {
    invariant(this.#rebalances.length === 0, `${this.instanceId} was given partitions before it answered`);
    this.#membership = membership;
    const next = new Set(partitions.map(({ key }) => key));
    const revoked = [...this.#owned.values()].filter(({ key }) => !next.has(key));
    const added = partitions.filter(({ key }) => !this.#owned.has(key));
    for (const partition of added) this.#owned.set(partition.key, partition);
    if (revoked.length > 0) this.#rebalances.push({ kind: "revoke", partitions: bare(revoked), lost: false });
    // A generation that changes nothing is announced too, with an empty list, and wants its answer.
    if (added.length > 0 || revoked.length === 0) {
      this.#rebalances.push({ kind: "assign", partitions: bare(added), lost: false });
    }
  }

  onExpelled(): void {
    if (this.#state !== "open") return;
    this.#isExpelled = true;
    this.#rebalances = this.#rebalances.map((rebalance) =>
      rebalance.kind === "revoke" ? { ...rebalance, lost: true } : rebalance,
    );
    const announced = new Set(
      this.#rebalances
        .filter(({ kind }) => kind === "revoke")
        .flatMap(({ partitions }) => partitions.map(({ topic, partition }) => partitionKey(topic, partition))),
    );
    const rest = [...this.#owned.values()].filter(({ key }) => !announced.has(key));
    this.#rebalances.push({ kind: "revoke", partitions: bare(rest), lost: true });
  }

  onFenced(): void {
    if (this.#state === "open") this.#state = "fenced";
    this.#owned.clear();
    this.#rebalances = [];
  }

  onSilence(): void {
    if (this.#state === "open") this.#group.silence(this);
  }

  onRevival(): void {
    if (this.#state === "open") this.#group.revive(this);
  }

  #assign(
    partitions: readonly TopicPartition[],
    start: readonly (TopicPartition & { readonly offset: number })[],
  ): void {
    for (const { topic, partition } of partitions) {
      if (!start.some((given) => given.topic === topic && given.partition === partition)) {
        throw new FatalError(`the answer gives no offset for ${topic}[${partition}]`);
      }
    }
    this.#rebalances.shift();
    for (const position of start) this.#cursors.set(position);
    this.#group.tryRound();
  }

  #revoke({ partitions, lost }: Rebalance): void {
    this.#rebalances.shift();
    for (const { topic, partition } of partitions) {
      this.#owned.delete(partitionKey(topic, partition));
      this.#cursors.delete({ topic, partition });
    }
    this.#dropCompanions();
    if (!this.#isExpelled) {
      invariant(!lost, `${this.instanceId} lost partitions and is still a member`);
      this.#group.requestRound();
    } else if (this.#rebalances.length === 0) {
      invariant(this.#owned.size === 0, `${this.instanceId} was expelled and still holds partitions`);
      this.#isExpelled = false;
      this.#group.join(this);
    }
  }

  /** Partitions that an answer named beyond the assignment go with the last assigned one of their number. */
  #dropCompanions(): void {
    const numbers = new Set([...this.#owned.values()].map(({ partition }) => partition));
    for (const position of this.#cursors.partitions()) {
      if (!numbers.has(position.partition)) this.#cursors.delete(position);
    }
  }

  #setPaused(partitions: readonly TopicPartition[], paused: boolean): void {
    for (const partition of partitions) {
      const cursor = this.#cursors.get(partition);
      if (cursor !== undefined) cursor.paused = paused;
    }
  }

  #assertMember(): void {
    if (this.#state === "fenced") {
      throw new SeatTakenError(`another member joined ${this.#group.groupId} as ${this.instanceId}`);
    }
    if (this.#state !== "open")
      throw new RetryableError(`the consumer is ${this.#state === "new" ? "not open" : "closed"}`);
  }
}

function bare(partitions: readonly ModelPartition[]): TopicPartition[] {
  return partitions.map(({ topic, partition }) => ({ topic, partition }));
}
