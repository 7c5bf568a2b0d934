/**
 * The parsers turned round: a delivery or a match as each form writes it. What a form cannot carry is left out, so the
 * same fact from two of them must be one fact to the review.
 */
import type { Delivery, Extras, Match, Wicket } from "../../src/domain/cricket/types.ts";
import { yamlText } from "./cricket-files.ts";

const NO_EXTRAS: Extras = { wides: 0, noballs: 0, byes: 0, legbyes: 0, penalty: 0 };

/** The document of the T20I source. */
export function jsonDelivery(d: Delivery): Record<string, unknown> {
  const { wickets } = d;
  return {
    match_id: d.matchId,
    innings: d.innings,
    over: d.over,
    ball: d.ball,
    team: d.battingTeam,
    delivery: {
      batter: d.batter,
      bowler: d.bowler,
      non_striker: d.nonStriker,
      runs: {
        batter: d.runs.batter,
        extras: d.runs.extras,
        total: d.runs.total,
        ...(d.nonBoundary === true && { non_boundary: true }),
      },
      ...extrasMember(d),
      ...(wickets.length > 0 && { wickets: wickets.map(jsonWicket) }),
    },
  };
}

function extrasMember(d: Delivery): { readonly extras?: Readonly<Record<string, number>> } {
  const given = Object.entries(d.extras ?? NO_EXTRAS).filter(([, runs]) => runs > 0);
  return given.length === 0 ? {} : { extras: Object.fromEntries(given) };
}

function jsonWicket({ kind, playerOut, fielders }: Wicket): object {
  const written = (fielders ?? []).map((fielder) => {
    const name = withoutMark(fielder);
    if (name === fielder) return { name };
    return name === "?" ? { substitute: true } : { name, substitute: true };
  });
  return { kind, player_out: playerOut, ...(written.length > 0 && { fielders: written }) };
}

function withoutMark(fielder: string): string {
  return fielder.replace(/ \(sub\)$/u, "");
}

/** The object of the Test source. */
export function yamlDelivery(d: Delivery): string {
  const [first, ...more] = d.wickets.map(({ kind, playerOut, fielders }) => ({
    kind,
    player_out: playerOut,
    ...((fielders ?? []).length > 0 && { fielders }),
  }));
  return yamlText(
    texts({
      match_id: d.matchId,
      innings: d.innings,
      team: d.battingTeam,
      label: `${d.over}.${d.ball}`,
      delivery: {
        batsman: d.batter,
        bowler: d.bowler,
        non_striker: d.nonStriker,
        runs: {
          batsman: d.runs.batter,
          extras: d.runs.extras,
          total: d.runs.total,
          ...(d.nonBoundary === true && { non_boundary: 1 }),
        },
        ...extrasMember(d),
        ...(first !== undefined && { wicket: more.length > 0 ? [first, ...more] : first }),
      },
    }),
  );
}

/** Numbers and booleans as their texts; members that are undefined or null left out. */
function texts(value: object): object {
  if (Array.isArray(value)) return value.map((item: unknown) => textsOf(item));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined && member !== null)
      .map(([name, member]) => [name, textsOf(member)]),
  );
}

function textsOf(value: unknown): unknown {
  return typeof value === "object" && value !== null ? texts(value) : String(value);
}

