/**
 * What the feed does with one match, step by step: a function of the files, the seed and the rates, and of nothing else. A feed that was
 * killed makes the same plan again and goes on at the step that the target says is next.
 *
 * An unreliable source, on demand:
 *   replay      a row (or the match record) that was inserted before, once more under a new primary key
 *   wrong → correction → stale   a row with a wrong value; some lines later the file's value; later still the wrong one again
 * The last new content of every ball is the file's.
 */
import type { Random } from "../domain/random.ts";
import { pick, seededBy } from "../domain/random.ts";

export interface PlanOptions {
  readonly seed: number;
  /** Share of rows after which one is repeated, 0 … 1. */
  readonly replayRate: number;
  /** Share of rows that come wrong first, 0 … 1. */
  readonly correctionRate: number;
}

/** One thing that a file says, in the form its target takes. */
export interface ScriptRow<C> {
  readonly content: C;
  /** About the size in memory and on the wire. */
  readonly bytes: number;
  /** Which row of the file it is, from 1; 0 for the match record. */
  readonly line: number;
  /** False for what could not be read: that goes in once and as it is. */
  readonly repeatable: boolean;
}

/** What a row says of the edition of its file. Rows of the first edition say nothing. */
export interface Editions<C> {
  /** The same row as one of a later edition. `records`: what editions before said of the match, as `FeedConnection.records` tells. */
  readonly mark: (content: C, edition: number, records: readonly string[]) => C;
  /** Natural key, within its match, of the delivery that a row states; null for any other row. */
  readonly keyOf: (content: C) => string | null;
  /** The row that says: this edition does not have the delivery of this key any more. */
  readonly deletion: (key: string, edition: number) => C;
  /** The table of its deliveries, where the target has several. */
  readonly table?: string;
  /** Whether a row that could not be read may hold deliveries; absent where each may. */
  readonly hides?: (step: Pick<Step<C>, "line">) => boolean;
}

/** A match as its file tells it. Nothing is opened before a function is called; each call reads anew and tells the same. */
export interface MatchScript<C> {
  readonly matchId: string;
  /** What its progress is kept under: the id, or the id and more when another folder holds the same match. */
  readonly progressKey: string;
  /** What the file says about the match itself. It goes first: a match is announced before its first ball. */
  readonly record: () => Promise<ScriptRow<C>>;
  readonly rows: () => AsyncIterable<ScriptRow<C>>;
  /** The same ball as a scorer's slip makes it; null for one that a slip would make unreadable and not wrong. */
  readonly wrong: (content: C, random: Random) => C | null;
  /** How its rows speak of editions; absent in formats whose rows cannot yet. */
  readonly editions?: Editions<C>;
  /** SHA-256 over its files: tells whether a half-played match is still the same. */
  digest(): Promise<string>;
}

export interface Step<C> {
  readonly content: C;
  /** `file`: what the file says at this point; `deletion`: what it does not have any more. */
  readonly cause: "file" | "replay" | "wrong" | "correction" | "stale" | "deletion";
  /** As in `ScriptRow`. */
  readonly line: number;
  readonly bytes: number;
  /** Set for what could not be read. */
  readonly unreadable?: true;
}

/** The source remembers this much of a match to repeat it; larger rows are not repeated. */
const MEMORY_ROWS = 5000;
const MEMORY_BYTES = 16 * 1024 * 1024;
const REPEATABLE_BYTES = 64 * 1024;

/** Four of five replays are of the last 20 rows, as after a short outage; the others reach back anywhere. */
const RECENT_ROWS = 20;
const RECENT_SHARE = 0.8;

/** Lines until a wrong row is corrected, and from there until the wrong one comes again, at most. */
const CORRECTION_WITHIN = 30;
const STALE_WITHIN = 60;

/** The steps of one pass through a match. */
export async function* planMatch<C>(
  script: MatchScript<C>,
  pass: number,
  options: PlanOptions,
): AsyncGenerator<Step<C>> {
  const random = seededBy(options.seed, `${script.progressKey}/${pass}`);
  const memory = new Memory<C>(random);
  const due = new DueList<C>();
  const record = stepOf(await script.record());
  memory.keep(record);
  yield record;
  let line = 0;
  for await (const row of script.rows()) {
    line += 1;
    const right = stepOf(row);
    if (right.unreadable === true) {
      yield right;
      continue;
    }
    const wrong = random() < options.correctionRate ? script.wrong(row.content, random) : null;
    if (wrong === null) {
      memory.keep(right);
      yield right;
    } else {
      const first: Step<C> = { ...right, content: wrong, cause: "wrong" };
      memory.keep(first);
      yield first;
      const correctedAt = line + 1 + pick(random, CORRECTION_WITHIN);
      due.add(correctedAt, { ...right, cause: "correction" });
      due.add(correctedAt + 1 + pick(random, STALE_WITHIN), { ...first, cause: "stale" });
    }
    if (random() < options.replayRate && !memory.empty) yield { ...memory.recall(), cause: "replay" };
    yield* due.upTo(line, memory);
  }
  yield* due.upTo(Number.POSITIVE_INFINITY, memory);
}

function stepOf<C>({ content, bytes, line, repeatable }: ScriptRow<C>): Step<C> {
  return { content, cause: "file", line, bytes, ...(repeatable ? {} : { unreadable: true }) };
}

/** Rows that were inserted, to be repeated. Bounded; the oldest ones give way. */
class Memory<C> {
  readonly #random: Random;
  readonly #steps: Step<C>[] = [];
  #next = 0;
  #bytes = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  keep(step: Step<C>): void {
    if (step.unreadable === true || step.bytes > REPEATABLE_BYTES) return;
    if (this.#bytes + step.bytes > MEMORY_BYTES) return;
    const at = this.#next % MEMORY_ROWS;
    this.#bytes += step.bytes - (this.#steps[at]?.bytes ?? 0);
    this.#steps[at] = step;
    this.#next += 1;
  }

  /** A row that was inserted before; not when `empty`. */
  recall(): Step<C> {
    const count = this.#steps.length;
    const recent = this.#random() < RECENT_SHARE ? Math.min(count, RECENT_ROWS) : count;
    const back = 1 + pick(this.#random, recent);
    const step = this.#steps[(this.#next - back + MEMORY_ROWS) % MEMORY_ROWS];
    if (step === undefined) throw new RangeError("nothing to repeat");
    return step;
  }

  get empty(): boolean {
    return this.#steps.length === 0;
  }
}

/** Steps that wait for a line, in the order of their lines. */
class DueList<C> {
  #waiting: { readonly line: number; readonly step: Step<C> }[] = [];

  add(line: number, step: Step<C>): void {
    this.#waiting.push({ line, step });
    this.#waiting.sort((a, b) => a.line - b.line);
  }

  *upTo(line: number, memory: Memory<C>): Generator<Step<C>> {
    while ((this.#waiting[0]?.line ?? Number.POSITIVE_INFINITY) <= line) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      memory.keep(next.step);
      yield next.step;
    }
  }
}
