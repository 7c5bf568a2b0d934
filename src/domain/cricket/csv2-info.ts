import { PoisonError } from "../errors.ts";
import { readCsvInfo } from "./csv-info.ts";
import { csvMatch } from "./csv-match.ts";
import { matchIdOf, quoted } from "./fields.ts";
import type { Match } from "./types.ts";

/**
 * A Cricsheet "Ashwin" info file (`<match>_info.csv`) as a match.
 *
 * Reads every 2.x from 2.1 on. The version follows semantic versioning: a later minor only adds `info`
 * keys, which are ignored, so refusing it would lose a match for nothing. Another major may mean other
 * things by the same words, and 2.0 has no reference that we could check against: both are poison.
 * A line that is neither `version` nor `info` is poison too, whatever the version: it may well change the
 * score (the original CSV has `penalty_runs` lines), and a wrong score is worse than none.
 *
 * @param matchId the match the record claims to be; a `match_id` line (2.3.0) must agree.
 * @throws PoisonError with a reason a person understands.
 */
export function parseCsv2Info(matchId: string, info: string): Match {
  try {
    const match = csvMatch("csv2", matchIdOf(matchId), readCsvInfo(info, checkVersion, { penalties: false }));
    // Every Cricsheet match has its teams' players, behind the result: a file without them lost its end.
    if (match.players.length === 0) throw new PoisonError("it names no players: the file is cut off");
    return match;
  } catch (error) {
    if (!(error instanceof PoisonError)) throw error;
    throw new PoisonError(`info of match ${quoted(matchId)}: ${error.message}`, { cause: error });
  }
}

function checkVersion(version: string): void {
  const minor = /^2\.(\d{1,4})(?:\.\d{1,4})?$/u.exec(version)?.[1];
  if (minor === undefined || Number(minor) < 1) {
    throw new PoisonError(`version ${quoted(version)} is unknown; this reader knows 2.1 and later 2.x`);
  }
}
