/**
 * The API of the live page: every shape that `/api/v1` answers with and every server-sent event. Types only, shared by
 * server and client; docs/openapi.yaml says the same for everybody else, and a test holds the two together.
 *
 * Times are ms since the Unix epoch, UTC. Unknown is null, never absent. Errors are `Problem` (RFC 9457).
 */
import type { ScoredInnings } from "../domain/cricket/scored.ts";
import type { VerdictCounts } from "../domain/review/verdict.ts";
import type { PipelineView, RecordPosition, RejectedRecord } from "./api-pipeline.ts";

export type { ScoredBatter, ScoredBowler, ScoredExtras, ScoredInnings } from "../domain/cricket/scored.ts";
export type { Verdict, VerdictCounts } from "../domain/review/verdict.ts";
export type {
  Health,
  LoaderState,
  PipelineState,
  PipelineView,
  ProcessState,
  ProcessorState,
  RecentVerdicts,
  RecordPosition,
  RejectedRecord,
  SourceState,
  WarehouseState,
} from "./api-pipeline.ts";

/** The three sources, one format each; also the order in which a page shows them. */
export type MatchFormat = "odi" | "t20i" | "test";

// ---------------------------------------------------------------------------------------------------- matches

/**
 * A match in a list. While it is played nothing is told before it happened: `result` is null, although the match's
 * own record, which comes first, has it.
 */
export interface MatchSummary {
  readonly id: string;
  /** Which source brought it. */
  readonly format: MatchFormat;
  /** As its record says: "ODI", "T20", "Test", …; null where the format of the file has none. */
  readonly matchType: string | null;
  /** "Zimbabwe v West Indies". */
  readonly title: string;
  readonly teams: readonly string[];
  readonly gender: string | null;
  /** As the source writes it, e.g. "2016/17". */
  readonly season: string | null;
  /** ISO 8601 calendar dates of all its days. */
  readonly dates: readonly string[];
  readonly venue: string | null;
  readonly city: string | null;
  /** Series or tournament. */
  readonly event: string | null;
  /** Whether it is the match its source plays now. */
  readonly live: boolean;
  /** "West Indies won by 4 wickets"; null before it has begun, while it is played and while its record is missing. */
  readonly result: string | null;
  /** The totals of each innings: "Zimbabwe 218/8 (50 ov)". In order of play. */
  readonly scores: readonly InningsScoreLine[];
  /** Deliveries loaded, all innings together: rises by one with each `ball` event of the match. */
  readonly deliveries: number;
}

export interface InningsScoreLine {
  readonly number: number;
  readonly team: string;
  readonly superOver: boolean;
  readonly runs: number;
  readonly wickets: number;
  /** "19.3" as a scoreboard shows it; null where the file format cannot tell. */
  readonly overs: string | null;
  /** "218/8", "218 all out", "400/6d". */
  readonly total: string;
}

/** GET /matches: newest first. */
export interface MatchPage {
  readonly matches: readonly MatchSummary[];
  /** Give it as `cursor` to go on; null at the end. */
  readonly next: string | null;
  /** Matches that the filters let through, all pages together. */
  readonly total: number;
}

/** Query of GET /matches. All optional; unknown names are refused. */
export interface MatchQuery {
  readonly format?: MatchFormat;
  readonly season?: string;
  /** Exact name of a team. */
  readonly team?: string;
  /** Words, all of which occur in teams, venue, city, event, season, dates or id, whatever their case. */
  readonly q?: string;
  /** 1 to 200, default 50. */
  readonly limit?: number;
  readonly cursor?: string;
}

/** GET /facets: what the match picker can choose from. Sorted; seasons newest first. */
export interface Facets {
  readonly formats: readonly { readonly format: MatchFormat; readonly matches: number }[];
  readonly seasons: readonly string[];
  readonly teams: readonly string[];
}

/**
 * A point of the worm, one per delivery, in order:
 * - `ball`: n-th delivery of the innings from 1, wides and no-balls counted;
 * - `runs`, `wickets`: the side's totals after it;
 * - `isWicket`: 1 when a wicket fell on it;
 * - `overs`: where on an axis of overs, as a fraction: 12.5 = half of the thirteenth over; null where the file format
 *   cannot tell wides (take `ball` then).
 */
export type WormPoint = readonly [ball: number, runs: number, wickets: number, isWicket: 0 | 1, overs: number | null];

/** A bar of the Manhattan: over from 1 as people count, runs of the over, wickets of the over. */
export type ManhattanOver = readonly [over: number, runs: number, wickets: number];

