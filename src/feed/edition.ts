/** A match that is played from a later edition of its file: what the file does not have any more is deleted. */
import { FatalError } from "../domain/errors.ts";
import type { Editions, MatchScript, Step } from "./plan.ts";
import type { FeedConnection, StatedAt } from "./target.ts";

/** A larger share of what was stated before is not deleted unless somebody agrees: the file may be cut short. */
const SHARE_MAX = 0.1;
/** A deletion is a small row. */
const BYTES = 300;

/** An edition that would delete much. Its rows are in, and nothing is deleted. */
export class DeletionsHeld extends FatalError {
  constructor(matchId: string, deleted: number, before: number) {
    super(
      `the new file of match ${matchId} lacks ${deleted} of ${before} balls, more than a tenth; none of them was deleted`,
      {
        remedy: "if the file is right: play it with --accept-deletions; else put the right one there",
      },
    );
  }
}

/** undefined for a first edition, and for rows that say nothing of editions. */
export async function editionPlayed<C>(
  script: MatchScript<C>,
  connection: FeedConnection<C>,
  edition: number = 1,
): Promise<EditionPlayed<C> | undefined> {
  const { editions } = script;
  if (edition === 1 || editions === undefined) return undefined;
  const records = (await connection.records?.(statedAt(script, editions, edition))) ?? [];
  return new EditionPlayed(script, editions, edition, records);
}

function statedAt<C>({ progressKey, matchId }: MatchScript<C>, { table }: Editions<C>, edition: number): StatedAt {
  return { progressKey, matchId, edition, ...(table === undefined ? {} : { table }) };
}

class EditionPlayed<C> {
  readonly #script: MatchScript<C>;
  readonly #editions: Editions<C>;
  readonly #edition: number;
  readonly #records: readonly string[];
  readonly #stated = new Set<string>();
  #isWhole = true;

  constructor(script: MatchScript<C>, editions: Editions<C>, edition: number, records: readonly string[]) {
    this.#script = script;
    this.#editions = editions;
    this.#edition = edition;
    this.#records = records;
  }

  /** Every step of the plan, in its order. Returns it as one of this edition. */
  take(step: Step<C>): Step<C> {
    if (step.unreadable === true && this.#editions.hides?.(step) !== false) this.#isWhole = false;
    const key = this.#editions.keyOf(step.content);
    if (key !== null) this.#stated.add(key);
    return { ...step, content: this.#editions.mark(step.content, this.#edition, this.#records) };
  }

  /**
   * What is left to be deleted, when all rows are in: what an edition before stated and this one does not. Nothing when a part of the
   * file could not be read: it may be there.
   * @throws DeletionsHeld when that is more than a tenth.
   */
  async deletions(connection: FeedConnection<C>, accepted: boolean): Promise<Step<C>[]> {
    if (!this.#isWhole || connection.stated === undefined) return [];
    const at = statedAt(this.#script, this.#editions, this.#edition);
    const { before, deleted } = await connection.stated(at);
    const gone = [...before].filter((key) => !this.#stated.has(key));
    const left = gone.filter((key) => !deleted.has(key));
    if (left.length > 0 && !accepted && gone.length > before.size * SHARE_MAX)
      throw new DeletionsHeld(this.#script.matchId, gone.length, before.size);
    return left.map((key) => ({
      content: this.#editions.deletion(key, this.#edition),
      cause: "deletion",
      line: 0,
      bytes: BYTES,
    }));
  }
}
