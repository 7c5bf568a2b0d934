import { ballsBowled, ballsUsed, oversBowled } from "./overs.ts";
import type { ScoredBatter, ScoredBowler, ScoredInnings, ScoredMatch } from "./scored.ts";
import { batsTwice, earlierInnings, leadText, ordinal, standingOf, superOverNumber } from "./standing.ts";
import { type Column, clip, row, wrap } from "./text-table.ts";
import type { Match } from "./types.ts";
import {
  bowlerOvers,
  howText,
  oversWords,
  peopleOf,
  rate,
  resultText,
  type ShortName,
  shortNames,
  totalText,
} from "./words.ts";

export { liveLine } from "./live-line.ts";

/** Columns of a terminal that a card takes at most. */
const WIDTH = 100;

const left = (width: number): Column => ({ width, align: "left" });
const right = (width: number): Column => ({ width, align: "right" });

const BATTING: readonly Column[] = [left(24), left(48), right(4), right(4), right(3), right(3), right(7)];
/** The line above the batting: a long title may reach over both columns of text. */
const TITLE: readonly Column[] = [left(73), ...BATTING.slice(2)];
const BOWLING: readonly Column[] = [left(24), right(6), right(4), right(4), right(4), right(7), right(4), right(4)];

/**
 * The card of a match as plain text, at most 100 cells wide: who, where, when and how it ended; then for each innings
 * batting, extras, total, who did not bat, fall of wickets and bowling. Figures a format cannot give are "-".
 */
