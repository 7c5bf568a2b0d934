import type { ScoredBatter, ScoredInnings, ScoredMatch } from "./scored.ts";
import { ordinal } from "./standing.ts";
import type { Match } from "./types.ts";

/** How a match ended, as a newspaper would say it. */
export function resultText({ info: { outcome }, innings }: ScoredMatch): string {
  const method = outcome.method === undefined ? "" : ` (${outcome.method})`;
  if (outcome.winner !== undefined) return `${outcome.winner} won${marginText(outcome.by)}${method}`;
  if (outcome.result === "tie") return `Match tied${tieBreakText(outcome, innings)}${method}`;
  if (outcome.result === "draw") return `Match drawn${method}`;
  if (outcome.result === "no result") return "No result";
  return outcome.result ?? "Result not known yet";
}

function marginText(by: ScoredMatch["info"]["outcome"]["by"]): string {
  if (by === undefined) return "";
  const runs = by.runs === undefined ? "" : plural(by.runs, "run");
  if (by.innings !== undefined) return runs === "" ? " by an innings" : ` by an innings and ${runs}`;
  if (runs !== "") return ` by ${runs}`;
  return by.wickets === undefined ? "" : ` by ${plural(by.wickets, "wicket")}`;
}

function tieBreakText(outcome: ScoredMatch["info"]["outcome"], innings: readonly ScoredInnings[]): string {
  if (outcome.bowl_out !== undefined) return ` (${outcome.bowl_out} won the bowl-out)`;
  if (outcome.eliminator === undefined) return "";
  const superOvers = innings.filter(({ super_over }) => super_over);
  const [first, second] = superOvers.slice(-2);
  if (first === undefined || second === undefined) return ` (${outcome.eliminator} won the eliminator)`;
  if (superOvers.length > 2) return ` (${outcome.eliminator} won the ${ordinal(superOvers.length / 2)} super over)`;
  return first.runs === second.runs
    ? ` (super over tied too, ${outcome.eliminator} won the tie-break)`
    : ` (${outcome.eliminator} won the super over)`;
}

/** "1 run", "5 runs". */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** How a batter got out, as a card says it: "c Hope b Nurse". */
export function howText({ how, bowler, fielders }: ScoredBatter, name: (full: string) => string): string {
  const by = bowler === null ? "" : ` b ${name(bowler)}`;
  const hands = fielders.map(name).join("/");
  switch (how) {
    case "bowled":
      return by.trim();
    case "caught":
      // CSV before 2.3 has no fielders.
      return hands === "" ? `caught${by}` : `c ${hands}${by}`;
    case "stumped":
      return hands === "" ? `stumped${by}` : `st ${hands}${by}`;
    case "caught and bowled":
      return bowler === null ? how : `c & b ${name(bowler)}`;
    case "run out":
      return hands === "" ? how : `run out (${hands})`;
    default:
      return `${how}${by}`;
  }
}

/** Gives the short name of somebody in the match. */
export type ShortName = (full: string) => string;

/** Everybody whom a card may name. */
export function peopleOf(scored: ScoredMatch, match: Match): readonly string[] {
  return [
    ...match.players.map((player) => player.name),
    ...scored.innings.flatMap(({ batters, bowlers }) => [...batters, ...bowlers].map((person) => person.name)),
    ...scored.innings.flatMap(({ batters }) => batters.flatMap(({ fielders }) => fielders)),
  ];
}

/**
 * Short names within one match: initials are left out ("SD Hope" is Hope) unless two people would share what is
 * left. Names that do not begin with initials stay whole: which part of "Shakib Al Hasan" is his, the text cannot tell.
 */
export function shortNames(people: Iterable<string>): ShortName {
  const owners = new Map<string, string | null>();
  for (const full of new Set(people)) {
    const short = withoutInitials(full);
    owners.set(short, owners.has(short) ? null : full);
  }
  return (full) => {
    const short = withoutInitials(full);
    return owners.get(short) === full ? short : full;
  };
}

function withoutInitials(full: string): string {
  return /^(?:\p{Lu}{1,6}|\p{Lu}\.(?:\p{Lu}\.)*) (.+)$/u.exec(full)?.[1] ?? full;
}

/** "49 ov", "36.5 ov". */
export function oversWords(overs: string): string {
  return `${overs.replace(/\.0$/u, "")} ov`;
}

/** "218/8", "218 all out", "400/6d", "forfeited". */
export function totalText({ runs, wickets, declared, forfeited, absent_hurt }: ScoredInnings): string {
  if (forfeited) return "forfeited";
  if (wickets + absent_hurt.length >= 10) return `${runs} all out`;
  return `${runs}/${wickets}${declared === true ? "d" : ""}`;
}

/** Overs of one bowler: "8", "7.3". */
export function bowlerOvers(balls: number, ballsPerOver: number): string {
  const rest = balls % ballsPerOver;
  return `${Math.floor(balls / ballsPerOver)}${rest === 0 ? "" : `.${rest}`}`;
}

/**
 * Runs per ball, over or hundred balls with two decimals, "-" when there is nothing to divide by. Cut, not rounded: published
 * cards do so, and 218 off 49 overs is 4.44 on all of them.
 */
export function rate(part: number | null, whole: number | null): string {
  if (part === null || whole === null || whole === 0) return "-";
  // Hundredths that are whole must stay so: 57 / 100 * 100 is 56.99999999999999 in binary.
  return (Math.floor((part * 100) / whole + 1e-9) / 100).toFixed(2);
}
