import type { Clock } from "./clock.ts";
import type { Task } from "./task.ts";

/** An idle task's position moves only over markers: often enough for retention, seldom enough to cost nothing. */
const LOOK_MS = 60_000;
/**
 * A stable group keeps the offsets of the topics it subscribes, and forgets those of the others when their last commit is
 * older than the broker's `offsets.retention.minutes` (7 days by default). Of several inputs one is subscribed.
 */
const REFRESH_MS = 3_600_000;

/** Which tasks have something to commit although no record came. */
export class IdleCommits {
  readonly #clock: Clock;
  #lookedAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lookedAt = clock.now();
  }

  /** What was due has not been committed: look again at once. */
  again(): void {
    this.#lookedAt = -Infinity;
  }

  /** Once a minute: tasks whose position has moved over markers, and those whose offsets were written long ago. */
  due(tasks: Iterable<Task>, hasMoved: (task: Task) => boolean): Task[] {
    const now = this.#clock.now();
    if (now - this.#lookedAt < LOOK_MS) return [];
    this.#lookedAt = now;
    return [...tasks].filter((task) => task.running && (hasMoved(task) || now - task.committedAt >= REFRESH_MS));
  }
}