/** A row of csv2; 2.1 has no fielders and no run fours. */
export function csv2Row(d: Delivery, version: "2.1" | "2.3", bowlingTeam = "The others"): Record<string, string> {
  const [first, second] = d.wickets;
  const fielders = d.wickets
    .flatMap((wicket) => wicket.fielders ?? [])
    .map(withoutMark)
    .filter((name) => name !== "?");
  const kinds = Object.entries(d.extras ?? NO_EXTRAS).map(([kind, runs]) => [kind, runs > 0 ? String(runs) : ""]);
  const label = `${d.over}.${d.ball}`;
  return {
    match_id: d.matchId,
    innings: String(d.innings),
    ball: label,
    ...(version === "2.3" && { actual_delivery: label }),
    batting_team: d.battingTeam,
    bowling_team: bowlingTeam,
    striker: d.batter,
    non_striker: d.nonStriker,
    bowler: d.bowler,
    runs_off_bat: String(d.runs.batter),
    extras: String(d.runs.extras),
    ...(Object.fromEntries(kinds) as Record<string, string>),
    wicket_type: first?.kind ?? "",
    player_dismissed: first?.playerOut ?? "",
    other_wicket_type: second?.kind ?? "",
    other_player_dismissed: second?.playerOut ?? "",
    ...(version === "2.3" && {
      non_boundary: d.nonBoundary === true ? "true" : "",
      fielder_1: fielders[0] ?? "",
      fielder_2: fielders[1] ?? "",
      fielder_3: fielders[2] ?? "",
    }),
  };
}

/** A row of the original CSV: labels written as numbers, so that 47.10 becomes 47.1; the first wicket only. */
export function csv1Row(d: Delivery): Record<string, string> {
  const [first] = d.wickets;
  return {
    match_id: d.matchId,
    innings: String(d.innings),
    ball: String(Number(`${d.over}.${d.ball}`)),
    nth: String(d.ball),
    batting_team: d.battingTeam,
    striker: d.batter,
    non_striker: d.nonStriker,
    bowler: d.bowler,
    runs_off_bat: String(d.runs.batter),
    extras: String(d.runs.extras),
    kind: first?.kind ?? "",
    player_dismissed: first?.playerOut ?? "",
  };
}

/** The same from a line of version 1.8, which has kinds of extras, fielders and run fours. */
export function csv1LongRow(d: Delivery): Record<string, string> {
  const {
    bowling_team: _,
    wicket_type: __,
    other_wicket_type: ___,
    other_player_dismissed: ____,
    ...long
  } = csv2Row(d, "2.3");
  return { ...long, ...csv1Row(d) };
}

/** The match document of the T20I source. A season that is a year is a number, as in some of Cricsheet's files. */
export function jsonMatch(m: Match): Record<string, unknown> {
  const season = m.season !== null && /^\d{4}$/u.test(m.season) ? Number(m.season) : m.season;
  return {
    match_id: m.matchId,
    match: withoutAbsent({
      meta: { data_version: "1.1.0", created: "2024-01-01", revision: 1 },
      info: {
        ...infoMembers(m),
        ...(m.event !== null && { event: { name: m.event } }),
        season,
        team_type: m.teamType,
      },
      innings: m.inningsNotes.map((note) => ({
        team: note.team,
        ...(note.superOver === true && { super_over: true }),
        ...(note.declared === true && { declared: true }),
        ...(note.forfeited === true && { forfeited: true }),
        target: note.target,
        ...inningsMembers(note),
      })),
    }),
  };
}

/** The match object of the Test source. */
export function yamlMatch(m: Match): string {
  return yamlText(
    texts({
      match_id: m.matchId,
      match: {
        meta: { data_version: "0.92", created: "2024-01-01", revision: 1 },
        info: infoMembers(m),
        innings: m.inningsNotes.map((note) => ({
          [note.superOver === true ? `${note.team} Super Over` : (ORDINALS[note.innings - 1] ?? "another innings")]: {
            team: note.team,
            ...(note.declared === true && { declared: "yes" }),
            ...(note.forfeited === true && { forfeited: "yes" }),
            ...inningsMembers(note),
          },
        })),
      },
    }),
  );
}

const ORDINALS = ["1st innings", "2nd innings", "3rd innings", "4th innings"];

