import { type CanonicalValue, canonicalJson } from "../review/canonical.ts";
import {
  carriesBallsPerOver,
  carriesEvent,
  carriesInningsEvents,
  carriesInningsFlags,
  carriesTargets,
} from "./formats.ts";
import { TOMBSTONE } from "../review/identity.ts";
import {
  type Delivery,
  type DeliveryPlace,
  type InningsNote,
  type Match,
  MATCH_FACETS,
  type MatchFacet,
  type Player,
} from "./types.ts";

/**
 * What a delivery or a match says, apart from where it was read: the same fact from another format must
 * be a duplicate, not a second ball and not a correction.
 *
 * The formats do not carry the same. So what a record says has two parts:
 * - `content`: what every format (JSON 1.x, YAML 0.9x, csv1, csv2) has, in one form;
 * - `facets`: the rest, each at its place. A facet that is `null` is one the record's format cannot carry, and
 *   means "unknown"; a known absence is a text such as `[]` or `""`, never null.
 *
 * **Fields that a format cannot carry never make a correction**: two records of one natural key are the same
 * fact when their contents are equal and every facet that both know is equal. While one format feeds a stream, its
 * records know the same facets, so any change of any field is seen. When several do, the review takes over what only
 * the newcomer knows.
 *
 * Rules for what the formats write differently:
 * - people are their name, in the one form that names.ts brings it into: deliveries have no register ids in any format;
 * - a substitute is "X (sub)" in YAML and in our JSON reading and plain "X" in csv2: the mark is dropped, and
 *   substitutes without a name ("? (sub)", JSON) are left out; csv2 has room for three fielders a ball: three count;
 * - csv1 has one wicket a ball and, in its oldest form, no kinds of extras: further wickets and kinds are facets;
 * - csv2 writes a method (D/L) only beside a winner: without one the method is unknown there;
 * - teams, players and awards come in different orders, which say nothing;
 * - `format` and `version` are provenance, no content.
 */
export interface CricketIdentity {
  readonly key: string;
  /** Canonical form of what every format carries. */
  readonly content: string;
  /** Canonical forms of the rest, each at its own place; null where the record's format cannot tell. */
  readonly facets: readonly (string | null)[];
}

/**
 * Identity of a delivery. Two facets, and not one for each field, since the review keeps a hash of every facet it knows: `kinds` (kinds of extras, wickets after the first; csv1 has neither) and `details`
 * (fielders, runs that were not a boundary; csv1 and csv2 before 2.3 have neither).
 */
export function deliveryIdentity(d: Delivery): CricketIdentity {
  const [first, ...further] = d.wickets;
  return {
    key: deliveryKey(d),
    content: canonicalJson({
      battingTeam: d.battingTeam,
      batter: d.batter,
      nonStriker: d.nonStriker,
      bowler: d.bowler,
      runs: [d.runs.batter, d.runs.extras, d.runs.total],
      wicket: first === undefined ? null : [first.kind, first.playerOut],
    }),
    facets: [
      d.extras === null || d.moreWickets === null
        ? null
        : canonicalJson({ ...d.extras, further: further.map(({ kind, playerOut }) => [kind, playerOut]) }),
      d.nonBoundary === null || d.wickets.some(({ fielders }) => fielders === null)
        ? null
        : canonicalJson({ fielders: namedFielders(d), nonBoundary: d.nonBoundary }),
    ],
  };
}

/** Identity of a deletion: of the delivery's key, with the one content that all deletions have. */
export function deletionIdentity(place: DeliveryPlace): {
  readonly key: string;
  readonly content: Uint8Array;
  readonly facets: readonly null[];
} {
  return { key: deliveryKey(place), content: TOMBSTONE, facets: [null, null] };
}

/** csv2 has three columns of fielders for the whole ball. */
const FIELDERS_COMPARED = 3;

function namedFielders(d: Delivery): readonly string[] {
  return fieldersOf(d).flat().slice(0, FIELDERS_COMPARED);
}

/** Identity of a match; its facets are those of `MATCH_FACETS`. */
export function matchIdentity(m: Match): CricketIdentity {
  const { winner, by, result } = m.outcome;
  const facets = matchFacets(m);
  return {
    key: matchKey(m),
    content: canonicalJson({
      teams: m.teams.toSorted(order),
      dates: m.dates,
      venue: m.venue,
      city: m.city,
      toss: m.toss === null ? null : { ...m.toss },
      outcome: { winner, by: by === undefined ? undefined : { ...by }, result },
      playersOfMatch: m.playersOfMatch.toSorted(order),
    }),
    facets: MATCH_FACETS.map((name) => {
      const value = facets[name];
      return value === null ? null : canonicalJson(value);
    }),
  };
}

