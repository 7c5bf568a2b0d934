/** How far the source is in the store, and whether that still means anything. */
import type { PositionCodec, StoredPosition } from "../kit/index.ts";

/** Every object of incarnation `store` up to number `after` is in Kafka. */
export interface LambdaPosition {
  readonly store: string;
  readonly after: number;
}

export const LAMBDA_POSITION: PositionCodec<LambdaPosition> = {
  describe: ({ store, after }) => ({ store, after }),
  parse({ store, after }) {
    if (typeof store !== "string" || !Number.isSafeInteger(after)) throw new TypeError("fields are missing");
    return { store, after: Number(after) };
  },
};

/** What the function says of the store. */
export interface StoreFacts {
  readonly store: string;
  readonly head: number;
}

export interface Start {
  readonly from: StoredPosition<LambdaPosition>;
  /** Why continuity with the stored position cannot be proved; null when it can, or when there was none (EO-13). */
  readonly gap: string | null;
}

/** How the source goes on, from observed facts alone. A store keeps everything: a new epoch reads all of it, and that is its snapshot. */
export function decideStart(
  stored: StoredPosition<LambdaPosition> | null,
  facts: StoreFacts,
  distrust: string | null,
): Start {
  const beginning: LambdaPosition = { store: facts.store, after: 0 };
  if (stored === null) return { from: { epoch: 1, events: 0, position: beginning }, gap: null };
  const gap = distrust ?? lossOf(stored.position, facts);
  if (gap === null) return { from: stored, gap };
  return { from: { epoch: stored.epoch + 1, events: stored.events, position: beginning }, gap };
}

/** Why the store is not the one that the position is of; null when it is. */
export function lossOf(position: LambdaPosition, { store, head }: StoreFacts): string | null {
  if (store !== position.store) return `the object store is ${store} and no longer ${position.store}: it was made anew`;
  if (head < position.after) return `the object store ends at ${head}, before our position ${position.after}`;
  return null;
}