function infoMembers(m: Match): object {
  const sides = new Map<string, string[]>();
  for (const { team, name } of m.players) sides.set(team, [...(sides.get(team) ?? []), name]);
  const ids = m.players.flatMap(({ name, registryId }) => (registryId === null ? [] : [[name, registryId] as const]));
  return {
    balls_per_over: m.ballsPerOver,
    city: m.city,
    dates: m.dates,
    gender: m.gender,
    match_type: m.matchType,
    outcome: m.outcome,
    overs: m.overs,
    player_of_match: m.playersOfMatch,
    players: Object.fromEntries(sides),
    registry: { people: Object.fromEntries(ids) },
    teams: m.teams,
    toss: m.toss,
    venue: m.venue,
  };
}

function inningsMembers(note: Match["inningsNotes"][number]): object {
  const { absentHurt, penaltyPre, penaltyPost } = note;
  return {
    ...(absentHurt.length > 0 && { absent_hurt: absentHurt }),
    ...(penaltyPre + penaltyPost > 0 && {
      penalty_runs: { ...(penaltyPre > 0 && { pre: penaltyPre }), ...(penaltyPost > 0 && { post: penaltyPost }) },
    }),
  };
}

function withoutAbsent(value: object): object {
  return JSON.parse(JSON.stringify(value, (_name, member: unknown) => member ?? undefined)) as object;
}

/** An info file of csv2. Flags of innings and targets came with 2.3; a method is written beside a winner only. */
export function csv2Info(m: Match, version: "2.1" | "2.3"): string {
  const lines: string[][] = [["balls_per_over", String(m.ballsPerOver)], ...sharedLines(m, "event")];
  if (version === "2.3") {
    lines.push(["match_type", m.matchType ?? ""], ["team_type", m.teamType ?? ""]);
    lines.push(["overs", m.overs === null ? "" : String(m.overs)], ["match_id", m.matchId]);
    for (const { innings, superOver, declared, target } of m.inningsNotes) {
      const number = String(innings);
      if (superOver === true) lines.push(["super_over", number]);
      if (declared === true) lines.push(["declared", number]);
      if (target !== null) lines.push(["target_runs", number, String(target.runs)]);
      if (target !== null && target.overs !== null) lines.push(["target_overs", number, String(target.overs)]);
    }
  }
  for (const { team, name } of m.players) lines.push(["player", team, name]);
  for (const { name, registryId } of m.players) {
    if (registryId !== null) lines.push(["registry", "people", name, registryId]);
  }
  return csvText([["version", `${version}.0`], ...lines.map((line) => ["info", ...line])]);
}

/** All lines of an original CSV but its balls. */
export function csv1Info(m: Match): string {
  return csvText([["version", "1.3.0"], ...sharedLines(m, "series").map((line) => ["info", ...line])]);
}

function sharedLines(m: Match, event: "event" | "series"): string[][] {
  const { winner, by, result, method, eliminator, bowl_out: bowlOut } = m.outcome;
  const lines: (readonly [string, string | number | null | undefined])[] = [
    ...m.teams.map((team) => ["team", team] as const),
    ["gender", m.gender],
    ["season", m.season],
    ...m.dates.map((date) => ["date", date.replaceAll("-", "/")] as const),
    [event, m.event],
    ["venue", m.venue],
    ["city", m.city],
    ["toss_winner", m.toss?.winner],
    ["toss_decision", m.toss?.decision],
    ...m.playersOfMatch.map((player) => ["player_of_match", player] as const),
    ["outcome", result],
    ["eliminator", eliminator],
    ["bowl_out", bowlOut],
    ["winner", winner],
    ["winner_innings", by?.innings],
    ["winner_runs", by?.runs],
    ["winner_wickets", by?.wickets],
    ["method", winner === undefined ? undefined : method],
  ];
  return lines.flatMap(([key, value]) => (value === undefined || value === null ? [] : [[key, String(value)]]));
}

function csvText(lines: readonly (readonly string[])[]): string {
  const field = (value: string): string => (/[",\n]/u.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  return lines.map((line) => `${line.map(field).join(",")}\n`).join("");
}