/** A stand of two batters. One who retires ends it too, without a wicket. */
export interface Partnership {
  /** Which wicket it is for, from 1. Two stands for the same wicket when somebody retired. */
  readonly wicket: number;
  /** In order of batting. */
  readonly batters: readonly [string, string];
  /** All runs while the two were in, extras included. */
  readonly runs: number;
  /** Balls faced, wides not counted; null where the file format cannot tell. */
  readonly balls: number | null;
  /** Off the bat of each, in the order of `batters`. */
  readonly contributions: readonly [number, number];
  /** Whether nobody has ended it (yet). */
  readonly unbroken: boolean;
}

/** One innings with what its charts are drawn from. `card` is the scored form of `third-umpire scorecards --jsonl`. */
export interface InningsView {
  readonly number: number;
  readonly team: string;
  /** "218/8", "218 all out", "400/6d". */
  readonly total: string;
  readonly card: ScoredInnings;
  /**
   * "19.3" as a scoreboard shows it, where `card.overs` is legal balls in sixes: an over that the umpire miscounted is an over.
   * null where the file format cannot tell.
   */
  readonly overs: string | null;
  /** Balls of each bowler's overs, counted like `overs`, in the order of `card.bowlers`; null where the file format cannot tell. */
  readonly bowled: readonly (number | null)[];
  /** Short form of each batter's dismissal, in the order of `card.batters`: "c Hope b Nurse", "not out". */
  readonly dismissals: readonly string[];
  /** Named in the team and not at the crease yet; empty when the team is not known. */
  readonly didNotBat: readonly string[];
  readonly worm: readonly WormPoint[];
  readonly manhattan: readonly ManhattanOver[];
  readonly partnerships: readonly Partnership[];
  /** Runs per over; null where balls cannot be counted. Cut to two decimals, as published cards do. */
  readonly runRate: number | null;
}

/** The side at bat against what it needs, or against the other side's total. */
export interface Chase {
  readonly innings: number;
  readonly team: string;
  /** Runs to win. */
  readonly target: number;
  /** Runs still needed; 0 when it got there. */
  readonly need: number;
  /** Legal balls left; null where the innings has no end by overs or they cannot be counted. */
  readonly ballsLeft: number | null;
  /** Runs per over needed from here; null without `ballsLeft`, when it is over, or got there. */
  readonly requiredRate: number | null;
  /** Runs per over so far; null before the first legal ball. */
  readonly currentRate: number | null;
  /** `need` at the beginning over the overs at the beginning: the line to draw beside the worm; null without overs. */
  readonly rateAtStart: number | null;
}

/** What happened on a ball, for its colour and its mark; the first that applies, in this order. */
export type BallKind = "wicket" | "six" | "four" | "extra" | "run" | "dot";

/** One line of commentary. */
export interface CommentaryBall {
  readonly innings: number;
  /** "12.4": over from 0 and n-th delivery of it, wides and no-balls counted: "4.10" is the tenth. */
  readonly label: string;
  /** What a scorer writes: "4", "W", "•", "1wd", "2nb", "1lb". */
  readonly mark: string;
  readonly kind: BallKind;
  /** "Holder to Raza, FOUR", "Holder to Tiripano, OUT c Hope b Holder 15 (33)". */
  readonly text: string;
  /** All runs of the delivery. */
  readonly runs: number;
  /** The side's total after it, "127/8". */
  readonly score: string;
}

/** GET /matches/{id}. */
export interface MatchView {
  readonly match: MatchSummary;
  /** "Zimbabwe 127/8 (36.5 ov) v West Indies · Raza 41* (60) · Holder 8-0-31-2". */
  readonly line: string;
  /** "Zimbabwe, chose to bat"; null while unknown. */
  readonly toss: string | null;
  /** Null wherever `match.result` is. */
  readonly playersOfMatch: readonly string[] | null;
  /** Overs an innings may last; null when unlimited or unknown. */
  readonly overs: number | null;
  readonly ballsPerOver: number;
  /** False while only deliveries came and the match's own record is missing. */
  readonly hasRecord: boolean;
  readonly innings: readonly InningsView[];
  /** Null unless the last innings chases a target. */
  readonly chase: Chase | null;
  /** "lead by 12", "trail by 30", "scores level" of a match of two innings a side; null else. */
  readonly standing: string | null;
  /** The last 60 balls of the match, newest first. */
  readonly commentary: readonly CommentaryBall[];
}

// ------------------------------------------------------------------------------------------------------- live

