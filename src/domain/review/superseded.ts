import type { Digest } from "./digest.ts";
import { facetsAgree, textWords } from "./facets.ts";

/** A content that a correction superseded (`contentText` of identity.ts: event id and facets), and the stream time (ms) at which it did. */
export type Superseded = readonly [content: string, at: number];

/** Hexadecimal digits of an event id, and of its half that knows no facets. */
const ID_DIGITS = 32;
const CORE_DIGITS = 16;

/** Finds contents with facets by what every format carries: another format writes the same fact under another event id. */
class CoreIndex {
  readonly #byCore = new Map<string, Set<string>>();

  add(content: string): void {
    if (content.length === ID_DIGITS) return;
    const core = content.slice(0, CORE_DIGITS);
    const contents = this.#byCore.get(core);
    if (contents === undefined) this.#byCore.set(core, new Set([content]));
    else contents.add(content);
  }

  delete(content: string): void {
    const core = content.slice(0, CORE_DIGITS);
    const contents = this.#byCore.get(core);
    contents?.delete(content);
    if (contents?.size === 0) this.#byCore.delete(core);
  }

  clear(): void {
    this.#byCore.clear();
  }

  /** Contents that agree with the given one. */
  *agreeing(content: string): Generator<string> {
    const candidates = this.#byCore.get(content.slice(0, CORE_DIGITS));
    if (candidates === undefined) return;
    const facets = textWords(content, ID_DIGITS);
    for (const candidate of candidates) if (facetsAgree(textWords(candidate, ID_DIGITS), facets)) yield candidate;
  }
}

/** The contents that one transaction superseded, with the stream time at which it did. */
export class SupersededOverlay {
  readonly #at = new Map<string, number>();
  readonly #cores = new CoreIndex();

  get size(): number {
    return this.#at.size;
  }

  add(content: string, at: number): void {
    this.#at.set(content, at);
    this.#cores.add(content);
  }

  get(content: string): number | undefined {
    return this.#at.get(content);
  }

  /** Stream time at which a content that agrees with this one was superseded last. */
  find(content: string): number | undefined {
    return latest(content, this.#cores, (candidate) => this.#at.get(candidate));
  }

  entries(): readonly Superseded[] {
    return [...this.#at];
  }

  clear(): void {
    this.#at.clear();
    this.#cores.clear();
  }
}

interface Holder {
  readonly segment: number;
  readonly at: number;
}

/**
 * The committed superseded contents of a partition, and which live segments hold each. A content that was superseded
 * more than once counts from the last time. It is remembered for the retention from then on, which the review decides
 * by `at`: expiry of a segment only frees memory later on, so a verdict never depends on when commits happened.
 */
export class SupersededContents {
  readonly #holders = new Map<string, Holder[]>();
  readonly #cores = new CoreIndex();

  get size(): number {
    return this.#holders.size;
  }

  /** Stream time at which just this content was superseded last, over all segments but `except`; undefined: it was not. */
  at(content: string, except?: ReadonlySet<number>): number | undefined {
    let newest: number | undefined;
    for (const { segment, at } of this.#holders.get(content) ?? []) {
      if (except?.has(segment) !== true && (newest === undefined || at > newest)) newest = at;
    }
    return newest;
  }

  /** Stream time at which a content that agrees with this one was superseded last. */
  find(content: string): number | undefined {
    return latest(content, this.#cores, (candidate) => this.at(candidate));
  }

  hold(segment: number, [content, at]: Superseded, digest: Digest): void {
    const before = this.at(content);
    const holders = this.#holders.get(content);
    if (holders === undefined) {
      this.#holders.set(content, [{ segment, at }]);
      this.#cores.add(content);
    } else holders.push({ segment, at });
    moveDigest(digest, content, before, this.at(content));
  }

  release(segment: number, [content]: Superseded, digest: Digest): void {
    const before = this.at(content);
    const rest = (this.#holders.get(content) ?? []).filter((holder) => holder.segment !== segment);
    if (rest.length === 0) {
      this.#holders.delete(content);
      this.#cores.delete(content);
    } else this.#holders.set(content, rest);
    moveDigest(digest, content, before, this.at(content));
  }
}

function latest(content: string, cores: CoreIndex, at: (content: string) => number | undefined): number | undefined {
  let newest = at(content);
  if (content.length === ID_DIGITS) return newest;
  for (const candidate of cores.agreeing(content)) {
    const time = at(candidate);
    if (time !== undefined && (newest === undefined || time > newest)) newest = time;
  }
  return newest;
}

/** Takes what the digest holds of a content from one state to another; undefined: not superseded. */
export function moveDigest(
  digest: Digest,
  content: string,
  before: number | undefined,
  after: number | undefined,
): void {
  if (before === after) return;
  if (before !== undefined) digest.remove(...lanes(content, before));
  if (after !== undefined) digest.add(...lanes(content, after));
}

function lanes(content: string, at: number): [high: number, low: number] {
  const time = Math.imul(at | 0, 0x9e3779b1);
  let high = Number.parseInt(content.slice(0, 8), 16) ^ time;
  let low = Number.parseInt(content.slice(16, 24), 16) ^ (time >>> 7);
  for (const word of textWords(content, ID_DIGITS)) {
    high = Math.imul(high ^ word, 0x85ebca77);
    low = Math.imul(low ^ word, 0xc2b2ae3d);
  }
  return [high, low];
}
