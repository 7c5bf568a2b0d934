import { PoisonError } from "../errors.ts";
import { type Columns, optional, optionalName, readRow, required, requiredName } from "./columns.ts";
import { carriesDetails, carriesKinds, extrasOf, fieldersOf, nonBoundaryOf, runs } from "./csv-runs.ts";
import { countedPlace } from "./csv-place.ts";
import { inningsNumber, matchIdOf, quoted } from "./fields.ts";
import type { Delivery, Wicket } from "./types.ts";
import { isWicketKind } from "./wickets.ts";

export { parseCsv1Match } from "./csv1-info.ts";

/**
 * One `ball` line of Cricsheet's original CSV as a delivery. Its columns have no names in the file; ours are
 * match_id, innings, ball, nth, batting_team, striker, non_striker, bowler, runs_off_bat, extras, kind,
 * player_dismissed; where the line has 16 fields, wides, noballs, byes, legbyes and penalty; where it has 21,
 * actual_delivery, non_boundary and fielder_1 to fielder_3.
 *
 * `ball` is the label as in the file, which writes the tenth delivery of an over like its first: "47.1". So `nth`
 * counts the deliveries of the over from 1, as they come in the file, and the label must fit it.
 *
 * The form has room for one wicket a ball. The oldest gives one total of extras, and before 1.8 there are neither fielders
 * nor run fours: what a row has no columns for is unknown.
 *
 * @param columns column name → text.
 * @throws PoisonError with a reason a person understands.
 */
export function parseCsv1Delivery(columns: Columns): Delivery {
  return readRow(columns, () => delivery(columns));
}

function delivery(columns: Columns): Delivery {
  const batter = requiredName(columns, "striker");
  const nonStriker = requiredName(columns, "non_striker");
  const batterRuns = runs(columns, "runs_off_bat");
  const extras = runs(columns, "extras");
  const kinds = carriesKinds(columns);
  const detailed = carriesDetails(columns);
  const wickets = wicketOf(columns, detailed);
  return {
    matchId: matchIdOf(required(columns, "match_id")),
    innings: inningsNumber(required(columns, "innings"), 'column "innings"'),
    ...countedPlace(required(columns, "ball"), required(columns, "nth")),
    battingTeam: requiredName(columns, "batting_team"),
    batter,
    nonStriker,
    bowler: requiredName(columns, "bowler"),
    runs: { batter: batterRuns, extras, total: batterRuns + extras },
    extras: kinds ? extrasOf(columns) : null,
    nonBoundary: detailed ? nonBoundaryOf(columns) : null,
    wickets,
    ...(kinds && wickets.length > 0 && { moreWickets: null }),
  };
}

function wicketOf(columns: Columns, detailed: boolean): readonly Wicket[] {
  const kind = optional(columns, "kind");
  const playerOut = optionalName(columns, "player_dismissed");
  const fielders = fieldersOf(columns);
  if (kind === "" && playerOut === "") {
    if (fielders[0] !== undefined) throw new PoisonError(`fielder ${quoted(fielders[0])} without a wicket`);
    return [];
  }
  if (kind === "") throw new PoisonError(`column "player_dismissed" names ${quoted(playerOut)}, but "kind" is empty`);
  if (playerOut === "") throw new PoisonError(`column "kind" is ${quoted(kind)}, but "player_dismissed" is empty`);
  if (!isWicketKind(kind)) throw new PoisonError(`column "kind": unknown wicket ${quoted(kind)}`);
  return [{ kind, playerOut, fielders: detailed ? fielders : null }];
}
