import { PoisonError } from "../errors.ts";
import { type Columns, optional, optionalName, readRow, required, requiredName } from "./columns.ts";
import { carriesDetails, extrasOf, fieldersOf, nonBoundaryOf, runs } from "./csv-runs.ts";
import { ballLabel, inningsNumber, matchIdOf, quoted } from "./fields.ts";
import type { Delivery, Wicket } from "./types.ts";
import { isWicketKind } from "./wickets.ts";

export { parseCsv2Info } from "./csv2-info.ts";

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
  return readRow(columns, () => delivery(columns, limits));
}

function delivery(columns: Columns, limits: Csv2Limits): Delivery {
  const { over, ball } = ballLabel(required(columns, "ball"), 'column "ball"', limits.overs);
  const matchId = matchIdOf(required(columns, "match_id"));
  const innings = inningsNumber(required(columns, "innings"), 'column "innings"');
  const extras = extrasOf(columns);
  const batterRuns = runs(columns, "runs_off_bat");
  const extraRuns = runs(columns, "extras");
  const detailed = carriesDetails(columns);
  return {
    matchId,
    innings,
    over,
    ball,
    ...people(columns),
    runs: { batter: batterRuns, extras: extraRuns, total: batterRuns + extraRuns },
    extras,
    nonBoundary: detailed ? nonBoundaryOf(columns) : null,
    wickets: wicketsOf(columns, detailed),
  };
}

function people(columns: Columns): Pick<Delivery, "battingTeam" | "batter" | "nonStriker" | "bowler"> {
  const battingTeam = requiredName(columns, "batting_team");
  const bowlingTeam = optionalName(columns, "bowling_team");
  if (battingTeam === bowlingTeam) throw new PoisonError(`${quoted(battingTeam)} both bats and bowls`);
  const batter = requiredName(columns, "striker");
  const nonStriker = requiredName(columns, "non_striker");
  return { battingTeam, batter, nonStriker, bowler: requiredName(columns, "bowler") };
}

/** The fielders of the row belong to its first wicket: nobody fields a "timed out". */
function wicketsOf(columns: Columns, detailed: boolean): readonly Wicket[] {
  const named = fieldersOf(columns);
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
  const playerOut = optionalName(columns, playerColumn);
  if (kind === "" && playerOut === "") return [];
  if (kind === "")
    throw new PoisonError(`column "${playerColumn}" names ${quoted(playerOut)}, but "${kindColumn}" is empty`);
  if (playerOut === "")
    throw new PoisonError(`column "${kindColumn}" is ${quoted(kind)}, but "${playerColumn}" is empty`);
  if (!isWicketKind(kind)) throw new PoisonError(`column "${kindColumn}": unknown wicket ${quoted(kind)}`);
  return [{ kind, playerOut, fielders }];
}
