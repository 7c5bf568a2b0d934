import type { Outcome } from "./types.ts";

/** The scored form: one match as `scorecards --jsonl` prints it. What a format cannot give is null. */
export interface ScoredMatch {
  readonly id: string;
  readonly info: {
    readonly match_type: string | null;
    readonly gender: string | null;
    readonly team_type: string | null;
    readonly teams: readonly string[];
    readonly overs: number | null;
    /** Balls per over. */
    readonly bpo: number;
    /** In the form the source format writes them: "2019/07/14" from CSV, "2019-07-14" from JSON and YAML. */
    readonly dates: readonly string[];
    readonly outcome: Outcome;
  };
  readonly innings: readonly ScoredInnings[];
}

export interface ScoredInnings {
  readonly number: number;
  readonly team: string;
  readonly super_over: boolean;
  readonly declared: boolean | null;
  readonly forfeited: boolean;
  readonly absent_hurt: readonly string[];
  readonly target: { readonly overs: number | null; readonly runs: number } | null;
  readonly runs: number;
  readonly wickets: number;
  /** Legal balls in overs and balls, "19.3". */
  readonly overs: string | null;
  readonly legal_balls: number | null;
  /** What was used of the overs, see overs.ts: no part of the printed form. Absent before the first ball, and where nobody can tell. */
  readonly bowled?: { readonly balls: number; readonly overs: string };
  readonly deliveries: number;
  readonly extras: ScoredExtras | null;
  readonly extras_total: number;
  /** Penalty runs before and after the innings; those on a ball are in `extras.penalty`. */
  readonly penalty_pre: number;
  readonly penalty_post: number;
  /** false where the format does not tell a four that was run from a boundary. */
  readonly boundaries_exact: boolean;
  /** In batting order. */
  readonly batters: readonly ScoredBatter[];
  /** In order of their first ball. */
  readonly bowlers: readonly ScoredBowler[];
  /** Fall of wickets: wicket, runs of the team, player out, "over.delivery". */
  readonly fall: readonly (readonly [wicket: number, runs: number, player: string, label: string])[];
}

export interface ScoredExtras {
  readonly wides: number;
  readonly noballs: number;
  readonly byes: number;
  readonly legbyes: number;
  readonly penalty: number;
}

export interface ScoredBatter {
  readonly name: string;
  readonly runs: number;
  readonly balls: number | null;
  readonly fours: number;
  readonly sixes: number;
  readonly out: boolean;
  /** "caught", "not out", "retired hurt", … */
  readonly how: string;
  /** Who is credited with the wicket. */
  readonly bowler: string | null;
  readonly fielders: readonly string[];
}

export interface ScoredBowler {
  readonly name: string;
  readonly balls: number | null;
  /** Balls of his overs, see overs.ts: no part of the printed form. Absent where nobody can tell. */
  readonly used?: number;
  readonly maidens: number | null;
  readonly runs: number | null;
  readonly wickets: number;
  /** Runs, not deliveries. */
  readonly wides: number | null;
  readonly noballs: number | null;
}
