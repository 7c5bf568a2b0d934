import { PoisonError } from "../errors.ts";
import { type Columns, optional, optionalName, own, required } from "./columns.ts";
import { quoted, RUNS_MAX, wholeNumber } from "./fields.ts";
import type { Extras } from "./types.ts";

const KINDS = ["wides", "noballs", "byes", "legbyes", "penalty"] as const;
const FIELDERS = ["fielder_1", "fielder_2", "fielder_3"] as const;

/** Whether the row has any of the columns, be they empty; a row of an older form has none of them. */
function carries(columns: Columns, names: readonly string[]): boolean {
  return names.some((name) => own(columns, name) !== undefined);
}

/** Whether the row says what kinds its extras are of. */
export function carriesKinds(columns: Columns): boolean {
  return carries(columns, KINDS);
}

/**
 * Whether the row knows fielders and run fours. Empty columns may be left out of a row, but `actual_delivery` never is
 * empty.
 */
export function carriesDetails(columns: Columns): boolean {
  return carries(columns, ["actual_delivery", "non_boundary", ...FIELDERS]);
}

/** Runs in a column that no row leaves empty. */
export function runs(columns: Columns, name: string): number {
  return wholeNumber(required(columns, name), `column "${name}"`, RUNS_MAX);
}

/** The kinds of extras, which must make up the column "extras". */
export function extrasOf(columns: Columns): Extras {
  const extras = Object.fromEntries(
    KINDS.map((kind) => [kind, wholeNumber(optional(columns, kind) || "0", `column "${kind}"`, RUNS_MAX)]),
  ) as unknown as Extras;
  const stated = runs(columns, "extras");
  const given = KINDS.filter((kind) => extras[kind] > 0);
  const sum = given.reduce((total, kind) => total + extras[kind], 0);
  if (stated !== sum) {
    const parts = given.map((kind) => `${kind} ${extras[kind]}`);
    throw new PoisonError(
      `extras do not add up: column "extras" says ${stated}, but ${parts.join(" + ") || "no kind of extras is given"}` +
        (parts.length > 1 ? ` make ${sum}` : ""),
    );
  }
  return extras;
}

/** A four or six that was run. */
export function nonBoundaryOf(columns: Columns): boolean {
  const text = optional(columns, "non_boundary");
  if (text === "true" || text === "1") return true;
  if (text === "false" || text === "0" || text === "") return false;
  throw new PoisonError(`column "non_boundary" is ${quoted(text)}; expected "true" or nothing`);
}

/** The fielders that a row names; they belong to its first wicket. */
export function fieldersOf(columns: Columns): readonly string[] {
  return FIELDERS.map((name) => optionalName(columns, name)).filter((name) => name !== "");
}