export function renderCard(scored: ScoredMatch, match: Match): string {
  const name = shortNames(peopleOf(scored, match));
  const blocks = [
    header(scored, match),
    ...scored.innings.map((innings) => inningsBlock(scored, innings, match, name)),
  ];
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function header(scored: ScoredMatch, match: Match): readonly string[] {
  const type = [match.matchType, match.event].filter((text) => text !== null).join(", ");
  const { venue, city } = match;
  const place = venue === null ? (city ?? "") : city === null || venue.includes(city) ? venue : `${venue}, ${city}`;
  const awards = match.playersOfMatch.join(", ");
  return [
    match.teams.join(" v "),
    ...wrap(
      "",
      [type, place, datesText(match.dates)].filter((text) => text !== ""),
      " · ",
      WIDTH,
      "",
    ).map((line) => line.replace(/ ·$/u, "")),
    match.toss === null ? "" : `Toss: ${match.toss.winner}, chose to ${match.toss.decision}`,
    resultText(scored),
    awards === "" ? "" : `Player of the match: ${awards}`,
  ]
    .filter((line) => line !== "")
    .map((line) => clip(line, WIDTH));
}

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** "12 to 13 July 2005" where one month holds them, else both dates in full. */
function datesText(dates: readonly string[]): string {
  const [from, to] = [dates[0], dates.at(-1)].map((date) => dayText(date ?? ""));
  if (from === undefined || to === undefined || from === to) return from ?? "";
  const sameMonth = dates[0]?.slice(0, 7) === dates.at(-1)?.slice(0, 7);
  return `${sameMonth ? (from.split(" ")[0] ?? "") : from} to ${to}`;
}

function dayText(date: string): string {
  const [year, month, day] = date.split("-");
  return `${Number(day)} ${MONTHS[Number(month) - 1] ?? month} ${year}`;
}

function inningsBlock(scored: ScoredMatch, innings: ScoredInnings, match: Match, name: ShortName): readonly string[] {
  const title = inningsTitle(scored, innings, match);
  if (innings.deliveries === 0) return [`${title}: forfeited`];
  return [
    row(TITLE, [title, "R", "B", "4s", "6s", "SR"]),
    ...innings.batters.map((batter) => battingLine(batter, name)),
    row(BATTING, ["Extras", extrasText(innings), String(innings.extras_total)]),
    totalLine(scored, innings, match),
    ...notAtTheCrease(innings, match),
    ...fallLines(innings, name),
    row(BOWLING, ["Bowling", "O", "M", "R", "W", "Econ", "wd", "nb"]),
    ...innings.bowlers.map((bowler) => bowlingLine(bowler, scored.info.bpo)),
  ];
}

function bowlingLine(bowler: ScoredBowler, ballsPerOver: number): string {
  const balls = ballsBowled(bowler);
  return row(BOWLING, [
    bowler.name,
    balls === null ? "-" : bowlerOvers(balls, ballsPerOver),
    figure(bowler.maidens),
    figure(bowler.runs),
    String(bowler.wickets),
    rate(bowler.runs, balls === null ? null : balls / ballsPerOver),
    figure(bowler.wides),
    figure(bowler.noballs),
  ]);
}

function figure(value: number | null): string {
  return value === null ? "-" : String(value);
}

function inningsTitle(scored: ScoredMatch, innings: ScoredInnings, match: Match): string {
  const { team } = innings;
  if (innings.super_over) {
    const { number, of } = superOverNumber(scored, innings);
    return of > 1 ? `${team} (${ordinal(number)} super over)` : `${team} (super over)`;
  }
  return batsTwice(scored, match) ? `${team} (${ordinal(earlierInnings(scored, innings).length + 1)} innings)` : team;
}

function battingLine(batter: ScoredBatter, name: ShortName): string {
  return row(BATTING, [
    batter.name,
    howText(batter, name),
    String(batter.runs),
    figure(batter.balls),
    String(batter.fours),
    String(batter.sixes),
    rate(batter.runs * 100, batter.balls),
  ]);
}

/** "(b 4, lb 1, w 1)": kinds that did not occur are left out. */
function extrasText({ extras, penalty_pre, penalty_post }: ScoredInnings): string {
  if (extras === null) return "";
  const kinds = [
    ["b", extras.byes],
    ["lb", extras.legbyes],
    ["nb", extras.noballs],
    ["w", extras.wides],
    ["pen", extras.penalty + penalty_pre + penalty_post],
  ] as const;
  const given = kinds.filter(([, runs]) => runs > 0).map(([kind, runs]) => `${kind} ${runs}`);
  return given.length === 0 ? "" : `(${given.join(", ")})`;
}

function totalLine(scored: ScoredMatch, innings: ScoredInnings, match: Match): string {
  const { target } = innings;
  const overs = oversBowled(innings);
  const balls = ballsUsed(innings);
  const runRate = rate(innings.runs, balls === null ? null : balls / scored.info.bpo);
  const pace = overs === null ? "" : ` (${oversWords(overs)}, RR ${runRate})`;
  const from = target === null || target.overs === null ? "" : ` from ${target.overs} ov`;
  const standing = standingOf(scored, innings, match);
  const against =
    standing === null
      ? ""
      : standing.kind === "chase"
        ? `, target ${standing.target}${from}`
        : `, ${leadText(standing.lead)}`;
  return row([left(24), left(WIDTH - 25)], ["Total", `${totalText(innings)}${pace}${against}`]);
}

/** Nobody "did not bat" in a super over: three bat at most. */
function notAtTheCrease({ team, batters, absent_hurt, super_over }: ScoredInnings, match: Match): readonly string[] {
  const seen = new Set([...batters.map((batter) => batter.name), ...absent_hurt]);
  const waiting = match.players
    .filter((player) => player.team === team && !seen.has(player.name))
    .map((player) => player.name);
  const dash = (word: string, names: readonly string[]): readonly string[] =>
    names.length === 0 ? [] : wrap(`${word}: `, names, ", ", WIDTH, "  ");
  return [...(super_over ? [] : dash("Did not bat", waiting)), ...dash("Absent hurt", absent_hurt)];
}

function fallLines({ fall }: ScoredInnings, name: ShortName): readonly string[] {
  const items = fall.map(([wicket, runs, player, label]) => `${wicket}-${runs} (${name(player)}, ${label})`);
  return items.length === 0 ? [] : wrap("Fall of wickets: ", items, ", ", WIDTH, "  ");
}
