import type { InningsScoreLine, MatchFormat, MatchSummary, Verdict } from "../../api.ts";

export const FORMAT_NAMES: Readonly<Record<MatchFormat, string>> = { t20i: "T20I", odi: "ODI", test: "Test" };

/** 1234567 → "1,234,567". */
export function count(value: number): string {
  return value.toLocaleString("en-GB");
}

/** "1 ball", "5 balls", "2 matches". */
export function counted(value: number, noun: string): string {
  const ending = value === 1 ? "" : noun.endsWith("ch") ? "es" : "s";
  return `${count(value)} ${noun}${ending}`;
}

export interface VerdictWords {
  readonly name: string;
  /** What it means, in a line. */
  readonly meaning: string;
}

export const VERDICT_WORDS: Readonly<Record<Verdict, VerdictWords>> = {
  accepted: { name: "Accepted", meaning: "a new fact: it counts" },
  duplicate: { name: "Duplicate", meaning: "a replay of what counts already" },
  correction: { name: "Correction", meaning: "a newer version: it replaces the old one" },
  stale: { name: "Stale", meaning: "an older version than what counts" },
  late: { name: "Late", meaning: "too long after its time" },
  poison: { name: "Poison", meaning: "cannot be read: put into quarantine" },
};

export interface TeamLine {
  readonly team: string;
  /** "67 & 362/9"; empty before its first innings. */
  readonly totals: string;
  /** "36.5 ov" of its last innings; empty where unknown. */
  readonly overs: string;
  readonly isBatting: boolean;
}

/** One line a team, in the order in which they batted first: what a scoreboard says. */
export function teamLines(match: MatchSummary, current: InningsScoreLine | null): readonly TeamLine[] {
  const batted = match.scores.map(({ team }) => team);
  const teams = [...new Set([...batted, ...match.teams])].slice(0, 2);
  return teams.map((team) => {
    const own = match.scores.filter((innings) => innings.team === team);
    const ordinary = own.filter(({ superOver }) => !superOver);
    const overOf = own.at(-1)?.overs ?? null;
    const superOvers = own.filter(({ superOver }) => superOver).map(({ total }) => `(${total})`);
    return {
      team,
      totals: [ordinary.map(({ total }) => total).join(" & "), ...superOvers].join(" "),
      overs: overOf === null ? "" : `${overOf.replace(/\.0$/u, "")} ov`,
      isBatting: match.live && current?.team === team,
    };
  });
}

/** "14 Jul 2019", "14–18 Jul 2019", "30 Jul – 3 Aug 2019". */
export function datesText(dates: readonly string[]): string {
  const [first, last] = [dates[0], dates.at(-1)];
  if (first === undefined || last === undefined) return "";
  const format = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  return first === last ? format.format(new Date(first)) : format.formatRange(new Date(first), new Date(last));
}

/** "Royal Bafokeng Sports Palace, Rustenburg". */
export function placeText({ venue, city }: MatchSummary): string {
  if (venue === null) return city ?? "";
  return city === null || venue.includes(city) ? venue : `${venue}, ${city}`;
}

/** "1st", "2nd", "3rd", "4th". */
export function ordinal(n: number): string {
  return `${n}${["th", "st", "nd", "rd"][n] ?? "th"}`;
}

/** "Sri Lanka", or "Sri Lanka, 2nd innings" where a team bats twice, or "Sri Lanka, super over". */
export function inningsName(
  innings: { readonly number: number; readonly team: string; readonly superOver: boolean },
  all: readonly { readonly number: number; readonly team: string; readonly superOver: boolean }[],
): string {
  if (innings.superOver) return `${innings.team}, super over`;
  const own = all.filter(({ team, superOver }) => team === innings.team && !superOver);
  if (own.length < 2) return innings.team;
  return `${innings.team}, ${ordinal(own.findIndex(({ number }) => number === innings.number) + 1)}`;
}

/** The end of a URL-like place in Kafka: "cricket.odi.raw / 3 @ 1,204". */
export function positionText({
  topic,
  partition,
  offset,
}: {
  topic: string;
  partition: number;
  offset: number;
}): string {
  return `${topic}/${partition}@${offset}`;
}
