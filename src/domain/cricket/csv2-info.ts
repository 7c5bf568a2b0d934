import { type CsvError, parse } from "csv-parse/sync";
import { oneLine } from "../one-line.ts";
import { PoisonError } from "../errors.ts";
import { inningsNumber, matchIdOf, quoted, textProblem, wholeNumber } from "./csv2-fields.ts";
import { carriesInningsFlags } from "./formats.ts";
import type { InningsNote, Match, Outcome, Player } from "./types.ts";

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
    return build(matchIdOf(matchId), read(info));
  } catch (error) {
    if (!(error instanceof PoisonError)) throw error;
    throw new PoisonError(`info of match ${quoted(matchId)}: ${error.message}`, { cause: error });
  }
}

/** `info` lines by key, in the order of the file; each holds the values behind the key and its line. */
interface Info {
  readonly version: string;
  readonly lines: ReadonlyMap<string, readonly InfoLine[]>;
}

interface InfoLine {
  readonly values: readonly string[];
  readonly line: number;
}

/** A whole info file is about 4 kB; with 100 players and officials it would be 20. */
const INFO_CHARS_MAX = 1_000_000;

function read(info: string): Info {
  if (typeof info !== "string") throw new PoisonError("the file is not text");
  if (info.length > INFO_CHARS_MAX)
    throw new PoisonError(`the file has ${info.length} characters; ${INFO_CHARS_MAX} is the limit`);
  const [first, ...rest] = records(info);
  if (first === undefined) throw new PoisonError("the file is empty");
  const version = first[0] === "version" ? (first[1] ?? "") : undefined;
  if (version === undefined) throw new PoisonError(`it begins with ${quoted(first[0] ?? "")}, not with a version line`);
  checkVersion(version);
  const lines = new Map<string, InfoLine[]>();
  for (const [index, fields] of rest.entries()) {
    const line = index + 2;
    const [tag, key, ...values] = fields;
    if (tag !== "info") throw new PoisonError(`line ${line} begins with ${quoted(tag ?? "")}, not with "info"`);
    if (key === undefined || values.length === 0)
      throw new PoisonError(`line ${line} is cut off: ${quoted(fields.join(","))}`);
    const list = lines.get(key) ?? [];
    list.push({ values, line });
    lines.set(key, list);
  }
  return { version, lines };
}

function records(info: string): readonly (readonly string[])[] {
  let all: string[][];
  try {
    all = parse(info, { bom: true, relax_column_count: true, skip_empty_lines: true });
  } catch (error) {
    throw new PoisonError(`it is not CSV: ${oneLine((error as CsvError).message)}`, { cause: error });
  }
  for (const [index, fields] of all.entries()) {
    for (const field of fields) {
      const problem = textProblem(field);
      if (problem !== undefined) throw new PoisonError(`line ${index + 1}: a field ${problem}`);
    }
  }
  return all;
}

function checkVersion(version: string): void {
  const minor = /^2\.(\d{1,4})(?:\.\d{1,4})?$/u.exec(version)?.[1];
  if (minor === undefined || Number(minor) < 1) {
    throw new PoisonError(`version ${quoted(version)} is unknown; this reader knows 2.1 and later 2.x`);
  }
}

function build(matchId: string, info: Info): Match {
  const stated = one(info, "match_id");
  if (stated !== null && stated !== matchId) throw new PoisonError(`its match_id line says ${quoted(stated)}`);
  const players = playersOf(info);
  // Every Cricsheet match has its teams' players, behind the result: a file without them lost its end.
  if (players.length === 0) throw new PoisonError("it names no players: the file is cut off");
  return {
    matchId,
    format: "csv2",
    version: info.version,
    matchType: one(info, "match_type"),
    gender: one(info, "gender"),
    teamType: one(info, "team_type"),
    teams: teamsOf(info),
    season: one(info, "season"),
    dates: datesOf(info),
    venue: one(info, "venue"),
    city: one(info, "city"),
    event: one(info, "event"),
    overs: count(info, "overs", 500),
    ballsPerOver: count(info, "balls_per_over", 12) || 6,
    toss: tossOf(info),
    outcome: outcomeOf(info),
    playersOfMatch: every(info, "player_of_match"),
    players,
    inningsNotes: notesOf(info),
  };
}

