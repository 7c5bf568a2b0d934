import type { GroupDescription, Log, LogAdmin } from "../kafka/log.ts";
import { BackgroundLook } from "./background-look.ts";
import type { Clock } from "./clock.ts";

export interface OrphanWatchOptions {
  readonly log: Log;
  readonly groupId: string;
  readonly instanceId: string;
  /** The subscribed topic. */
  readonly topic: string;
  readonly partitions: number;
  readonly clock: Clock;
  /** To which every member that the group has is added. */
  readonly seen: Set<string>;
  /** Partitions had no owner: what was done about it. */
  readonly onHealed: (message: string) => void;
  readonly onError: (error: unknown) => void;
}

const LOOK_EVERY_MS = 2_000;
/** In a hand-over the partitions that move belong to nobody for a moment; in two looks they no longer do. */
const LOOKS_TO_BE_SURE = 2;
/** Between two rounds, doubled while they do not help: a group that no round can mend must not rebalance for ever. */
const PAUSE_MS = 5_000;
const PAUSE_MS_MAX = 60_000;

/**
 * Sees to it that every partition has an owner (EO-12). A static member that is killed and restarted before it has
 * answered a revocation gets its seat back without a round, and what it was giving up stays with nobody for ever
 * (docs/decisions/0004). Looked at beside the owner loop, on a connection of its own: who stands first in the order
 * of instance ids asks the group for a new round; the others wait one look longer each, in case it does not.
 */
export class OrphanWatch {
  readonly #options: OrphanWatchOptions;
  readonly #admin: LogAdmin;
  readonly #background: BackgroundLook;
  #orphans: readonly number[] = [];
  #looks = 0;
  #quietUntil = -Infinity;
  #pauseMs = PAUSE_MS;

  constructor(options: OrphanWatchOptions) {
    this.#options = options;
    this.#admin = options.log.admin();
    const { clock, onError } = options;
    const look = (): Promise<void> => this.#look();
    this.#background = new BackgroundLook({ clock, everyMs: LOOK_EVERY_MS, lookedAt: -Infinity, look, onError });
  }

  /** To be called in every turn of the loop; looks in the background, once in two seconds. */
  look(): void {
    this.#background.look();
  }

  async close(): Promise<void> {
    await this.#background.close();
    await this.#admin.close();
  }

  async #look(): Promise<void> {
    const { groupId, instanceId, clock, seen, onHealed } = this.#options;
    const group = await this.#admin.groupMembers(groupId);
    for (const member of group.members) if (member.instanceId !== null) seen.add(member.instanceId);
    if (group.state !== "Stable") {
      // A round goes on, after which the count begins anew.
      this.#orphans = [];
      return;
    }
    this.#remember(this.#ownerless(group));
    const rank = rankOf(instanceId, group);
    if (
      this.#orphans.length === 0 ||
      rank < 0 ||
      this.#looks < LOOKS_TO_BE_SURE + rank ||
      clock.now() < this.#quietUntil ||
      this.#background.closed
    )
      return;
    this.#quietUntil = clock.now() + this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MS_MAX);
    const orphans = this.#orphans;
    await this.#admin.requestRound(groupId);
    onHealed(`partitions ${orphans.join(", ")} had no owner: asked the group for a new round`);
  }

  #ownerless({ members }: GroupDescription): number[] {
    const owned = new Set(
      members.flatMap((member) =>
        member.partitions.filter(({ topic }) => topic === this.#options.topic).map(({ partition }) => partition),
      ),
    );
    return Array.from({ length: this.#options.partitions }, (_, partition) => partition).filter(
      (partition) => !owned.has(partition),
    );
  }

  /** Counts the looks in a row that found the same partitions without an owner. */
  #remember(ownerless: readonly number[]): void {
    const still = this.#orphans.filter((partition) => ownerless.includes(partition));
    this.#looks = still.length > 0 ? this.#looks + 1 : 1;
    this.#orphans = still.length > 0 ? still : ownerless;
    if (ownerless.length === 0) this.#pauseMs = PAUSE_MS;
  }
}

/** The place among the static members, from 0; -1: not a member. */
function rankOf(instanceId: string, { members }: GroupDescription): number {
  const ids = members.flatMap((member) => member.instanceId ?? []);
  return ids.includes(instanceId) ? ids.filter((id) => id < instanceId).length : -1;
}
