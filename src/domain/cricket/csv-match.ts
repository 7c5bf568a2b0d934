import { PoisonError } from "../errors.ts";
import { byInnings, count, type CsvInfo, every, everyName, one } from "./csv-info.ts";
import { inningsNumber, isoDate, PENALTY_RUNS_MAX, quoted, twoTeams, wholeNumber } from "./fields.ts";
import { carriesInningsFlags } from "./formats.ts";
import { cleanName, cleanText } from "./names.ts";
import { eachOnce, registerOf } from "./register.ts";
import type { InningsNote, Match, Outcome, Player } from "./types.ts";

/**
 * A match from the lines of its CSV record. Both CSVs write the same keys; the older a file, the fewer it has.
 * @throws PoisonError with a reason a person understands, also where a `match_id` line names another match.
 */
export function csvMatch(format: "csv1" | "csv2", matchId: string, info: CsvInfo): Match {
  const stated = one(info, "match_id");
  if (stated !== null && stated !== matchId) throw new PoisonError(`its match_id line says ${quoted(stated)}`);
  return {
    matchId,
    format,
    version: info.version,
    matchType: one(info, "match_type"),
    gender: one(info, "gender"),
    teamType: one(info, "team_type"),
    teams: twoTeams(everyName(info, "team")),
    season: one(info, "season"),
    dates: datesOf(info),
    venue: one(info, "venue"),
    city: one(info, "city"),
    // The original CSV before 1.5 has one of the two other words.
    event: one(info, "event") ?? one(info, "series") ?? one(info, "competition"),
    overs: count(info, "overs", 500),
    ballsPerOver: count(info, "balls_per_over", 12) || 6,
    toss: tossOf(info),
    outcome: outcomeOf(info),
    playersOfMatch: everyName(info, "player_of_match"),
    players: eachOnce(playersOf(info)),
    inningsNotes: notesOf(format, info),
  };
}

function datesOf(info: CsvInfo): readonly string[] {
  const dates = every(info, "date");
  if (dates.length === 0) throw new PoisonError("it has no date");
  return dates.map(isoDate);
}

function tossOf(info: CsvInfo): Match["toss"] {
  const winner = one(info, "toss_winner");
  const decision = one(info, "toss_decision");
  return winner === null || decision === null ? null : { winner: cleanName(winner), decision };
}

function outcomeOf(info: CsvInfo): Outcome {
  const by = {
    runs: count(info, "winner_runs", 2_000),
    wickets: count(info, "winner_wickets", 10),
    innings: count(info, "winner_innings", 1),
  };
  const known = Object.entries(by).filter(([, n]) => n !== null);
  const words = {
    winner: one(info, "winner"),
    result: one(info, "outcome"),
    method: one(info, "method"),
    eliminator: one(info, "eliminator"),
    bowl_out: one(info, "bowl_out"),
  };
  return Object.fromEntries([
    ...Object.entries(words).flatMap(([key, word]) => (word === null ? [] : [[key, cleanName(word)] as const])),
    ...(known.length > 0 ? [["by", Object.fromEntries(known)] as const] : []),
  ]) as Outcome;
}

/** Both `info,player,<team>,<name>` and `info,players,…`, which some files of 2.3.0 have. */
function playersOf(info: CsvInfo): readonly Player[] {
  const idOf = registerOf(
    (info.lines.get("registry") ?? []).flatMap(({ values: [kind, name, id], line }) => {
      if (kind !== "people") return [];
      if (name === undefined || id === undefined || id === "")
        throw new PoisonError(`line ${line} is cut off: a registry line needs a name and an id`);
      return [[name, cleanText(id)] as const];
    }),
  );
  return [...(info.lines.get("player") ?? []), ...(info.lines.get("players") ?? [])].map(
    ({ values: [side, player], line }) => {
      const [team, name] = [cleanName(side ?? ""), cleanName(player ?? "")];
      if (team === "" || name === "")
        throw new PoisonError(`line ${line} is cut off: a player line needs a team and a name`);
      return { team, name, registryId: idOf(player ?? "") };
    },
  );
}

function notesOf(format: "csv1" | "csv2", info: CsvInfo): readonly InningsNote[] {
  const superOver = byInnings(info, "super_over");
  const declared = byInnings(info, "declared");
  const forfeited = byInnings(info, "forfeited");
  const targetRuns = byInnings(info, "target_runs");
  const targetOvers = byInnings(info, "target_overs");
  const flags = carriesInningsFlags(format, info.version);
  const penalties = penaltiesOf(info);
  const numbers = new Set(
    [superOver, declared, forfeited, targetRuns, targetOvers, penalties].flatMap((map) => [...map.keys()]),
  );
  return [...numbers]
    .sort((a, b) => a - b)
    .map((innings) => ({
      innings,
      team: null,
      superOver: flags ? superOver.has(innings) : superOver.has(innings) || null,
      declared: flags ? declared.has(innings) : declared.has(innings) || null,
      // csv2 leaves a forfeited innings out; a line that says so is not known to exist, but would be clear.
      forfeited: forfeited.has(innings) || null,
      target: target(targetRuns.get(innings), targetOvers.get(innings)),
      absentHurt: [],
      penaltyPre: penalties.get(innings)?.pre ?? 0,
      penaltyPost: penalties.get(innings)?.post ?? 0,
    }));
}

/** `overs` stays in cricket notation: 27.3 is 27 overs and 3 balls. */
function target(runs: string | undefined, overs: string | undefined): InningsNote["target"] {
  if (overs !== undefined && !/^(?:0|[1-9]\d{0,2})(?:\.\d)?$/u.test(overs)) {
    throw new PoisonError(`"target_overs" is ${quoted(overs)}; expected overs such as 50 or 27.3`);
  }
  if (runs === undefined) return null;
  return { overs: overs === undefined ? null : Number(overs), runs: wholeNumber(runs, '"target_runs"', 3_000) };
}

interface Penalties {
  readonly pre: number;
  readonly post: number;
}

/** `penalty_runs,<innings>,<pre|post>,<runs>`: runs given before or after an innings. */
function penaltiesOf(info: CsvInfo): ReadonlyMap<number, Penalties> {
  const penalties = new Map<number, Penalties>();
  for (const { values, line } of info.penaltyRuns) {
    const [innings = "", when = "", runs = ""] = values;
    const what = `line ${line}, "penalty_runs"`;
    if (when !== "pre" && when !== "post") throw new PoisonError(`${what} is ${quoted(when)}; expected pre or post`);
    const number = inningsNumber(innings, what);
    const before = penalties.get(number) ?? { pre: 0, post: 0 };
    penalties.set(number, { ...before, [when]: before[when] + wholeNumber(runs, what, PENALTY_RUNS_MAX) });
  }
  return penalties;
}
