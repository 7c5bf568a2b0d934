import { RetryableError } from "../domain/errors.ts";
import type { Log } from "../kafka/log.ts";
import type { Clock } from "./clock.ts";

export interface TakeoverOptions {
  readonly log: Log;
  readonly groupId: string;
  /** Ours. */
  readonly transactionalId: string;
  readonly transactionTimeoutMs: number;
  readonly clock: Clock;
  /** Instance ids that have been in the group: one that died in its first commit is named by no offset yet. */
  readonly seen: Set<string>;
}

const LOOK_EVERY_MS = 250;

/** The transactional id of a processor: stable, so that a restart fences and ends what its predecessor left. */
export function transactionalIdOf(groupId: string, instanceId: string): string {
  return `${groupId}.${instanceId}`;
}

/**
 * Ends what former owners of our partitions left open, once they are gone: sub-second, instead of waiting for the
 * transaction timeout. An owner that is still a member ends its transaction itself, and would lose all that it has under
 * way in other partitions if we did (docs/decisions/0014). A member that was killed is one until its session is over,
 * and before that nobody is given its partitions.
 */
export class Takeover {
  readonly #named: ReadonlySet<string>;
  readonly #ended = new Set<string>();
  readonly #options: TakeoverOptions;
  #lookedAt = -Infinity;

  /** `owners`: transactional ids, as the metadata of committed offsets names them. */
  constructor(owners: Iterable<string>, options: TakeoverOptions) {
    this.#named = new Set(owners);
    this.#options = options;
  }

  /** To be called while something is pending: asks the group, now and then, who is left. */
  async look(): Promise<void> {
    const { log, groupId, transactionalId, clock, seen } = this.#options;
    if (this.#owners().length === 0 || clock.now() - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = clock.now();
    const admin = log.admin();
    let left: ReadonlySet<string>;
    try {
      const { members } = await admin.groupMembers(groupId);
      left = new Set(members.map(({ instanceId }) => transactionalIdOf(groupId, instanceId ?? "")));
    } catch (error) {
      if (error instanceof RetryableError) return;
      throw error;
    } finally {
      await admin.close();
    }
    // A coordinator that does not know us has not read up, or we are gone ourselves: it can tell nothing of others.
    if (!left.has(transactionalId)) return;
    for (const owner of this.#owners()) {
      if (left.has(owner)) continue;
      await this.#end(owner);
      this.#ended.add(owner);
    }
    for (const instanceId of seen) if (this.#ended.has(transactionalIdOf(groupId, instanceId))) seen.delete(instanceId);
  }

  /** Who may have something open: not we, and not whose transaction has been ended. */
  #owners(): string[] {
    const { groupId, transactionalId, seen } = this.#options;
    const members = [...seen].map((instanceId) => transactionalIdOf(groupId, instanceId));
    const all = new Set([...this.#named, ...members]);
    return [...all].filter((owner) => owner !== transactionalId && !this.#ended.has(owner));
  }

  /** Opening a producer of an id ends its transaction. The group's generation has fenced the owner: this unblocks readers. */
  async #end(transactionalId: string): Promise<void> {
    const { log, transactionTimeoutMs } = this.#options;
    const producer = log.producer({ transactionalId, transactionTimeoutMs });
    try {
      await producer.open();
    } finally {
      await producer.close();
    }
  }
}
