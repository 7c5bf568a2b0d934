import type { Verdict } from "../review/verdict.ts";

/** The file format a fact came from; it decides what can be known, never what is true. */
export type CricketFormat = "csv1" | "csv2" | "json" | "yaml";

export interface Wicket {
  /** As the sources write it: "caught", "bowled", "run out", "retired hurt", … */
  readonly kind: string;
  readonly playerOut: string;
  /** Names, a substitute's included; null where the format carries no fielders. */
  readonly fielders: readonly string[] | null;
}

export interface Extras {
  readonly wides: number;
  readonly noballs: number;
  readonly byes: number;
  readonly legbyes: number;
  readonly penalty: number;
}

/**
 * One delivery, the same from every format. Natural key: (matchId, innings, over, ball).
 * What a format cannot carry is null, never guessed.
 */
export interface Delivery {
  readonly matchId: string;
  /** From 1, in order of play, super overs and forfeited innings included. */
  readonly innings: number;
  /** From 0. */
  readonly over: number;
  /** n-th delivery of the over, from 1, wides and no-balls counted: "4.10" is over 4, ball 10. */
  readonly ball: number;
  readonly battingTeam: string;
  readonly batter: string;
  /** The batter's name as well where two players of one name are in: no format tells them apart ball by ball. */
  readonly nonStriker: string;
  readonly bowler: string;
  readonly runs: { readonly batter: number; readonly extras: number; readonly total: number };
  /** null where the format gives one total only (csv1 before it had columns for the kinds). */
  readonly extras: Extras | null;
  /** A four or six that was run, not hit to the boundary; null where the format has no such flag. */
  readonly nonBoundary: boolean | null;
  readonly wickets: readonly Wicket[];
  /** null where the format has room for one wicket a ball (csv1) and there is one: whether another fell is unknown. */
  readonly moreWickets?: null;
}

/** Where a clean record came from, and what the review said of it. */
export interface Provenance {
  /** 128 bits as 32 lower-case hex digits. */
  readonly eventId: string;
  /** `duplicate`: one that knows more than what was accepted. */
  readonly verdict: Extract<Verdict, "accepted" | "correction" | "duplicate">;
  /** Event id of what a correction supersedes. */
  readonly supersedes: string | null;
  readonly source: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    /** CloudEvents id: the source's own position. */
    readonly id: string | null;
    /** Event time, ms since the Unix epoch. */
    readonly time: number;
  };
  /** Which edition of its document said it; absent of the first. */
  readonly edition?: number;
}

/** Natural key of a delivery. */
export type DeliveryPlace = Pick<Delivery, "matchId" | "innings" | "over" | "ball">;

/** JSON value of `cricket.deliveries`. */
export interface CleanDelivery extends Provenance {
  readonly delivery: Delivery;
}

/** JSON value of `cricket.deliveries` as well: the delivery is no more. */
export interface CleanDeletion extends Provenance {
  readonly delivery: DeliveryPlace;
  readonly deleted: true;
}

/** How a match ended, in the words of the sources. Absent keys are unknown or do not apply. */
export interface Outcome {
  readonly winner?: string;
  readonly by?: { readonly runs?: number; readonly wickets?: number; readonly innings?: number };
  readonly result?: string;
  readonly method?: string;
  readonly eliminator?: string;
  readonly bowl_out?: string;
}

/** What a match's own record says of one innings, beside its deliveries. */
export interface InningsNote {
  readonly innings: number;
  /** null where only the deliveries tell. */
  readonly team: string | null;
  readonly superOver: boolean | null;
  readonly declared: boolean | null;
  readonly forfeited: boolean | null;
  /** `overs` in cricket notation as a number: 17.4 = 17 overs 4 balls. */
  readonly target: { readonly overs: number | null; readonly runs: number } | null;
  readonly absentHurt: readonly string[];
  readonly penaltyPre: number;
  readonly penaltyPost: number;
}

export interface Player {
  readonly team: string;
  readonly name: string;
  /** Cricsheet's people register; null where the format has none. */
  readonly registryId: string | null;
}

/** A match as its own record describes it. Natural key: matchId. Unknown is null. */
export interface Match {
  readonly matchId: string;
  readonly format: CricketFormat;
  /** Version of the file format, e.g. "2.3.0". */
  readonly version: string;
  readonly matchType: string | null;
  readonly gender: string | null;
  readonly teamType: string | null;
  readonly teams: readonly [string, string];
  /** As text, also where a file has a number. */
  readonly season: string | null;
  /** ISO 8601 calendar dates. */
  readonly dates: readonly string[];
  readonly venue: string | null;
  readonly city: string | null;
  readonly event: string | null;
  readonly overs: number | null;
  readonly ballsPerOver: number;
  readonly toss: { readonly winner: string; readonly decision: string } | null;
  readonly outcome: Outcome;
  readonly playersOfMatch: readonly string[];
  readonly players: readonly Player[];
  readonly inningsNotes: readonly InningsNote[];
  /**
   * Facets (identity.ts) that are known although the form of the record need not tell them: a record of another format told them (merge.ts),
   * or an earlier edition of the same file did, and this one takes that back (withdrawn.ts).
   */
  readonly alsoKnown?: readonly MatchFacet[];
}

/** Facets of a match, by place: what not every format carries. A new one goes to the end, and `identityVersion` of the topology rises. */
export const MATCH_FACETS = [
  "matchType",
  "gender",
  "teamType",
  "season",
  "event",
  "overs",
  "ballsPerOver",
  "method",
  "tieBreak",
  "players",
  "registry",
  "superOvers",
  "declared",
  "targets",
  "forfeited",
  "inningsTeams",
  "absentHurt",
  "penalties",
] as const;

export type MatchFacet = (typeof MATCH_FACETS)[number];

/** JSON value of `cricket.matches`. */
export interface CleanMatch extends Provenance {
  readonly match: Match;
}
