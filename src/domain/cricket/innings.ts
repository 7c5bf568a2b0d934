import { type BowlerScore, newBowler } from "./bowler.ts";
import { countsIn, missingOf } from "./overs.ts";
import type { Delivery, Extras, Wicket } from "./types.ts";
import { isBowlersWicket, isTeamWicket } from "./wickets.ts";

export type { BowlerScore } from "./bowler.ts";
export { foldInnings } from "./fold-innings.ts";

/**
 * The score of one innings after some of its deliveries. A value: `applyDelivery` gives the next one and
 * leaves this one as it is, so that a live score can be shown after every ball. Deliveries are applied in the
 * order of (over, ball); a correction replaces the delivery of its key and the innings is folded again.
 */
export interface InningsScore {
  readonly number: number;
  /** null before the first ball. */
  readonly team: string | null;
  readonly ballsPerOver: number;
  readonly runs: number;
  readonly wickets: number;
  readonly deliveries: number;
  readonly legalBalls: number;
  readonly extrasTotal: number;
  readonly extras: Extras;
  /** false once a delivery gave no kinds of extras (csv1): wides cannot be told, so no balls can be counted. */
  readonly extrasKnown: boolean;
  /** false once a delivery could not tell a run four from a boundary. */
  readonly boundariesExact: boolean;
  readonly batters: readonly BatterScore[];
  readonly bowlers: readonly BowlerScore[];
  readonly fall: readonly FallOfWicket[];
  /** The over in progress, or the last one. */
  readonly over: OverScore | null;
}

/**
 * Batters are told apart by their names. Two players of one name have one line: the runs and balls of both, and the dismissal of who
 * was out last. The team's runs, wickets and overs are right all the same.
 */
export interface BatterScore {
  readonly name: string;
  readonly runs: number;
  readonly balls: number;
  /** Whether the balls faced can be told: null until a delivery with him at the crease gives kinds of extras, false once one he faced does not. */
  readonly ballsKnown: boolean | null;
  readonly fours: number;
  readonly sixes: number;
  readonly wicket: (Wicket & { readonly bowler: string }) | null;
}

export interface FallOfWicket {
  readonly wicket: number;
  readonly runs: number;
  readonly player: string;
  /** "over.delivery", as the sources label it: "4.10" is the tenth delivery. */
  readonly label: string;
}

interface OverScore {
  readonly over: number;
  /** null once a second bowler had to finish it. */
  readonly bowler: string | null;
  readonly legalBalls: number;
  /** Bat, wides and no-balls. */
  readonly conceded: number;
  readonly lastBall: number;
}

/** An innings before its first ball. `penaltyPre`: runs given to the side before it batted. */
export function initialInnings(number: number, ballsPerOver = 6, penaltyPre = 0): InningsScore {
  return {
    number,
    team: null,
    ballsPerOver,
    runs: penaltyPre,
    wickets: 0,
    deliveries: 0,
    legalBalls: 0,
    extrasTotal: penaltyPre,
    extras: { wides: 0, noballs: 0, byes: 0, legbyes: 0, penalty: 0 },
    extrasKnown: true,
    boundariesExact: true,
    batters: [],
    bowlers: [],
    fall: [],
    over: null,
  };
}

/**
 * The score after one more delivery.
 * @throws RangeError when the delivery is not behind the last one: the caller has to sort, or to fold again.
 */
export function applyDelivery(score: InningsScore, d: Delivery): InningsScore {
  const last = score.over;
  if (last !== null && (d.over < last.over || (d.over === last.over && d.ball <= last.lastBall))) {
    throw new RangeError(
      `delivery ${d.over}.${d.ball} came after ${last.over}.${last.lastBall}: sort the deliveries of an innings`,
    );
  }
  const over = nextOver(last, d);
  const runs = score.runs + d.runs.total;
  const fallen = d.wickets.filter(({ kind }) => isTeamWicket(kind));
  return {
    ...score,
    team: score.team ?? d.battingTeam,
    runs,
    wickets: score.wickets + fallen.length,
    deliveries: score.deliveries + 1,
    legalBalls: score.legalBalls + (isLegal(d) ? 1 : 0),
    extrasTotal: score.extrasTotal + d.runs.extras,
    extras: d.extras === null ? score.extras : sumOf(score.extras, d.extras),
    extrasKnown: score.extrasKnown && d.extras !== null,
    boundariesExact: score.boundariesExact && d.nonBoundary !== null,
    batters: nextBatters(score.batters, d),
    bowlers: nextBowlers(withFinishedOver(score, over), d, countsIn(over.legalBalls, score.ballsPerOver)),
    fall: [
      ...score.fall,
      ...fallen.map(({ playerOut }, n) => ({
        wicket: score.wickets + n + 1,
        runs,
        player: playerOut,
        label: `${d.over}.${d.ball}`,
      })),
    ],
    over,
  };
}

/**
 * Who bowls a maiden in the last over as it stands: complete, by one bowler, nothing off bat, wides and no-balls.
 * An over that the end of the innings cut short is none.
 */
export function maidenInProgress({ over, ballsPerOver }: InningsScore): string | null {
  return over !== null && over.conceded === 0 && over.legalBalls >= ballsPerOver ? over.bowler : null;
}

