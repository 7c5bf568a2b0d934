import type { Digest } from "./digest.ts";
import { moveStatement } from "./state-digest.ts";
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

/** Memory of a committed statement and of its place in a segment: 290 to 410 bytes, measured. */
const STATEMENT_MEMORY_BYTES = 400;
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

/** A live segment that holds a statement. */
export interface Holder {
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

  /** Bytes of memory, about. */
  get bytes(): number {
    return this.#holders.size * STATEMENT_MEMORY_BYTES;
  }

  /** From when on just this statement is remembered; undefined: it was not superseded. `without`: as if these did not hold it. */
  at(statement: string, without?: (holder: Holder) => boolean): number | undefined {
    let newest: number | undefined;
    for (const holder of this.#holders.get(statement) ?? []) {
      if (without?.(holder) !== true && (newest === undefined || holder.at > newest)) newest = holder.at;
    }
    return newest;
  }

  *entries(): Generator<Superseded> {
    for (const statement of this.#holders.keys()) yield [statement, this.at(statement)!];
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
    moveStatement(digest, statement, before, this.at(statement));
  }

  release(segment: number, [statement]: Superseded, digest: Digest): void {
    const before = this.at(statement);
    const rest = (this.#holders.get(statement) ?? []).filter((holder) => holder.segment !== segment);
    if (rest.length === 0) {
      this.#holders.delete(statement);
      this.#cores.delete(statement);
    } else this.#holders.set(statement, rest);
    moveStatement(digest, statement, before, this.at(statement));
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