export interface BatterAtCrease {
  readonly name: string;
  readonly runs: number;
  readonly balls: number | null;
  readonly fours: number;
  readonly sixes: number;
  readonly onStrike: boolean;
}

export interface BowlerNow {
  readonly name: string;
  /** "7.3"; null where the file format cannot tell. */
  readonly overs: string | null;
  readonly maidens: number | null;
  readonly runs: number | null;
  readonly wickets: number;
}

/** A scoreboard. */
export interface LiveMatch {
  readonly match: MatchSummary;
  readonly line: string;
  /** The innings being played; null before the first ball. */
  readonly innings: InningsScoreLine | null;
  /** The two at the crease, as of the last ball (without who got out on it). */
  readonly batters: readonly BatterAtCrease[];
  readonly bowler: BowlerNow | null;
  /** Last ball first; at most 12. */
  readonly recent: readonly CommentaryBall[];
  readonly chase: Chase | null;
  readonly standing: string | null;
  /** When the last ball of it was committed to the warehouse. */
  readonly updatedAt: number;
}

/** GET /live: of each format the match that a ball was last loaded of; null when there is none. */
export type LiveView = Readonly<Record<MatchFormat, LiveMatch | null>>;

// -------------------------------------------------------------------------------------------------- misbehave

/** Body of POST /misbehave/{format}. `repeat`: the store sends rows again; `crash`: its server is killed. */
export interface MisbehaveBody {
  readonly kind: "repeat" | "crash";
}

export interface MisbehaveRequest extends MisbehaveBody {
  readonly source: MatchFormat;
}

/** Answer of POST /misbehave/{format}; 502 when `ok` is false. */
export interface MisbehaveAnswer {
  readonly ok: boolean;
  /** What was done, or why not, for a person. */
  readonly text: string;
}

// ----------------------------------------------------------------------------------------------------- events

/**
 * GET /events. Each event has an id; `EventSource` sends the last one back when it reconnects, and the server goes on
 * behind it. A comment every 15 s keeps the connection open.
 */
export interface EventMap {
  /** First of every connection. */
  readonly hello: HelloEvent;
  /** One ball, in the moment it is committed. */
  readonly ball: BallEvent;
  /** A match changed otherwise. */
  readonly match: MatchEvent;
  /** Verdicts fell; at most four a second. */
  readonly verdicts: VerdictsEvent;
  /** At most four a second, and at least one every five seconds. */
  readonly pipeline: PipelineView;
}
export type EventName = keyof EventMap;

export interface HelloEvent {
  /** Whether everything since the last event id follows. If not, a page that was connected before loads all again. */
  readonly resumed: boolean;
  /** Version of this program's API; a page of another one reloads itself. */
  readonly version: string;
}

/**
 * A new last ball of its innings. A client whose view has `deliveries - 1` deliveries applies it: `innings` without
 * its worm and Manhattan replaces what is there, `worm` is appended, `over` replaces the bar of the same over or is
 * appended, `ball` goes in front of the commentary. With any other number it fetches the match again.
 */
export interface BallEvent {
  readonly matchId: string;
  readonly format: MatchFormat;
  /** Deliveries of the match, this one included. */
  readonly deliveries: number;
  readonly ball: CommentaryBall;
  /** The scoreboard after it. */
  readonly live: LiveMatch;
  readonly innings: Omit<InningsView, "worm" | "manhattan">;
  readonly worm: WormPoint;
  readonly over: ManhattanOver;
  /** Where it came from. */
  readonly input: RecordPosition;
  readonly eventId: string;
  /** When it was committed to the warehouse. */
  readonly committedAt: number;
}

/** A match to be fetched again by whoever shows it. */
export interface MatchEvent {
  readonly matchId: string;
  readonly format: MatchFormat;
  /** `correction`: a ball changed; `record`: its own record came or changed; `loaded`: many balls at once. */
  readonly reason: "correction" | "record" | "loaded";
  /** The scoreboard now, where the match is live. */
  readonly live: LiveMatch | null;
}

export interface VerdictsEvent {
  readonly totals: VerdictCounts;
  /** Of the source alone. */
  readonly bySource: Readonly<Record<MatchFormat, VerdictCounts>>;
  /** New since the event before, newest first; at most 50, older ones are in GET /verdicts/recent. */
  readonly rejected: readonly RejectedRecord[];
}

// ----------------------------------------------------------------------------------------------------- errors

/** application/problem+json. */
export interface Problem {
  readonly type: "about:blank";
  /** The status in words. */
  readonly title: string;
  readonly status: number;
  /** What is wrong and what would be right, for a person. */
  readonly detail: string;
}
