/** An expected scorecard, as the reference scorer writes it: made from the files by another program. */
export interface Card {
  readonly id: string;
  readonly info: { readonly bpo: number; readonly match_type: string | null; readonly overs: number | null };
  readonly innings: readonly CardInnings[];
}

export interface CardInnings {
  readonly number: number;
  readonly team: string;
  readonly super_over: boolean;
  readonly declared: boolean | null;
  readonly runs: number;
  readonly wickets: number;
  readonly overs: string | null;
  readonly legal_balls: number | null;
  readonly deliveries: number;
  readonly extras_total: number;
  readonly penalty_pre: number;
  readonly penalty_post: number;
  readonly target: { readonly runs: number; readonly overs: number | null } | null;
  readonly fall: readonly (readonly [wicket: number, runs: number, batter: string, over: string])[];
  readonly batters: readonly {
    readonly name: string;
    readonly runs: number;
    readonly balls: number | null;
    readonly fours: number;
    readonly sixes: number;
    readonly out: boolean;
    readonly how: string;
    readonly bowler: string | null;
  }[];
  readonly bowlers: readonly {
    readonly name: string;
    readonly balls: number | null;
    readonly maidens: number | null;
    readonly runs: number | null;
    readonly wickets: number;
  }[];
}
