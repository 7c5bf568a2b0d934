import { type BowlerScore, newBowler } from "./bowler.ts";
import type { BatterScore, FallOfWicket, InningsScore } from "./innings.ts";
import { countsIn, missingOf } from "./overs.ts";
import type { Delivery } from "./types.ts";
import { isBowlersWicket, isTeamWicket } from "./wickets.ts";

/**
 * An innings from its deliveries, in any order: what `applyDelivery` makes of them one after the other, without a score for
 * every ball between. A warehouse folds an innings again whenever one of its balls comes, so this is counted in nanoseconds.
 * @throws RangeError when two deliveries have the same place.
 */
export function foldInnings(start: InningsScore, deliveries: readonly Delivery[]): InningsScore {
  const fold = new Fold(start);
  for (const delivery of inOrder(deliveries)) fold.add(delivery);
  return fold.score();
}

function inOrder(deliveries: readonly Delivery[]): readonly Delivery[] {
  for (let n = 1; n < deliveries.length; n++) {
    if (place(deliveries[n - 1]!, deliveries[n]!) > 0)
      return [...deliveries].sort((a: Delivery, b: Delivery) => place(a, b));
  }
  return deliveries;
}

function place(a: Delivery, b: Delivery): number {
  return a.over - b.over || a.ball - b.ball;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

class Fold {
  readonly #start: InningsScore;
  readonly #batters: Map<string, Writable<BatterScore>>;
  readonly #bowlers: Map<string, Writable<BowlerScore>>;
  readonly #extras: Writable<InningsScore["extras"]>;
  readonly #fall: FallOfWicket[];
  readonly #over: Writable<NonNullable<InningsScore["over"]>>;
  #begun: boolean;
  #team: string | null;
  #runs: number;
  #wickets: number;
  #deliveries: number;
  #legalBalls: number;
  #extrasTotal: number;
  #extrasKnown: boolean;
  #boundariesExact: boolean;

  constructor(start: InningsScore) {
    this.#start = start;
    this.#batters = new Map(start.batters.map((batter) => [batter.name, { ...batter }]));
    this.#bowlers = new Map(start.bowlers.map((bowler) => [bowler.name, { ...bowler }]));
    this.#extras = { ...start.extras };
    this.#fall = [...start.fall];
    this.#begun = start.over !== null;
    this.#over = { ...(start.over ?? { over: -1, bowler: null, legalBalls: 0, conceded: 0, lastBall: 0 }) };
    this.#team = start.team;
    this.#runs = start.runs;
    this.#wickets = start.wickets;
    this.#deliveries = start.deliveries;
    this.#legalBalls = start.legalBalls;
    this.#extrasTotal = start.extrasTotal;
    this.#extrasKnown = start.extrasKnown;
    this.#boundariesExact = start.boundariesExact;
  }

  add(d: Delivery): void {
    const { extras, runs } = d;
    const legal = extras === null || (extras.wides === 0 && extras.noballs === 0) ? 1 : 0;
    const conceded = runs.batter + (extras === null ? 0 : extras.wides + extras.noballs);
    this.#goToOver(d, legal, conceded);
    this.#team ??= d.battingTeam;
    this.#runs += runs.total;
    this.#deliveries++;
    this.#legalBalls += legal;
    this.#extrasTotal += runs.extras;
    if (extras === null) this.#extrasKnown = false;
    else this.#addExtras(extras);
    if (d.nonBoundary === null) this.#boundariesExact = false;
    this.#bowl(d, legal, conceded);
    this.#bat(d);
    for (const { kind, playerOut } of d.wickets) {
      if (!isTeamWicket(kind)) continue;
      const label = `${d.over}.${d.ball}`;
      this.#fall.push({ wicket: ++this.#wickets, runs: this.#runs, player: playerOut, label });
    }
  }

  score(): InningsScore {
    return {
      ...this.#start,
      team: this.#team,
      runs: this.#runs,
      wickets: this.#wickets,
      deliveries: this.#deliveries,
      legalBalls: this.#legalBalls,
      extrasTotal: this.#extrasTotal,
      extras: this.#extras,
      extrasKnown: this.#extrasKnown,
      boundariesExact: this.#boundariesExact,
      batters: [...this.#batters.values()],
      bowlers: [...this.#bowlers.values()],
      fall: this.#fall,
      over: this.#begun ? this.#over : null,
    };
  }

  /** Ends the over before: it is complete by being followed, with five balls too, and so is its maiden. */
  #goToOver({ over: number, ball, bowler }: Delivery, legal: number, conceded: number): void {
    const over = this.#over;
    if (this.#begun && (number < over.over || (number === over.over && ball <= over.lastBall))) {
      throw new RangeError(`two deliveries ${number}.${ball} in one innings`);
    }
    if (!this.#begun || over.over !== number) {
      const last = this.#begun && over.bowler !== null ? this.#bowlers.get(over.bowler) : undefined;
      if (last !== undefined) {
        if (over.conceded === 0) last.maidens++;
        last.used += missingOf(over.legalBalls, this.#start.ballsPerOver);
      }
      over.over = number;
      over.bowler = bowler;
      over.legalBalls = 0;
      over.conceded = 0;
      this.#begun = true;
    } else if (over.bowler !== bowler) over.bowler = null;
    over.legalBalls += legal;
    over.conceded += conceded;
    over.lastBall = ball;
  }

  #addExtras({ wides, noballs, byes, legbyes, penalty }: InningsScore["extras"]): void {
    const sum = this.#extras;
    sum.wides += wides;
    sum.noballs += noballs;
    sum.byes += byes;
    sum.legbyes += legbyes;
    sum.penalty += penalty;
  }

  #bowl({ bowler: name, extras, wickets }: Delivery, legal: number, conceded: number): void {
    let bowler = this.#bowlers.get(name);
    if (bowler === undefined) {
      bowler = { ...newBowler(name) };
      this.#bowlers.set(name, bowler);
    }
    bowler.balls += legal;
    if (countsIn(this.#over.legalBalls, this.#start.ballsPerOver)) bowler.used += legal;
    bowler.runs += conceded;
    if (extras === null) bowler.extrasKnown = false;
    else {
      bowler.wides += extras.wides;
      bowler.noballs += extras.noballs;
    }
    for (const { kind } of wickets) if (isBowlersWicket(kind)) bowler.wickets++;
  }

  /** Only who takes part in the ball can change: striker, non-striker, and who is out without having been at the crease. */
  #bat(d: Delivery): void {
    const striker = this.#batter(d.batter);
    const other = d.nonStriker === d.batter ? null : this.#batter(d.nonStriker);
    this.#atCrease(striker, d);
    if (other !== null) this.#atCrease(other, d);
    const { runs, extras } = d;
    if (extras === null) striker.ballsKnown = false;
    striker.runs += runs.batter;
    if (extras === null || extras.wides === 0) striker.balls++;
    if (d.nonBoundary !== true) {
      if (runs.batter === 4) striker.fours++;
      else if (runs.batter === 6) striker.sixes++;
    }
    for (const { playerOut } of d.wickets) this.#batter(playerOut);
    // From the last to the first: of two dismissals of one batter the first stays.
    for (let n = d.wickets.length - 1; n >= 0; n--) {
      const wicket = d.wickets[n]!;
      const out = this.#batter(wicket.playerOut);
      if (extras !== null) out.ballsKnown ??= true;
      out.wicket = { ...wicket, bowler: d.bowler };
    }
  }

  #atCrease(batter: Writable<BatterScore>, { extras }: Delivery): void {
    // Who retired and stands there again is not out.
    if (batter.wicket !== null && !isTeamWicket(batter.wicket.kind)) batter.wicket = null;
    if (extras !== null) batter.ballsKnown ??= true;
  }

  #batter(name: string): Writable<BatterScore> {
    let batter = this.#batters.get(name);
    if (batter === undefined) {
      batter = { name, runs: 0, balls: 0, ballsKnown: null, fours: 0, sixes: 0, wicket: null };
      this.#batters.set(name, batter);
    }
    return batter;
  }
}
