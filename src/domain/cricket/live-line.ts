import { ballsBowled, ballsIn, ballsUsed, oversBowled } from "./overs.ts";
import type { ScoredBatter, ScoredInnings, ScoredMatch } from "./scored.ts";
import { asOfNow, batsTwice, earlierInnings, leadText, ordinal, standingOf, superOverNumber } from "./standing.ts";
import type { Delivery, Match } from "./types.ts";
import { isTeamWicket } from "./wickets.ts";
import { bowlerOvers, howText, oversWords, peopleOf, type ShortName, shortNames, totalText } from "./words.ts";

/**
 * The state of play in one line, after the delivery `last`:
 * "Zimbabwe 127/8 (36.5 ov) v West Indies · Raza 41* (60) · Holder 8-0-31-2", and of a Test
 * "England 67 & 362/9 (125.4 ov) v Australia · Stokes 135* (219) · Cummins 24.4-5-80-1 · needs 1".
 * Without `last`: the latest innings that has a ball.
 */
export function liveLine(scored: ScoredMatch, match: Match, last: Delivery | undefined): string {
  const current =
    scored.innings.find(({ number }) => number === last?.innings) ??
    scored.innings.findLast(({ deliveries }) => deliveries > 0);
  if (current === undefined) return `${match.teams.join(" v ")} · not begun`;
  const innings = asOfNow(scored, current);
  const name = shortNames(peopleOf(scored, match));
  const other = match.teams.find((team) => team !== innings.team) ?? "";
  const bowled = oversBowled(innings);
  const overs = bowled === null ? "" : ` (${oversWords(bowled)})`;
  return [
    `${innings.team} ${totals(scored, innings, match)}${overs} v ${other}${superOverText(scored, innings)}`,
    ...(last === undefined
      ? []
      : [wicketText(innings, last, name) ?? atBat(innings, last, name), atBowl(scored, innings, last, name)]),
    standingText(scored, innings, match),
  ]
    .filter((part) => part !== "")
    .join(" · ");
}

/** "67 & 362/9": both innings of a side. */
function totals(scored: ScoredMatch, innings: ScoredInnings, match: Match): string {
  const now = totalText(innings);
  if (innings.super_over || !batsTwice(scored, match)) return now;
  return [...earlierInnings(scored, innings).map(closedText), now].join(" & ");
}

/** Of an innings that is over, "all out" goes without saying: "67", "400/9d". */
function closedText(innings: ScoredInnings): string {
  return totalText(innings).replace(" all out", "");
}

function superOverText(scored: ScoredMatch, innings: ScoredInnings): string {
  if (!innings.super_over) return "";
  const { number } = superOverNumber(scored, innings);
  return number > 1 ? ` (${ordinal(number)} super over)` : " (super over)";
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
  const balls = ballsBowled(bowler);
  const figures = [
    balls === null ? null : bowlerOvers(balls, scored.info.bpo),
    bowler.maidens,
    bowler.runs,
    bowler.wickets,
  ];
  return `${name(bowler.name)} ${figures.map((value) => value ?? "?").join("-")}`;
}

/** What the side at bat still needs, or by how much it leads. */
function standingText(scored: ScoredMatch, innings: ScoredInnings, match: Match): string {
  const standing = standingOf(scored, innings, match);
  if (standing === null) return "";
  if (standing.kind === "lead") return leadText(standing.lead);
  const wicketsMax = innings.super_over ? 2 : 10;
  if (standing.need <= 0 || innings.wickets >= wicketsMax) return "";
  const need = `needs ${standing.need}`;
  const balls = ballsLeft(scored, innings);
  return balls === null ? need : balls > 0 ? `${need} from ${balls}` : "";
}

/** null where nobody counts them. */
function ballsLeft({ info: { bpo } }: ScoredMatch, innings: ScoredInnings): number | null {
  const overs = innings.super_over ? 1 : (innings.target?.overs ?? null);
  const used = ballsUsed(innings);
  return overs === null || used === null ? null : ballsIn(overs, bpo) - used;
}
