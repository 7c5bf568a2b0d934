import type { Digest } from "./digest.ts";
import { facetsAgree, SAID_BY_ALL, textWords } from "./facets.ts";

/**
 * A statement that a correction superseded (`statementText` of identity.ts), and from when on it is remembered for the
 * retention: the stream time (ms) at which it was superseded, or the event time at which it was said again since.
 */
export type Superseded = readonly [statement: string, at: number];

/** A superseded statement that says what was asked for. */
export interface Remembered {
  readonly statement: string;
  /** The inputs that have said it, as bits. */
  readonly saidBy: number;
  readonly at: number;
}

/** Hexadecimal digits of an event id, and of its half that knows no facets. */
const ID_DIGITS = 32;
const CORE_DIGITS = 16;

/** Finds statements by what every format carries: another format, or another input, leaves other words behind. */
class CoreIndex {
  readonly #byCore = new Map<string, Set<string>>();

  add(statement: string): void {
    if (statement.length === ID_DIGITS) return;
    const core = statement.slice(0, CORE_DIGITS);
    const statements = this.#byCore.get(core);
    if (statements === undefined) this.#byCore.set(core, new Set([statement]));
    else statements.add(statement);
  }

  delete(statement: string): void {
    const core = statement.slice(0, CORE_DIGITS);
    const statements = this.#byCore.get(core);
    statements?.delete(statement);
    if (statements?.size === 0) this.#byCore.delete(core);
  }

  clear(): void {
    this.#byCore.clear();
  }

  /** Statements that agree with the given one, each with the inputs that made it. */
  *agreeing(statement: string): Generator<readonly [statement: string, saidBy: number]> {
    const candidates = this.#byCore.get(statement.slice(0, CORE_DIGITS));
    if (candidates === undefined) return;
    const words = textWords(statement, ID_DIGITS);
    for (const candidate of candidates) {
      const own = textWords(candidate, ID_DIGITS);
      if (facetsAgree(own, words)) yield [candidate, own[0]!];
    }
  }
}

/** The statements that one transaction superseded, or met again. */
export class SupersededOverlay {
  readonly #at = new Map<string, number>();
  readonly #cores = new CoreIndex();

  get size(): number {
    return this.#at.size;
  }

  add(statement: string, at: number): void {
    this.#at.set(statement, Math.max(at, this.#at.get(statement) ?? -Infinity));
    this.#cores.add(statement);
  }

  get(statement: string): number | undefined {
    return this.#at.get(statement);
  }

  /** What was superseded, says what this statement says and is remembered from `since` or later. */
  remembered(statement: string, since: number): Generator<Remembered> {
    return remembered(statement, since, this.#cores, (candidate) => this.#at.get(candidate));
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
 * The committed superseded statements of a partition, and which live segments hold each. A statement that was superseded
 * or said again more than once counts from the newest time. It is remembered for the retention from then on, which the review decides
 * by `at`: expiry of a segment only frees memory later on, so a verdict never depends on when commits happened.
 */
export class SupersededStatements {
  readonly #holders = new Map<string, Holder[]>();
  readonly #cores = new CoreIndex();

  get size(): number {
    return this.#holders.size;
  }

  /** From when on just this statement is remembered, over all segments but `except`; undefined: it was not. */
  at(statement: string, except?: ReadonlySet<number>): number | undefined {
    let newest: number | undefined;
    for (const { segment, at } of this.#holders.get(statement) ?? []) {
      if (except?.has(segment) !== true && (newest === undefined || at > newest)) newest = at;
    }
    return newest;
  }

  /** What was superseded, says what this statement says and is remembered from `since` or later. */
  remembered(statement: string, since: number): Generator<Remembered> {
    return remembered(statement, since, this.#cores, (candidate) => this.at(candidate));
  }

  hold(segment: number, [statement, at]: Superseded, digest: Digest): void {
    const before = this.at(statement);
    const holders = this.#holders.get(statement);
    if (holders === undefined) {
      this.#holders.set(statement, [{ segment, at }]);
      this.#cores.add(statement);
    } else holders.push({ segment, at });
    moveDigest(digest, statement, before, this.at(statement));
  }

  release(segment: number, [statement]: Superseded, digest: Digest): void {
    const before = this.at(statement);
    const rest = (this.#holders.get(statement) ?? []).filter((holder) => holder.segment !== segment);
    if (rest.length === 0) {
      this.#holders.delete(statement);
      this.#cores.delete(statement);
    } else this.#holders.set(statement, rest);
    moveDigest(digest, statement, before, this.at(statement));
  }
}

function* remembered(
  statement: string,
  since: number,
  cores: CoreIndex,
  atOf: (statement: string) => number | undefined,
): Generator<Remembered> {
  const candidates = statement.length === ID_DIGITS ? [[statement, SAID_BY_ALL] as const] : cores.agreeing(statement);
  for (const [candidate, saidBy] of candidates) {
    const at = atOf(candidate);
    if (at !== undefined && at >= since) yield { statement: candidate, saidBy, at };
  }
}

/** Takes what the digest holds of a statement from one state to another; undefined: not superseded. */
export function moveDigest(
  digest: Digest,
  statement: string,
  before: number | undefined,
  after: number | undefined,
): void {
  if (before === after) return;
  if (before !== undefined) digest.remove(...lanes(statement, before));
  if (after !== undefined) digest.add(...lanes(statement, after));
}

function lanes(statement: string, at: number): [high: number, low: number] {
  const time = Math.imul(at | 0, 0x9e3779b1);
  let high = Number.parseInt(statement.slice(0, 8), 16) ^ time;
  let low = Number.parseInt(statement.slice(16, 24), 16) ^ (time >>> 7);
  for (const word of textWords(statement, ID_DIGITS)) {
    high = Math.imul(high ^ word, 0x85ebca77);
    low = Math.imul(low ^ word, 0xc2b2ae3d);
  }
  return [high, low];
}
