import { isTeamWicket } from "./wickets.ts";
import type { ScoredBatter, ScoredInnings, ScoredMatch } from "./scored.ts";
import { type Column, clip, row, wrap } from "./text-table.ts";
import type { Delivery, Match } from "./types.ts";
import { bowlerOvers, howText, oversWords, rate, resultText, shortNames, totalText } from "./words.ts";

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

function peopleOf(scored: ScoredMatch, match: Match): readonly string[] {
  return [
    ...match.players.map((player) => player.name),
    ...scored.innings.flatMap(({ batters, bowlers }) => [...batters, ...bowlers].map((person) => person.name)),
    ...scored.innings.flatMap(({ batters }) => batters.flatMap(({ fielders }) => fielders)),
  ];
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

type ShortName = (full: string) => string;

function inningsBlock(scored: ScoredMatch, innings: ScoredInnings, match: Match, name: ShortName): readonly string[] {
  const title = inningsTitle(scored, innings);
  if (innings.deliveries === 0) return [innings.forfeited ? `${title}: forfeited` : `${title}: no ball bowled`];
  return [
    row(TITLE, [title, "R", "B", "4s", "6s", "SR"]),
    ...innings.batters.map((batter) => battingLine(batter, name)),
    row(BATTING, ["Extras", extrasText(innings), String(innings.extras_total)]),
    totalLine(scored, innings),
    ...notAtTheCrease(innings, match),
    ...fallLines(innings, name),
    row(BOWLING, ["Bowling", "O", "M", "R", "W", "Econ", "wd", "nb"]),
    ...innings.bowlers.map((bowler) =>
      row(BOWLING, [
        bowler.name,
        bowler.balls === null ? "-" : bowlerOvers(bowler.balls, scored.info.bpo),
        figure(bowler.maidens),
        figure(bowler.runs),
        String(bowler.wickets),
        rate(bowler.runs, bowler.balls === null ? null : bowler.balls / scored.info.bpo),
        figure(bowler.wides),
        figure(bowler.noballs),
      ]),
    ),
  ];
}

function figure(value: number | null): string {
  return value === null ? "-" : String(value);
}

function inningsTitle(scored: ScoredMatch, { team, number, super_over }: ScoredInnings): string {
  if (super_over) return `${team} (super over)`;
  const own = scored.innings.filter((other) => other.team === team && !other.super_over && other.number <= number);
  return own.length > 1 || scored.innings.filter((other) => !other.super_over).length > 2
    ? `${team} (${own.length === 1 ? "1st" : "2nd"} innings)`
    : team;
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

function totalLine(scored: ScoredMatch, innings: ScoredInnings): string {
  const { overs, legal_balls, target } = innings;
  const runRate = rate(innings.runs, legal_balls === null ? null : legal_balls / scored.info.bpo);
  const pace = overs === null ? "" : ` (${oversWords(overs)}, RR ${runRate})`;
  const chase =
    target === null ? "" : `, target ${target.runs}${target.overs === null ? "" : ` from ${target.overs} ov`}`;
  return row([left(24), left(WIDTH - 25)], ["Total", `${totalText(innings)}${pace}${chase}`]);
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

/**
 * The state of play in one line, after the delivery `last`:
 * "Zimbabwe 127/8 (36.5 ov) v West Indies · Raza 41* (60) · Holder 8-0-31-2". Without `last`: the latest innings.
 */
export function liveLine(scored: ScoredMatch, match: Match, last: Delivery | undefined): string {
  const innings = scored.innings.find(({ number }) => number === last?.innings) ?? scored.innings.at(-1);
  if (innings === undefined) return `${match.teams.join(" v ")} · not begun`;
  const name = shortNames(peopleOf(scored, match));
  const other = match.teams.find((team) => team !== innings.team) ?? "";
  const overs = innings.overs === null ? "" : ` (${oversWords(innings.overs)})`;
  return [
    `${innings.team} ${totalText(innings)}${overs} v ${other}${innings.super_over ? " (super over)" : ""}`,
    ...(last === undefined
      ? []
      : [wicketText(innings, last, name) ?? atBat(innings, last, name), atBowl(scored, innings, last, name)]),
    chaseText(scored, innings),
  ]
    .filter((part) => part !== "")
    .join(" · ");
}

function atBat(innings: ScoredInnings, last: Delivery, name: ShortName): string {
  const batter = innings.batters.find((other) => other.name === last.batter);
  return batter === undefined ? "" : `${name(batter.name)} ${batter.runs}${batter.out ? "" : "*"}${ballsText(batter)}`;
}

function ballsText({ balls }: ScoredBatter): string {
  return balls === null ? "" : ` (${balls})`;
}

/** A wicket is the news of its ball: "OUT Tiripano c Hope b Holder 15 (33)". */
function wicketText(innings: ScoredInnings, last: Delivery, name: ShortName): string | undefined {
  const playerOut = last.wickets.find(({ kind }) => isTeamWicket(kind))?.playerOut;
  const batter = innings.batters.find((other) => other.name === playerOut && other.out);
  return batter === undefined
    ? undefined
    : `OUT ${name(batter.name)} ${howText(batter, name)} ${batter.runs}${ballsText(batter)}`;
}

function atBowl(scored: ScoredMatch, innings: ScoredInnings, last: Delivery, name: ShortName): string {
  const bowler = innings.bowlers.find((other) => other.name === last.bowler);
  if (bowler === undefined) return "";
  const figures = [
    bowler.balls === null ? null : bowlerOvers(bowler.balls, scored.info.bpo),
    bowler.maidens,
    bowler.runs,
    bowler.wickets,
  ];
  return `${name(bowler.name)} ${figures.map((value) => value ?? "?").join("-")}`;
}

/** What the side batting second still needs, while it needs anything. */
function chaseText(scored: ScoredMatch, { target, runs, legal_balls, wickets }: ScoredInnings): string {
  if (target === null || runs >= target.runs || wickets >= 10) return "";
  const need = `needs ${target.runs - runs}`;
  if (target.overs === null || legal_balls === null) return need;
  const whole = Math.floor(target.overs);
  const balls = whole * scored.info.bpo + Math.round((target.overs - whole) * 10) - legal_balls;
  return balls > 0 ? `${need} from ${balls}` : "";
}
