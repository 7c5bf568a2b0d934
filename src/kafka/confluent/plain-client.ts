import { FatalError, RetryableError } from "../../domain/errors.ts";
import type { TopicPartition, Watermarks } from "../log.ts";
import { AdminClient, calledBack, newConsumer } from "./binding.ts";
import type { ClientConsumer } from "./binding.ts";
import type { IAdminClient } from "@confluentinc/kafka-javascript";
import { commonConfig, connect, construct, disconnect } from "./connection.ts";
import type { Cluster } from "./connection.ts";
import { withDeadline } from "./deadline.ts";
import { code, hasCode, reactionTo } from "./errors.ts";

/**
 * One client per Log, opened at first need, shared by everyone who asks for watermarks or administers, closed by
 * the last of them. It is read_uncommitted on purpose: a read_committed client answers the last stable offset when
 * asked for the high watermark, and a restore bounded by that silently stops too early (KAFKA-10167).
 * It never fetches, subscribes or commits.
 */
export class PlainClient {
  readonly #cluster: Cluster;
  #holders = 0;
  #opened: Promise<{ consumer: ClientConsumer; admin: IAdminClient }> | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  hold(): PlainClientLease {
    this.#holders++;
    let held = true;
    return {
      watermarks: (partition, timeoutMs) => this.#watermarks(partition, timeoutMs),
      admin: async () => (await this.#open()).admin,
      release: async () => {
        if (!held) return;
        held = false;
        if (--this.#holders === 0) await this.#close();
      },
    };
  }

  async #watermarks(partition: TopicPartition, timeoutMs: number): Promise<Watermarks> {
    const { consumer } = await this.#open();
    const subject = `${partition.topic}[${partition.partition}]`;
    try {
      const { lowOffset, highOffset } = await withDeadline(
        calledBack<{ lowOffset: number; highOffset: number }>((done) =>
          consumer.queryWatermarkOffsets(partition.topic, partition.partition, timeoutMs, done),
        ),
        timeoutMs + 1_000,
        () => new RetryableError(`watermarks ${subject}: no answer within ${timeoutMs} ms`),
      );
      return { low: lowOffset, high: highOffset };
    } catch (cause) {
      // The broker does not tell a topic that this user may not know from one that is not there.
      if (hasCode(cause, code.unknownPartition)) {
        throw new FatalError(
          `watermarks ${subject}: there is no such partition for this user (${code.unknownPartition})`,
          {
            cause,
            remedy: "name a partition that the topic has, or give this user the right Describe on the topic",
          },
        );
      }
      throw reactionTo(cause, { operation: "watermarks", brokers: this.#cluster.brokers, subject });
    }
  }

  async #open(): Promise<{ consumer: ClientConsumer; admin: IAdminClient }> {
    this.#opened ??= this.#connect();
    try {
      return await this.#opened;
    } catch (cause) {
      this.#opened = undefined;
      throw cause;
    }
  }

  async #connect(): Promise<{ consumer: ClientConsumer; admin: IAdminClient }> {
    const consumer = construct((config) => newConsumer(config, {}), {
      ...commonConfig(this.#cluster),
      // The library wants a group id; without subscribe or commit no broker hears of it.
      "group.id": `${this.#cluster.clientId}-none`,
      "enable.auto.commit": false,
      "isolation.level": "read_uncommitted",
    });
    await connect(consumer, this.#cluster, "admin");
    return { consumer, admin: AdminClient.createFrom(consumer) };
  }

  async #close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    if (opened === undefined) return;
    const client = await opened.catch(() => undefined); // It failed to open: whoever opened it was told.
    if (client) await disconnect(client.consumer, "admin");
  }
}

/** One holder's share of the plain client. After release() it must not be used. */
export interface PlainClientLease {
  watermarks(partition: TopicPartition, timeoutMs: number): Promise<Watermarks>;
  admin(): Promise<IAdminClient>;
  /** Idempotent. */
  release(): Promise<void>;
}
