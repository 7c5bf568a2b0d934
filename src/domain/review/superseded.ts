import type { Digest } from "./digest.ts";

/** An event id that a correction superseded, and the stream time (ms) at which it did. */
export type Superseded = readonly [id: string, at: number];

interface Holder {
  readonly segment: number;
  readonly at: number;
}

/**
 * The committed superseded contents of a partition, and which live segments hold each. A content that was superseded
 * more than once counts from the last time. It is remembered for the retention from then on, which the review decides
 * by `at`: expiry of a segment only frees memory later on, so a verdict never depends on when commits happened.
 */
export class SupersededIds {
  readonly #holders = new Map<string, Holder[]>();

  get size(): number {
    return this.#holders.size;
  }

  /** Stream time at which the id was superseded last, over all segments but `except`; undefined when it was not. */
  at(id: string, except?: ReadonlySet<number>): number | undefined {
    let latest: number | undefined;
    for (const { segment, at } of this.#holders.get(id) ?? []) {
      if (except?.has(segment) !== true && (latest === undefined || at > latest)) latest = at;
    }
    return latest;
  }

  hold(segment: number, [id, at]: Superseded, digest: Digest): void {
    const before = this.at(id);
    const holders = this.#holders.get(id);
    if (holders === undefined) this.#holders.set(id, [{ segment, at }]);
    else holders.push({ segment, at });
    moveDigest(digest, id, before, this.at(id));
  }

  release(segment: number, [id]: Superseded, digest: Digest): void {
    const before = this.at(id);
    const rest = (this.#holders.get(id) ?? []).filter((holder) => holder.segment !== segment);
    if (rest.length === 0) this.#holders.delete(id);
    else this.#holders.set(id, rest);
    moveDigest(digest, id, before, this.at(id));
  }
}

/** Takes what the digest holds of an id from one state to another; undefined: not superseded. */
export function moveDigest(digest: Digest, id: string, before: number | undefined, after: number | undefined): void {
  if (before === after) return;
  if (before !== undefined) digest.remove(...lanes(id, before));
  if (after !== undefined) digest.add(...lanes(id, after));
}

function lanes(id: string, at: number): [high: number, low: number] {
  const time = Math.imul(at | 0, 0x9e3779b1);
  return [Number.parseInt(id.slice(0, 8), 16) ^ time, Number.parseInt(id.slice(16, 24), 16) ^ (time >>> 7)];
}
