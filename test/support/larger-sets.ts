import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * Larger sets of matches are an addition: only the folder that `TEST_CRICSHEET` names is looked into. What happens to lie
 * beside a clone changes nothing, so the tests mean the same on every machine.
 */
const FOLDER: string | undefined = process.env["TEST_CRICSHEET"];

export interface LargerSet {
  readonly name: string;
  /** Folder of its match files. */
  readonly dir: string;
  /** File with the cards they must give. */
  readonly cards: string;
}

/**
 * Those of the named sets that are there. `path` is below `TEST_CRICSHEET`.
 *
 * @throws when the variable names no folder: a wrong name would else pass as "no larger sets".
 */
export function largerSets(wanted: readonly (readonly [name: string, path: string])[]): readonly LargerSet[] {
  if (FOLDER === undefined || FOLDER === "") return [];
  if (!existsSync(FOLDER)) throw new Error(`TEST_CRICSHEET names ${FOLDER}, which is not there`);
  return wanted
    .map(([name, path]) => ({ name, dir: join(FOLDER, path), cards: join(FOLDER, "expected", `${name}.jsonl`) }))
    .filter(({ dir, cards }) => existsSync(dir) && existsSync(cards));
}
