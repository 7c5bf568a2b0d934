import type { ScoredMatch } from "../../../domain/cricket/scorecard.ts";
import type { Delivery, Match } from "../../../domain/cricket/types.ts";
import type { MatchFormat } from "../../api.ts";

/** Everything that is shown of a match is made of this, wherever it was read from. */
export interface MatchState {
  readonly match: Match;
  /** false: `match` is only what the deliveries tell. */
  readonly hasRecord: boolean;
  readonly format: MatchFormat;
  readonly scored: ScoredMatch;
  /** In order of play. */
  readonly deliveries: readonly Delivery[];
  /** Whether its source plays it now; what is to come must not be told then. */
  readonly live: boolean;
}

export function deliveriesOf(state: MatchState, innings: number): readonly Delivery[] {
  return state.deliveries.filter((delivery) => delivery.innings === innings);
}

/** Order of play. */
export function compareDeliveries(a: Delivery, b: Delivery): number {
  return a.innings - b.innings || a.over - b.over || a.ball - b.ball;
}
