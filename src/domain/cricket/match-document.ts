import { PoisonError } from "../errors.ts";
import type { DocumentValue } from "./document.ts";
import { inningsNumber, isoDate, PENALTY_RUNS_MAX, quoted, twoTeams } from "./fields.ts";
import { cleanName, cleanText } from "./names.ts";
import { eachOnce, registerOf } from "./register.ts";
import type { InningsNote, Match, Outcome, Player } from "./types.ts";

/** Where two formats with the same structure differ. */
export interface MatchWords {
  readonly format: "json" | "yaml";
  /** Throws a PoisonError for a version that the reader does not know. */
  readonly checkVersion: (version: string) => void;
  readonly event: (info: DocumentValue) => string | null;
  /** The object of an innings, and whether its label says that it is a super over. */
  readonly innings: (item: DocumentValue) => { readonly innings: DocumentValue; readonly superOver: boolean };
}

const INNINGS_BALLS_MAX = 12;
const OVERS_MAX = 500;
const MARGIN_MAX = 2_000;

/**
 * A match from what a JSON or YAML file says beside its deliveries: `meta`, `info` and `innings`. Members that no
 * card shows (officials, powerplays, miscounted overs: the deliveries tell) are ignored.
 * @throws PoisonError with a reason a person understands.
 */
export function matchOf(matchId: string, document: DocumentValue, words: MatchWords): Match {
  const version = document.need("meta").need("data_version").label();
  words.checkVersion(version);
  const info = document.need("info");
  const teams = twoTeams(names(info.need("teams")));
  return {
    matchId,
    format: words.format,
    version,
    matchType: textOf(info, "match_type"),
    gender: textOf(info, "gender"),
    teamType: textOf(info, "team_type"),
    teams,
    season: seasonOf(info),
    dates: datesOf(info),
    venue: textOf(info, "venue"),
    city: textOf(info, "city"),
    event: words.event(info),
    overs: info.get("overs")?.whole(OVERS_MAX) ?? null,
    ballsPerOver: info.get("balls_per_over")?.whole(INNINGS_BALLS_MAX) || 6,
    toss: tossOf(info),
    outcome: outcomeOf(info.get("outcome")),
    playersOfMatch: names(info.get("player_of_match")),
    players: eachOnce(playersOf(info, teams)),
    inningsNotes: document
      .need("innings")
      .items()
      .map((item, index) => noteOf(item, index + 1, words)),
  };
}

function textOf(document: DocumentValue, name: string): string | null {
  return document.get(name)?.textOrNull() ?? null;
}

function nameOf(document: DocumentValue, name: string): string | null {
  const text = textOf(document, name);
  return text === null ? null : cleanName(text);
}

function names(list: DocumentValue | null): readonly string[] {
  return (list?.items() ?? []).map((item) => item.name());
}

/** Some files have a year for a season, as a number. */
function seasonOf(info: DocumentValue): string | null {
  const season = info.get("season")?.label();
  return season === undefined ? null : cleanText(season);
}

function datesOf(info: DocumentValue): readonly string[] {
  const dates = info
    .need("dates")
    .items()
    .map((item) => isoDate(item.text()));
  if (dates.length === 0) throw new PoisonError("it has no date");
  return dates;
}

/** Some tosses were "uncontested": the visitors chose. They still say who bats. */
function tossOf(info: DocumentValue): Match["toss"] {
  const toss = info.get("toss");
  const winner = toss === null ? null : nameOf(toss, "winner");
  const decision = toss === null ? null : textOf(toss, "decision");
  return winner === null || decision === null ? null : { winner, decision };
}

function outcomeOf(outcome: DocumentValue | null): Outcome {
  if (outcome === null) return {};
  const words = ["winner", "result", "method", "eliminator", "bowl_out"] as const;
  const by = outcome.get("by");
  const margins = (["runs", "wickets", "innings"] as const).flatMap((name) => {
    const margin = by?.get(name)?.whole(MARGIN_MAX);
    return margin === undefined ? [] : [[name, margin] as const];
  });
  return Object.fromEntries([
    ...words.flatMap((name) => {
      const text = nameOf(outcome, name);
      return text === null ? [] : [[name, text] as const];
    }),
    ...(margins.length > 0 ? [["by", Object.fromEntries(margins)] as const] : []),
  ]) as Outcome;
}

/** In the order of the file: team by team. What is no team of the match is of a later version, and passed over. */
function playersOf(info: DocumentValue, teams: readonly string[]): readonly Player[] {
  const people = info.get("registry")?.get("people")?.members() ?? [];
  const idOf = registerOf(people.map(([name, id]) => [name, id.isText() ? id.textOrNull() : null]));
  const sides = info.get("players")?.members() ?? [];
  return sides.flatMap(([side, players]) => {
    const team = cleanName(side);
    if (!teams.includes(team)) return [];
    return players.items().map((player) => ({ team, name: player.name(), registryId: idOf(player.text()) }));
  });
}

function noteOf(item: DocumentValue, number: number, words: MatchWords): InningsNote {
  const { innings, superOver } = words.innings(item);
  const penalties = innings.get("penalty_runs");
  return {
    innings: inningsNumber(String(number), item.path),
    team: innings.need("team").name(),
    superOver: superOver || (innings.get("super_over")?.flag() ?? false),
    declared: innings.get("declared")?.flag() ?? false,
    forfeited: innings.get("forfeited")?.flag() ?? false,
    target: targetOf(innings.get("target")),
    absentHurt: names(innings.get("absent_hurt")),
    penaltyPre: penalties?.get("pre")?.whole(PENALTY_RUNS_MAX) ?? 0,
    penaltyPost: penalties?.get("post")?.whole(PENALTY_RUNS_MAX) ?? 0,
  };
}

/** `overs` stays in cricket notation: 17.4 is 17 overs and 4 balls. */
function targetOf(target: DocumentValue | null): InningsNote["target"] {
  if (target === null) return null;
  const overs = target.get("overs")?.label() ?? null;
  if (overs !== null && !/^(?:0|[1-9]\d{0,2})(?:\.\d)?$/u.test(overs)) {
    throw new PoisonError(`${target.path}.overs is ${quoted(overs)}; expected overs such as 20 or 17.4`);
  }
  return { overs: overs === null ? null : Number(overs), runs: target.need("runs").whole(3_000) };
}
