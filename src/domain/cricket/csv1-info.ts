import { PoisonError } from "../errors.ts";
import { readCsvInfo } from "./csv-info.ts";
import { csvMatch } from "./csv-match.ts";
import { matchIdOf, quoted } from "./fields.ts";
import type { Match } from "./types.ts";

/**
 * What a file of Cricsheet's original CSV says of its match: all its lines but the `ball` lines.
 *
 * Reads every 1.x from 1.3 on, for the reasons csv2 has: a later minor only adds keys. 1.3 names no players and says
 * nothing of super overs, declarations or targets. `penalty_runs` lines are the match's, since no ball has them.
 *
 * @throws PoisonError with a reason a person understands.
 */
export function parseCsv1Match(matchId: string, info: string): Match {
  try {
    const match = csvMatch("csv1", matchIdOf(matchId), readCsvInfo(info, checkVersion, { penalties: true }));
    // The result is what such a file puts last: one without it lost its end.
    if (Object.keys(match.outcome).length === 0) throw new PoisonError("it has no result: the file is cut off");
    return match;
  } catch (error) {
    if (!(error instanceof PoisonError)) throw error;
    throw new PoisonError(`info of match ${quoted(matchId)}: ${error.message}`, { cause: error });
  }
}

function checkVersion(version: string): void {
  const minor = /^1\.(\d{1,4})(?:\.\d{1,4})?$/u.exec(version)?.[1];
  if (minor === undefined || Number(minor) < 3) {
    throw new PoisonError(`version ${quoted(version)} is unknown; this reader knows 1.3 and later 1.x`);
  }
}
