import { setTimeout as sleep } from "node:timers/promises";
import { FatalError, FencedError, RetryableError } from "../../domain/errors.ts";
import type { BrokerLimits, CommittedOffset, GroupDescription, LogAdmin, TopicPartition, TopicSpec } from "../log.ts";
import { describeBrokerConfigs, describeTopicConfigs } from "../wire/describe-configs.ts";
import { describeGroup, type DescribedGroup } from "../wire/describe-group.ts";
import { passThroughGroup } from "../wire/passing-member.ts";
import type { GroupResults, TopicDescription } from "@confluentinc/kafka-javascript";
import { calledBack } from "./binding.ts";
import { GroupCommitter } from "./group-committer.ts";
import type { Cluster } from "./connection.ts";
import { withDeadline } from "./deadline.ts";
import { code, hasCode, reactionTo } from "./errors.ts";
import type { PlainClient, PlainClientLease } from "./plain-client.ts";

const requestTimeoutMs = 15_000;
/** For each answer about a group: asked again and again in the background, and whoever closes meanwhile waits for it. */
const groupTimeoutMs = 3_000;
/** How often to look whether a new topic has leaders everywhere, ms. */
const settlePollMs = 20;

export class ConfluentAdmin implements LogAdmin {
  readonly #cluster: Cluster;
  readonly #plain: PlainClientLease;
  readonly #committers = new Map<string, GroupCommitter>();
  #closed: Promise<void> | undefined;

  constructor(cluster: Cluster, plain: PlainClient) {
    this.#cluster = cluster;
    this.#plain = plain.hold();
  }

  /** Returns when every partition has a leader. Replication factor: the broker's default. */
  async createTopics(specs: readonly TopicSpec[]): Promise<void> {
    const admin = await this.#admin();
    for (const spec of specs) {
      try {
        await this.#wait(`topic ${spec.name}`, (done) => {
          admin.createTopic(
            { topic: spec.name, num_partitions: spec.partitions, replication_factor: -1, config: settingsOf(spec) },
            requestTimeoutMs,
            (error) => done(error, undefined),
          );
        });
      } catch (cause) {
        // It is there already, which is what was asked for; whether its settings suit us is another question.
        if (!hasCode((cause as Error).cause, code.topicExists)) throw cause;
      }
    }
    await this.#settled(specs);
  }

  async describeTopics(names: readonly string[]): Promise<ReadonlyMap<string, TopicSpec>> {
    const found = new Map<string, TopicSpec>();
    if (names.length === 0) return found;
    const [descriptions, settings] = await Promise.all([
      this.#describe(names),
      describeTopicConfigs(this.#cluster.brokers, this.#cluster.clientId, names, requestTimeoutMs),
    ]);
    for (const { name, topicId, partitions } of descriptions) {
      const values = settings.get(name);
      // Not its text: the client has that under another name than its types say.
      const id = `${topicId.mostSignificantBits}.${topicId.leastSignificantBits}`;
      if (values) found.set(name, { ...specOf(name, partitions.length, values), id });
    }
    return found;
  }

  async groupOffsets(groupId: string, partitions: readonly TopicPartition[]): Promise<(CommittedOffset | undefined)[]> {
    if (partitions.length === 0) return [];
    const admin = await this.#admin();
    const results = await this.#wait<GroupResults[]>(`group ${groupId}`, (done) => {
      admin.listConsumerGroupOffsets(
        [{ groupId, partitions: [...partitions] }],
        { timeout: requestTimeoutMs, requireStableOffsets: false },
        done,
      );
    });
    const group = results[0];
    if (group?.error) throw this.#translate(group.error, `group ${groupId}`);
    return partitions.map(({ topic, partition }) => {
      const entry = group?.partitions.find((each) => each.topic === topic && each.partition === partition);
      if (entry?.error) throw this.#translate(entry.error, `group ${groupId}`);
      if (entry === undefined || entry.offset === undefined || entry.offset < 0) return undefined;
      return { topic, partition, offset: entry.offset, metadata: entry.metadata ?? "" };
    });
  }

  async acknowledge(groupId: string, offsets: readonly CommittedOffset[]): Promise<void> {
    if (offsets.length === 0) return;
    if (this.#closed) throw new RetryableError("admin: it is closed");
    let committer = this.#committers.get(groupId);
    if (committer === undefined) {
      committer = new GroupCommitter(this.#cluster, groupId);
      this.#committers.set(groupId, committer);
    }
    try {
      await committer.commit(offsets, requestTimeoutMs);
    } catch (cause) {
      const reaction = this.#translate(cause, `group ${groupId}`);
      throw reaction instanceof FencedError
        ? new FatalError(`acknowledge: group ${groupId} has active members`, {
            cause,
            remedy: "choose another group id: this one is in use by a running consumer",
          })
        : reaction;
    }
  }

  async groupMembers(groupId: string): Promise<GroupDescription> {
    const { state, members } = await this.#describeGroup(groupId);
    return { state, members };
  }

  async requestRound(groupId: string): Promise<void> {
    const { state, coordinator, assignor } = await this.#describeGroup(groupId);
    if (state !== "Stable") return;
    await passThroughGroup(coordinator, { groupId, clientId: this.#cluster.clientId, assignor }, groupTimeoutMs);
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    const admin = await this.#admin();
    for (const name of names) {
      try {
        await this.#wait(`topic ${name}`, (done) => {
          admin.deleteTopic(name, requestTimeoutMs, (error) => done(error, undefined));
        });
      } catch (cause) {
        // Gone already, which is what was asked for.
        if (!hasCode((cause as Error).cause, code.unknownTopic)) throw cause;
      }
    }
  }

  async brokerLimits(): Promise<BrokerLimits | undefined> {
    const brokers = await describeBrokerConfigs(this.#cluster.brokers, this.#cluster.clientId, requestTimeoutMs);
    if (brokers === undefined) return undefined;
    const values = (name: string): number[] => brokers.map((broker) => Number(broker.get(name)));
    return {
      minSessionTimeoutMs: Math.max(...values("group.min.session.timeout.ms")),
      maxTransactionTimeoutMs: Math.min(...values("transaction.max.timeout.ms")),
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#committers.values()].map((committer) => committer.close()));
    await this.#plain.release();
  }

  /** The topics among `names` that exist. */
  async #describe(names: readonly string[]): Promise<TopicDescription[]> {
    const admin = await this.#admin();
    const descriptions = await this.#wait<TopicDescription[]>("topics", (done) => {
      admin.describeTopics([...names], { timeout: requestTimeoutMs }, done);
    });
    return descriptions.filter(({ error, name }) => {
      if (error === undefined || error.code === 0) return true;
      if (error.code === code.unknownTopic) return false;
      throw this.#translate(error, `topic ${name}`);
    });
  }

  async #describeGroup(groupId: string): Promise<DescribedGroup> {
    if (this.#closed) throw new RetryableError("admin: it is closed");
    const { brokers, clientId } = this.#cluster;
    try {
      return await describeGroup(brokers, clientId, groupId, groupTimeoutMs);
    } catch (cause) {
      throw this.#translate(cause, `group ${groupId}`);
    }
  }

  async #settled(specs: readonly TopicSpec[]): Promise<void> {
    const names = specs.map(({ name }) => name);
    if (names.length === 0) return;
    const giveUpAt = performance.now() + requestTimeoutMs;
    for (;;) {
      const ready = (await this.#describe(names)).filter(({ partitions }) =>
        partitions.every(({ leader }) => leader !== null),
      );
      if (ready.length === names.length) return;
      if (performance.now() > giveUpAt) {
        throw new RetryableError(`create topics: not every partition has a leader after ${requestTimeoutMs} ms`);
      }
      await sleep(settlePollMs);
    }
  }

  async #admin(): ReturnType<PlainClientLease["admin"]> {
    if (this.#closed) throw new RetryableError("admin: it is closed");
    return await this.#plain.admin();
  }

  async #wait<T>(
    subject: string,
    start: (done: Parameters<Parameters<typeof calledBack<T>>[0]>[0]) => void,
  ): Promise<T> {
    try {
      return await withDeadline(
        calledBack<T>(start),
        requestTimeoutMs + 5_000,
        () => new RetryableError(`admin ${subject}: no answer within ${requestTimeoutMs} ms`),
      );
    } catch (cause) {
      throw this.#translate(cause, subject);
    }
  }

  #translate(cause: unknown, subject: string): Error {
    return reactionTo(cause, { operation: "admin", brokers: this.#cluster.brokers, subject });
  }
}