/** Neither a wide nor a no-ball. */
function isLegal({ extras }: Delivery): boolean {
  return extras === null || (extras.wides === 0 && extras.noballs === 0);
}

/** What the bowler is charged with: byes, leg byes and penalty runs are not his. */
function conceded({ runs, extras }: Delivery): number {
  return runs.batter + (extras === null ? 0 : extras.wides + extras.noballs);
}

function sumOf(a: Extras, b: Extras): Extras {
  return {
    wides: a.wides + b.wides,
    noballs: a.noballs + b.noballs,
    byes: a.byes + b.byes,
    legbyes: a.legbyes + b.legbyes,
    penalty: a.penalty + b.penalty,
  };
}

function nextOver(last: OverScore | null, d: Delivery): OverScore {
  const same = last !== null && last.over === d.over;
  return {
    over: d.over,
    bowler: !same || last.bowler === d.bowler ? d.bowler : null,
    legalBalls: (same ? last.legalBalls : 0) + (isLegal(d) ? 1 : 0),
    conceded: (same ? last.conceded : 0) + conceded(d),
    lastBall: d.ball,
  };
}

/**
 * Credits the over that `over` follows, and its maiden, to who bowled all of it. It is complete by being followed, with five
 * balls too: umpires miscount.
 */
function withFinishedOver(
  { over: last, bowlers, ballsPerOver }: InningsScore,
  over: OverScore,
): readonly BowlerScore[] {
  if (last === null || last.over === over.over || last.bowler === null) return bowlers;
  const maiden = last.conceded === 0 ? 1 : 0;
  const missing = missingOf(last.legalBalls, ballsPerOver);
  return bowlers.map((bowler) =>
    bowler.name === last.bowler ? { ...bowler, maidens: bowler.maidens + maiden, used: bowler.used + missing } : bowler,
  );
}

/** `counts`: whether a legal ball at this place of the over counts against it. */
function nextBowlers(bowlers: readonly BowlerScore[], d: Delivery, counts: boolean): readonly BowlerScore[] {
  const known = bowlers.some(({ name }) => name === d.bowler);
  const all = known ? bowlers : [...bowlers, newBowler(d.bowler)];
  return all.map((bowler) =>
    bowler.name === d.bowler
      ? {
          ...bowler,
          extrasKnown: bowler.extrasKnown && d.extras !== null,
          balls: bowler.balls + (isLegal(d) ? 1 : 0),
          used: bowler.used + (isLegal(d) && counts ? 1 : 0),
          runs: bowler.runs + conceded(d),
          wickets: bowler.wickets + d.wickets.filter(({ kind }) => isBowlersWicket(kind)).length,
          wides: bowler.wides + (d.extras?.wides ?? 0),
          noballs: bowler.noballs + (d.extras?.noballs ?? 0),
        }
      : bowler,
  );
}

/**
 * Batting order is the order of appearance: striker, non-striker, then who was out without having been at the crease
 * ("timed out"). A batter who retired and stands at the crease again is not out.
 */
function nextBatters(batters: readonly BatterScore[], d: Delivery): readonly BatterScore[] {
  const atCrease = [d.batter, d.nonStriker];
  const names = new Set([
    ...batters.map(({ name }) => name),
    ...atCrease,
    ...d.wickets.map(({ playerOut }) => playerOut),
  ]);
  const known = new Map(batters.map((batter) => [batter.name, batter]));
  return [...names].map((name) => {
    const before = known.get(name) ?? newBatter(name);
    const wicket = d.wickets.find(({ playerOut }) => playerOut === name);
    const back = before.wicket !== null && !isTeamWicket(before.wicket.kind) && atCrease.includes(name);
    const seen = d.extras !== null && before.ballsKnown === null && takesPart(name, d);
    const batter =
      back || seen ? { ...before, ...(back && { wicket: null }), ...(seen && { ballsKnown: true }) } : before;
    const faced = name === d.batter ? withBall(batter, d) : batter;
    return wicket === undefined ? faced : { ...faced, wicket: { ...wicket, bowler: d.bowler } };
  });
}

function newBatter(name: string): BatterScore {
  return { name, runs: 0, balls: 0, ballsKnown: null, fours: 0, sixes: 0, wicket: null };
}

function takesPart(name: string, { batter, nonStriker, wickets }: Delivery): boolean {
  return name === batter || name === nonStriker || wickets.some(({ playerOut }) => playerOut === name);
}

/** Wides are not faced, no-balls are; a four that was run is no boundary. */
function withBall(batter: BatterScore, { runs, extras, nonBoundary }: Delivery): BatterScore {
  const boundary = nonBoundary !== true;
  return {
    ...batter,
    ballsKnown: extras === null ? false : batter.ballsKnown,
    runs: batter.runs + runs.batter,
    balls: batter.balls + (extras !== null && extras.wides > 0 ? 0 : 1),
    fours: batter.fours + (boundary && runs.batter === 4 ? 1 : 0),
    sixes: batter.sixes + (boundary && runs.batter === 6 ? 1 : 0),
  };
}
