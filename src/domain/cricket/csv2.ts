import { PoisonError } from "../errors.ts";
import { inningsNumber, matchIdOf, quoted, textProblem, wholeNumber } from "./csv2-fields.ts";
import type { Delivery, Extras, Wicket } from "./types.ts";
import { isWicketKind } from "./wickets.ts";

export { parseCsv2Info } from "./csv2-info.ts";

type Columns = Readonly<Record<string, string>>;

/** A Test innings ends with the match, at most five days of about a hundred overs. */
const OVERS_MAX = 500;
/** The longest over on record had 22 deliveries. */
const DELIVERIES_PER_OVER_MAX = 40;
/** Most runs anybody has run or been given off one delivery is 10; twice that is a slip of the keyboard. */
const RUNS_MAX = 20;

/** Limits a caller knows and a row does not, e.g. that its stream carries one-day internationals only. */
export interface Csv2Limits {
  /** Overs an innings may last; 60 covers every one-day international there was. */
  readonly overs?: number;
}

/**
 * One row of Cricsheet's "Ashwin" CSV (`<match>.csv`) as a delivery.
 *
 * Columns are read by name, so their order does not matter and columns added by later 2.x versions are
 * ignored: by semantic versioning they cannot change what the old ones mean. An absent column and an
 * empty one are the same (a null of the database is left out of the record), so only those that no
 * row leaves empty are required.
 *
 * `ball` is text: its part behind the dot counts the deliveries of the over, wides and no-balls too, so
 * "0.10" is the tenth and "0.1" the first. `actual_delivery` (2.3.0) repeats a label when a ball is
 * bowled again, so it is no key and is not read.
 *
 * @param columns column name → text.
 * @throws PoisonError with a reason a person understands, for everything that cannot be scored.
 */
export function parseCsv2Delivery(columns: Columns, limits: Csv2Limits = {}): Delivery {
  try {
    return delivery(columns, limits);
  } catch (error) {
    if (!(error instanceof PoisonError)) throw error;
    throw new PoisonError(where(columns) + error.message, { cause: error });
  }
}

function delivery(columns: Columns, limits: Csv2Limits): Delivery {
  checkTexts(columns);
  const { over, ball } = ballLabel(required(columns, "ball"), limits.overs ?? OVERS_MAX);
  const matchId = matchIdOf(required(columns, "match_id"));
  const innings = inningsNumber(required(columns, "innings"), 'column "innings"');
  const extras = extrasOf(columns);
  const batterRuns = runs(columns, "runs_off_bat", required(columns, "runs_off_bat"));
  const extraRuns = extrasTotal(columns, extras);
  const detailed = carriesDetails(columns);
  return {
    matchId,
    innings,
    over,
    ball,
    ...people(columns),
    runs: { batter: batterRuns, extras: extraRuns, total: batterRuns + extraRuns },
    extras,
    nonBoundary: detailed ? flag(columns, "non_boundary") : null,
    wickets: wicketsOf(columns, detailed),
  };
}

/** "match 1144530, innings 2, ball 49.4: ", as far as the row tells. */
function where(columns: Columns): string {
  const parts = [
    ["match", "match_id"],
    ["innings", "innings"],
    ["ball", "ball"],
  ].flatMap(([word, name]) => {
    const text = own(columns, name as string);
    return typeof text === "string" && /^[\w.-]{1,64}$/u.test(text) ? [`${word} ${text}`] : [];
  });
  return parts.length > 0 ? `${parts.join(", ")}: ` : "";
}

/** Rows come out of JSON: a column named "constructor" must not be found on the prototype. */
function own(columns: Columns, name: string): string | undefined {
  return Object.hasOwn(columns, name) ? columns[name] : undefined;
}

function optional(columns: Columns, name: string): string {
  return own(columns, name) ?? "";
}

function required(columns: Columns, name: string): string {
  const text = own(columns, name);
  if (text === undefined) throw new PoisonError(`column "${name}" is missing`);
  if (text.trim() === "") throw new PoisonError(`column "${name}" is empty`);
  return text;
}

/** Also columns that nobody reads: a row with a megabyte in it is not a delivery. */
function checkTexts(columns: Columns): void {
  for (const [name, value] of Object.entries(columns) as [string, unknown][]) {
    if (typeof value !== "string") throw new PoisonError(`column ${quoted(name)} is not text`);
    const problem = textProblem(value);
    if (problem !== undefined) throw new PoisonError(`column ${quoted(name)} ${problem}`);
  }
}

