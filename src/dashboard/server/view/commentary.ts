import type { ScoredInnings } from "../../../domain/cricket/scored.ts";
import type { Delivery } from "../../../domain/cricket/types.ts";
import { isTeamWicket } from "../../../domain/cricket/wickets.ts";
import { howText, plural, type ShortName } from "../../../domain/cricket/words.ts";
import type { BallKind, CommentaryBall } from "../../api.ts";

/** A ball in words. `score`: the side's total after it; `name` shortens names. */
export function commentaryBall(
  delivery: Delivery,
  innings: ScoredInnings,
  score: { readonly runs: number; readonly wickets: number },
  name: ShortName,
): CommentaryBall {
  return {
    innings: delivery.innings,
    label: `${delivery.over}.${delivery.ball}`,
    mark: mark(delivery),
    kind: kind(delivery),
    text: `${name(delivery.bowler)} to ${name(delivery.batter)}, ${what(delivery, innings, name)}`,
    runs: delivery.runs.total,
    score: `${score.runs}/${score.wickets}`,
  };
}

function kind(delivery: Delivery): BallKind {
  const { runs, wickets } = delivery;
  if (wickets.some((wicket) => isTeamWicket(wicket.kind))) return "wicket";
  if (isBoundary(delivery, 6)) return "six";
  if (isBoundary(delivery, 4)) return "four";
  if (runs.extras > 0) return "extra";
  return runs.total > 0 ? "run" : "dot";
}

function isBoundary({ runs, nonBoundary }: Delivery, value: 4 | 6): boolean {
  return runs.batter === value && nonBoundary !== true;
}

/** What a scorer writes into the book. */
function mark(delivery: Delivery): string {
  const { runs, extras, wickets } = delivery;
  if (wickets.some((wicket) => isTeamWicket(wicket.kind))) return "W";
  if (runs.extras === 0) return runs.total === 0 ? "•" : String(runs.total);
  if (extras === null) return `${runs.total}e`;
  if (extras.wides > 0) return `${runs.total}wd`;
  if (extras.noballs > 0) return `${runs.total}nb`;
  if (extras.byes > 0) return `${runs.total}b`;
  return extras.legbyes > 0 ? `${runs.total}lb` : `${runs.total}p`;
}

function what(delivery: Delivery, innings: ScoredInnings, name: ShortName): string {
  const events = delivery.wickets.map(({ kind: how, playerOut }) => {
    if (!isTeamWicket(how)) return `${name(playerOut)} ${how}`;
    const batter = innings.batters.find((other) => other.name === playerOut && other.out);
    if (batter === undefined) return `OUT ${name(playerOut)} ${how}`;
    const balls = batter.balls === null ? "" : ` (${batter.balls})`;
    return `OUT ${name(playerOut)} ${howText(batter, name)} ${batter.runs}${balls}`;
  });
  const scored = scoredText(delivery);
  return [...(events.length > 0 && scored === "no run" ? [] : [scored]), ...events].join(", ");
}

function scoredText(delivery: Delivery): string {
  const { runs, extras } = delivery;
  const bat = isBoundary(delivery, 6) ? "SIX" : isBoundary(delivery, 4) ? "FOUR" : plural(runs.batter, "run");
  const parts: string[] = [];
  if (extras === null) {
    if (runs.extras > 0) parts.push(plural(runs.extras, "extra"));
  } else {
    if (extras.wides > 0) parts.push(extras.wides === 1 ? "wide" : plural(extras.wides, "wide"));
    if (extras.noballs > 0) parts.push("no-ball");
    if (extras.byes > 0) parts.push(plural(extras.byes, "bye"));
    if (extras.legbyes > 0) parts.push(plural(extras.legbyes, "leg bye"));
    if (extras.penalty > 0) parts.push(plural(extras.penalty, "penalty run"));
  }
  if (runs.batter > 0) parts.push(bat);
  return parts.length === 0 ? "no run" : parts.join(", ");
}