/** What a match's record says of each facet; null where it cannot tell. */
export function matchFacets(m: Match): Readonly<Record<MatchFacet, CanonicalValue>> {
  const { winner, result, method, eliminator, bowl_out: bowlOut } = m.outcome;
  const told = (facet: MatchFacet): boolean => m.alsoKnown?.includes(facet) ?? false;
  /** Of what silence means nothing of: that an edition of the same file told it, and this one does not any more. */
  const absent = (facet: MatchFacet): string | null => (told(facet) ? "" : null);
  const flags = carriesInningsFlags(m.format, m.version);
  const events = carriesInningsEvents(m.format);
  return {
    matchType: m.matchType ?? absent("matchType"),
    gender: m.gender ?? absent("gender"),
    teamType: m.teamType ?? absent("teamType"),
    season: m.season ?? absent("season"),
    event: carriesEvent(m.format) || told("event") ? (m.event ?? absent("event")) : null,
    overs: m.overs ?? absent("overs"),
    ballsPerOver: carriesBallsPerOver(m.format, m.version) || told("ballsPerOver") ? m.ballsPerOver : null,
    method: winner !== undefined || method !== undefined || events || told("method") ? (method ?? "") : null,
    tieBreak:
      result !== "tie" || eliminator !== undefined || bowlOut !== undefined || events || told("tieBreak")
        ? [eliminator ?? "", bowlOut ?? ""]
        : null,
    players:
      m.players.length === 0 && !told("players") ? null : byName(m.players).map(({ team, name }) => [team, name]),
    registry:
      m.players.some(({ registryId }) => registryId !== null) || told("registry")
        ? byName(m.players).map(({ registryId }) => registryId ?? "")
        : null,
    superOvers: inningsWith(m, "superOver", flags || told("superOvers")),
    declared: inningsWith(m, "declared", flags || told("declared")),
    targets: targetsOf(m, told("targets")),
    forfeited: inningsWith(m, "forfeited", events || told("forfeited")),
    inningsTeams:
      events || told("inningsTeams")
        ? m.inningsNotes.flatMap(({ innings, team }) => (team === null ? [] : [[innings, team]]))
        : null,
    absentHurt:
      events || told("absentHurt")
        ? m.inningsNotes.flatMap(({ innings, absentHurt }) =>
            absentHurt.length === 0 ? [] : [[innings, ...absentHurt]],
          )
        : null,
    penalties: penaltiesOf(m, events || told("penalties")),
  };
}

/** The formats list the same people in different orders. */
function byName(players: readonly Player[]): readonly Player[] {
  return players.toSorted((a, b) => order(a.team, b.team) || order(a.name, b.name));
}

/** By code units: the same on every machine. */
function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Innings with the flag. Where the format need not have it silence is unknown; a line is not. */
function inningsWith(
  m: Match,
  flag: "superOver" | "declared" | "forfeited",
  carried: boolean,
): readonly number[] | null {
  const innings = having(m, (note) => note[flag] === true);
  return carried || innings.length > 0 ? innings : null;
}

/** The original CSV has targets in its later versions; from which on, nobody says. */
function targetsOf(m: Match, told: boolean): readonly CanonicalValue[] | null {
  const given = m.inningsNotes.flatMap(({ innings, target }) =>
    target === null ? [] : [[innings, target.runs, target.overs ?? ""]],
  );
  return carriesTargets(m.format, m.version) || told || given.length > 0 ? given : null;
}

function penaltiesOf(m: Match, carried: boolean): readonly (readonly number[])[] | null {
  const given = m.inningsNotes.flatMap(({ innings, penaltyPre, penaltyPost }) =>
    penaltyPre + penaltyPost === 0 ? [] : [[innings, penaltyPre, penaltyPost]],
  );
  return carried || given.length > 0 ? given : null;
}

/** Natural key of a delivery: `d/<match>/<innings>/<over>/<ball>`, ball being the n-th delivery of the over. */
export function deliveryKey(d: DeliveryPlace): string {
  return `d/${d.matchId}/${d.innings}/${d.over}/${d.ball}`;
}

/** Natural key of a match: `m/<match>`. */
export function matchKey(m: Match): string {
  return `m/${m.matchId}`;
}

function fieldersOf(d: Delivery): readonly (readonly string[])[] {
  return d.wickets.map(({ fielders }) =>
    (fielders ?? []).map((name) => name.replace(/ \(sub\)$/u, "")).filter((name) => name !== "?" && name !== ""),
  );
}

function having(m: Match, is: (note: InningsNote) => boolean): readonly number[] {
  return m.inningsNotes.filter(is).map(({ innings }) => innings);
}
