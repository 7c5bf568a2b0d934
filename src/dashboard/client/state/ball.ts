import type { BallEvent, InningsView, ManhattanOver, MatchView } from "../../api.ts";
import { COMMENTARY_LENGTH } from "./model.ts";

/**
 * The view after one more ball, or null when the ball does not follow on from it: then only the server can tell what
 * the match looks like now.
 */
export function withBall(view: MatchView, event: BallEvent): MatchView | null {
  if (event.deliveries <= view.match.deliveries) return view;
  if (event.deliveries !== view.match.deliveries + 1) return null;
  const at = view.innings.findIndex(({ number }) => number === event.innings.number);
  const before = view.innings[at];
  const innings: InningsView = {
    ...event.innings,
    worm: [...(before?.worm ?? []), event.worm],
    manhattan: withOver(before?.manhattan ?? [], event.over),
  };
  return {
    ...view,
    match: event.live.match,
    line: event.live.line,
    innings: before === undefined ? [...view.innings, innings] : view.innings.with(at, innings),
    chase: event.live.chase,
    standing: event.live.standing,
    commentary: [event.ball, ...view.commentary].slice(0, COMMENTARY_LENGTH),
  };
}

function withOver(overs: readonly ManhattanOver[], over: ManhattanOver): readonly ManhattanOver[] {
  return overs.at(-1)?.[0] === over[0] ? overs.with(-1, over) : [...overs, over];
}