function settingsOf(spec: TopicSpec): Record<string, string> {
  const settings: Record<string, string> = { "cleanup.policy": spec.cleanup };
  if (spec.maxMessageBytes !== undefined) settings["max.message.bytes"] = String(spec.maxMessageBytes);
  if (spec.cleanup === "delete") {
    if (spec.retentionMs !== undefined) {
      settings["retention.ms"] = String(Number.isFinite(spec.retentionMs) ? spec.retentionMs : -1);
    }
  } else {
    // A restore reads a compacted topic from its start: keep it short, but never compact what a slow reader of
    // the last minutes still follows, and keep tombstones a day so that no reader resurrects what they deleted.
    settings["min.cleanable.dirty.ratio"] = "0.2";
    settings["min.compaction.lag.ms"] = "60000";
    settings["segment.ms"] = "3600000";
    settings["delete.retention.ms"] = "86400000";
  }
  return settings;
}

/** `compact,delete` counts as delete: its records may go. No time limit is Infinity. */
function specOf(name: string, partitions: number, settings: ReadonlyMap<string, string | null>): TopicSpec {
  const cleanup = settings.get("cleanup.policy") === "compact" ? "compact" : "delete";
  const retention = Number(settings.get("retention.ms") ?? -1);
  const maxMessageBytes = settings.get("max.message.bytes");
  return {
    name,
    partitions,
    cleanup,
    ...(cleanup === "delete" ? { retentionMs: retention < 0 ? Infinity : retention } : {}),
    ...(maxMessageBytes == null ? {} : { maxMessageBytes: Number(maxMessageBytes) }),
  };
}
