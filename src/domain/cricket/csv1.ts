import { PoisonError } from "../errors.ts";
import { checkTexts, type Columns, optional, readRow, required } from "./columns.ts";
import { inningsNumber, matchIdOf, placeInInnings, quoted, RUNS_MAX, twoAtTheCrease, wholeNumber } from "./fields.ts";
import type { Delivery, Wicket } from "./types.ts";
import { isWicketKind } from "./wickets.ts";

export { parseCsv1Match } from "./csv1-info.ts";

/**
 * One `ball` line of Cricsheet's original CSV as a delivery. Its columns have no names in the file; ours are
 * match_id, innings, ball, nth, batting_team, striker, non_striker, bowler, runs_off_bat, extras, kind,
 * player_dismissed.
 *
 * `ball` is the label as in the file, which writes the tenth delivery of an over like its first: "47.1". So `nth`
 * counts the deliveries of the over from 1, as they come in the file, and the label must fit it.
 *
 * The form gives one total of extras and one wicket, and neither fielders nor run fours: those are unknown.
 *
 * @param columns column name → text.
 * @throws PoisonError with a reason a person understands.
 */
export function parseCsv1Delivery(columns: Columns): Delivery {
  return readRow(columns, () => delivery(columns));
}

function delivery(columns: Columns): Delivery {
  checkTexts(columns);
  const batter = required(columns, "striker");
  const nonStriker = required(columns, "non_striker");
  twoAtTheCrease(batter, nonStriker);
  const batterRuns = runs(columns, "runs_off_bat");
  const extras = runs(columns, "extras");
  return {
    matchId: matchIdOf(required(columns, "match_id")),
    innings: inningsNumber(required(columns, "innings"), 'column "innings"'),
    ...place(required(columns, "ball"), required(columns, "nth")),
    battingTeam: required(columns, "batting_team"),
    batter,
    nonStriker,
    bowler: required(columns, "bowler"),
    runs: { batter: batterRuns, extras, total: batterRuns + extras },
    extras: null,
    nonBoundary: null,
    wickets: wicketOf(columns),
  };
}

function place(label: string, nth: string): { over: number; ball: number } {
  const parts = /^(0|[1-9]\d*)\.(\d+)$/u.exec(label);
  if (parts === null) {
    throw new PoisonError(
      `column "ball" is ${quoted(label)}; expected <over from 0>.<delivery from 1>, such as 0.1 or 24.6`,
    );
  }
  const over = Number(parts[1]);
  const ball = wholeNumber(nth, 'column "nth"', 100);
  placeInInnings(over, ball, 'column "ball"');
  // Compared as the numbers that the file takes labels for: 47.10 and 47.1 are one.
  if (Number(`0.${parts[2]}`) !== Number(`0.${ball}`)) {
    throw new PoisonError(`column "ball" is ${quoted(label)}, but the delivery is number ${ball} of its over`);
  }
  return { over, ball };
}

function runs(columns: Columns, name: string): number {
  return wholeNumber(required(columns, name), `column "${name}"`, RUNS_MAX);
}

function wicketOf(columns: Columns): readonly Wicket[] {
  const kind = optional(columns, "kind");
  const playerOut = optional(columns, "player_dismissed");
  if (kind === "" && playerOut === "") return [];
  if (kind === "") throw new PoisonError(`column "player_dismissed" names ${quoted(playerOut)}, but "kind" is empty`);
  if (playerOut === "") throw new PoisonError(`column "kind" is ${quoted(kind)}, but "player_dismissed" is empty`);
  if (!isWicketKind(kind)) throw new PoisonError(`column "kind": unknown wicket ${quoted(kind)}`);
  return [{ kind, playerOut, fielders: null }];
}