/** All non-empty values of a key with one value a line. */
function every(info: Info, key: string): readonly string[] {
  return (info.lines.get(key) ?? []).flatMap(({ values: [value] }) =>
    value === undefined || value === "" ? [] : [value],
  );
}

/** The value of a key that may stand once; null when it is absent or empty ("info,city,"). */
function one(info: Info, key: string): string | null {
  const values = every(info, key);
  const other = values.find((value) => value !== values[0]);
  if (other !== undefined)
    throw new PoisonError(`two values for "${key}": ${quoted(values[0] ?? "")} and ${quoted(other)}`);
  return values[0] ?? null;
}

function count(info: Info, key: string, max: number): number | null {
  const text = one(info, key);
  return text === null ? null : wholeNumber(text, `"${key}"`, max);
}

function teamsOf(info: Info): readonly [string, string] {
  const [first, second, ...more] = every(info, "team");
  if (first === undefined || second === undefined || more.length > 0 || first === second) {
    throw new PoisonError(
      `it names ${every(info, "team").map(quoted).join(", ") || "no team"}; expected two different teams`,
    );
  }
  return [first, second];
}

function datesOf(info: Info): readonly string[] {
  const dates = every(info, "date");
  if (dates.length === 0) throw new PoisonError("it has no date");
  return dates.map((text) => {
    const match = /^(\d{4})[/-](0[1-9]|1[0-2])[/-](0[1-9]|[12]\d|3[01])$/u.exec(text);
    if (match === null) throw new PoisonError(`${quoted(text)} is not a date; expected year/month/day`);
    return `${match[1]}-${match[2]}-${match[3]}`;
  });
}

function tossOf(info: Info): Match["toss"] {
  const winner = one(info, "toss_winner");
  const decision = one(info, "toss_decision");
  return winner === null || decision === null ? null : { winner, decision };
}

function outcomeOf(info: Info): Outcome {
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
    ...Object.entries(words).filter(([, word]) => word !== null),
    ...(known.length > 0 ? [["by", Object.fromEntries(known)] as const] : []),
  ]) as Outcome;
}

/** Both `info,player,<team>,<name>` and `info,players,…`, which some files of 2.3.0 have. */
function playersOf(info: Info): readonly Player[] {
  const ids = new Map(
    (info.lines.get("registry") ?? []).flatMap(({ values: [kind, name, id], line }) => {
      if (name === undefined || id === undefined || id === "")
        throw new PoisonError(`line ${line} is cut off: a registry line needs a name and an id`);
      return kind === "people" ? [[name, id] as const] : [];
    }),
  );
  return [...(info.lines.get("player") ?? []), ...(info.lines.get("players") ?? [])].map(
    ({ values: [team, name], line }) => {
      if (team === undefined || name === undefined || name === "")
        throw new PoisonError(`line ${line} is cut off: a player line needs a team and a name`);
      return { team, name, registryId: ids.get(name) ?? null };
    },
  );
}

/** Lines of the form `info,<key>,<innings>[,<value>]`, by innings. */
function byInnings(info: Info, key: string): ReadonlyMap<number, string> {
  return new Map(
    (info.lines.get(key) ?? []).map(({ values: [innings, value], line }) => [
      inningsNumber(innings ?? "", `line ${line}, "${key}"`),
      value ?? "",
    ]),
  );
}

function notesOf(info: Info): readonly InningsNote[] {
  const superOver = byInnings(info, "super_over");
  const declared = byInnings(info, "declared");
  const forfeited = byInnings(info, "forfeited");
  const targetRuns = byInnings(info, "target_runs");
  const targetOvers = byInnings(info, "target_overs");
  const flags = carriesInningsFlags("csv2", info.version);
  const numbers = new Set([superOver, declared, forfeited, targetRuns, targetOvers].flatMap((map) => [...map.keys()]));
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
      penaltyPre: 0,
      penaltyPost: 0,
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
