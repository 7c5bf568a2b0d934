import type { CommittedOffset } from "../log.ts";
import { RetryableError } from "../../domain/errors.ts";
import { newConsumer } from "./binding.ts";
import type { ClientConsumer, ClientError } from "./binding.ts";
import { commonConfig, connect, construct, disconnect } from "./connection.ts";
import type { Cluster } from "./connection.ts";
import { code, hasCode, reactionTo } from "./errors.ts";

/** How long one native call serves the client's callbacks, ms. */
const serveMs = 20;

/**
 * Commits offsets for a group without joining it. The client's commit() does not wait for the broker, its
 * commitSync() blocks the event loop for a round trip, and its commitCb() calls back before the broker has
 * answered: only offset_commit_cb tells, and only while somebody consumes. So: commit, then consume (nothing is
 * assigned, no record can come) until it has told.
 */
export class GroupCommitter {
  readonly #cluster: Cluster;
  readonly #groupId: string;
  readonly #client: ClientConsumer;
  #opened: Promise<void> | undefined;
  #outcome: { error: ClientError | undefined } | undefined;
  #serving = Promise.resolve();
  #closed = false;

  constructor(cluster: Cluster, groupId: string) {
    this.#cluster = cluster;
    this.#groupId = groupId;
    this.#client = construct((config) => newConsumer(config, {}), {
      ...commonConfig(cluster),
      "group.id": groupId,
      "enable.auto.commit": false,
      "enable.auto.offset.store": false,
      offset_commit_cb: (error: ClientError | undefined) => {
        this.#outcome = { error };
      },
    });
    this.#client.setDefaultConsumeTimeout(serveMs);
  }

  /** One commit at a time. Throws RetryableError also when nothing was heard in `timeoutMs`. */
  async commit(offsets: readonly CommittedOffset[], timeoutMs: number): Promise<void> {
    this.#opened ??= connect(this.#client, this.#cluster, `group ${this.#groupId}`);
    try {
      await this.#opened;
    } catch (cause) {
      this.#opened = undefined;
      throw cause;
    }
    this.#outcome = undefined;
    this.#client.commit(
      offsets.map(({ topic, partition, offset, metadata }) => ({ topic, partition, offset, metadata })),
    );
    const giveUpAt = performance.now() + timeoutMs;
    let outcome: { error: ClientError | undefined } | undefined;
    while ((outcome = this.#told()) === undefined) {
      if (performance.now() > giveUpAt) {
        throw new RetryableError(`acknowledge group ${this.#groupId}: no answer within ${timeoutMs} ms`);
      }
      this.#serving = this.#serve();
      await this.#serving;
    }
    if (outcome.error) {
      const subject = `group ${this.#groupId}`;
      throw reactionTo(outcome.error, { operation: "admin", brokers: this.#cluster.brokers, subject });
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#serving;
    await disconnect(this.#client, `group ${this.#groupId}`);
  }

  #told(): { error: ClientError | undefined } | undefined {
    return this.#outcome;
  }

  #serve(): Promise<void> {
    return new Promise((resolve) => {
      // Nothing is assigned: an error here is about the connection, and the commit's own answer will say so. A coordinator that this
      // user may not ask for is not found, and the commit waits for it in vain.
      this.#client.consume(1, (error) => {
        if (hasCode(error, code.groupRight)) this.#outcome ??= { error: error as ClientError };
        resolve();
      });
    });
  }
}
