import type { PositionCodec, StoredPosition } from "../kit/index.ts";
import type { RowStore } from "./store.ts";

/** Every row of store `store` up to `after` is in Kafka. */
export interface MemoryPosition {
  readonly store: string;
  readonly after: number;
}

export const MEMORY_POSITION: PositionCodec<MemoryPosition> = {
  describe: ({ store, after }) => ({ store, after }),
  parse({ store, after }) {
    if (typeof store !== "string" || typeof after !== "number") throw new TypeError("fields are missing");
    return { store, after };
  },
};

export type StoreFacts = Pick<RowStore, "id" | "first" | "head">;

export interface Start {
  readonly from: StoredPosition<MemoryPosition>;
  /** Why continuity with the stored position cannot be proved; null when it can, or when there was none (EO-13). */
  readonly gap: string | null;
}

/** How the source goes on, from observed facts alone. `distrust`: a reason that was found while it ran. */
export function decideStart(
  stored: StoredPosition<MemoryPosition> | null,
  store: StoreFacts,
  distrust: string | null = null,
): Start {
  const oldest: MemoryPosition = { store: store.id, after: store.first - 1 };
  if (stored === null) return { from: { epoch: 1, events: 0, position: oldest }, gap: null };
  const gap = distrust ?? gapReason(stored.position, store);
  if (gap === null) return { from: stored, gap };
  return { from: { epoch: stored.epoch + 1, events: stored.events, position: oldest }, gap };
}

/** Why the rows behind a position are not all there, or null. */
export function gapReason({ store, after }: MemoryPosition, { id, first, head }: StoreFacts): string | null {
  if (store !== id) return `store ${id} instead of ${store}: it was made anew`;
  if (after > head) return `the store ends at row ${head}, before our position ${after}`;
  if (after < first - 1) return `rows ${after + 1} to ${first - 1} were dropped before they were read`;
  return null;
}