function ballLabel(text: string, oversMax: number): { over: number; ball: number } {
  const match = /^(0|[1-9]\d*)\.([1-9]\d*)$/u.exec(text);
  if (match === null) {
    throw new PoisonError(
      `column "ball" is ${quoted(text)}; expected <over from 0>.<delivery from 1>, such as 0.1 or 24.10`,
    );
  }
  const over = Number(match[1]);
  const ball = Number(match[2]);
  if (over >= oversMax)
    throw new PoisonError(`column "ball": over ${match[1]} in an innings of at most ${oversMax} overs`);
  if (ball > DELIVERIES_PER_OVER_MAX) throw new PoisonError(`column "ball": delivery ${match[2]} of one over`);
  return { over, ball };
}

function people(columns: Columns): Pick<Delivery, "battingTeam" | "batter" | "nonStriker" | "bowler"> {
  const battingTeam = required(columns, "batting_team");
  const bowlingTeam = required(columns, "bowling_team");
  if (battingTeam === bowlingTeam) throw new PoisonError(`${quoted(battingTeam)} both bats and bowls`);
  const batter = required(columns, "striker");
  const nonStriker = required(columns, "non_striker");
  if (batter === nonStriker) throw new PoisonError(`${quoted(batter)} stands at both ends`);
  return { battingTeam, batter, nonStriker, bowler: required(columns, "bowler") };
}

function runs(columns: Columns, name: string, empty: string): number {
  return wholeNumber(optional(columns, name) || empty, `column "${name}"`, RUNS_MAX);
}

function extrasOf(columns: Columns): Extras {
  return {
    wides: runs(columns, "wides", "0"),
    noballs: runs(columns, "noballs", "0"),
    byes: runs(columns, "byes", "0"),
    legbyes: runs(columns, "legbyes", "0"),
    penalty: runs(columns, "penalty", "0"),
  };
}

function extrasTotal(columns: Columns, extras: Extras): number {
  const stated = runs(columns, "extras", required(columns, "extras"));
  const sum = extras.wides + extras.noballs + extras.byes + extras.legbyes + extras.penalty;
  if (stated !== sum) {
    const parts = Object.entries(extras)
      .filter(([, n]) => n > 0)
      .map(([name, n]) => `${name} ${n}`);
    throw new PoisonError(
      `extras do not add up: column "extras" says ${stated}, but ${parts.join(" + ") || "no kind of extras is given"}` +
        (parts.length > 1 ? ` make ${sum}` : ""),
    );
  }
  return stated;
}

const DETAIL_COLUMNS = ["actual_delivery", "non_boundary", "fielder_1", "fielder_2", "fielder_3"];

/**
 * Whether the row is of 2.3.0 or later, which knows fielders and run fours. Empty columns may be left out of
 * a row, but `actual_delivery` never is empty.
 */
function carriesDetails(columns: Columns): boolean {
  return DETAIL_COLUMNS.some((name) => own(columns, name) !== undefined);
}

function flag(columns: Columns, name: string): boolean {
  const text = optional(columns, name);
  if (text === "true" || text === "1") return true;
  if (text === "false" || text === "0" || text === "") return false;
  throw new PoisonError(`column "${name}" is ${quoted(text)}; expected "true" or nothing`);
}

/** The fielders of the row belong to its first wicket: nobody fields a "timed out". */
function wicketsOf(columns: Columns, detailed: boolean): readonly Wicket[] {
  const named = ["fielder_1", "fielder_2", "fielder_3"]
    .map((name) => optional(columns, name))
    .filter((name) => name !== "");
  const first = wicket(columns, "wicket_type", "player_dismissed", detailed ? named : null);
  const second = wicket(
    columns,
    "other_wicket_type",
    "other_player_dismissed",
    detailed && first.length === 0 ? named : detailed ? [] : null,
  );
  const all = [...first, ...second];
  if (all.length === 0 && named.length > 0)
    throw new PoisonError(`fielder ${quoted(named[0] as string)} without a wicket`);
  if (all.length === 2 && all[0]?.playerOut === all[1]?.playerOut) {
    throw new PoisonError(`${quoted(all[0]?.playerOut ?? "")} is out twice on one ball`);
  }
  return all;
}

function wicket(
  columns: Columns,
  kindColumn: string,
  playerColumn: string,
  fielders: readonly string[] | null,
): readonly Wicket[] {
  const kind = optional(columns, kindColumn);
  const playerOut = optional(columns, playerColumn);
  if (kind === "" && playerOut === "") return [];
  if (kind === "")
    throw new PoisonError(`column "${playerColumn}" names ${quoted(playerOut)}, but "${kindColumn}" is empty`);
  if (playerOut === "")
    throw new PoisonError(`column "${kindColumn}" is ${quoted(kind)}, but "${playerColumn}" is empty`);
  if (!isWicketKind(kind)) throw new PoisonError(`column "${kindColumn}": unknown wicket ${quoted(kind)}`);
  return [{ kind, playerOut, fielders }];
}
