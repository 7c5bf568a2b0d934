import type { CleanDelivery, Delivery, Extras, Wicket } from "../domain/cricket/types.ts";
import { ColumnBatch, tableNamed, type Texts } from "./columns.ts";
import type { RecordPlace } from "./decode.ts";
import { deliveryRow } from "./rows.ts";

/** A delivery that a transaction writes. */
export interface PlannedDelivery {
  /** In the batch of rows. */
  readonly row: number;
  readonly delivery: Delivery;
  readonly place: RecordPlace;
}

/** Bounds of `deliveryKey`; no format comes near them. */
export const OVER_MAX = 9_999;
export const BALL_MAX = 999;

/** The natural key within a match as one number, rising in order of play. */
export function deliveryKey({ innings, over, ball }: Pick<Delivery, "innings" | "over" | "ball">): number {
  return (innings * (OVER_MAX + 1) + over) * (BALL_MAX + 1) + ball;
}

/** So many are kept whole, for those who show them. */
const RECENT = 500;

/** The deliveries of one transaction: rows by column, and by match. Of two contents of one key the later one stays. */
export class PlannedDeliveries {
  readonly rows: ColumnBatch = new ColumnBatch(tableNamed("deliveries"));
  readonly byMatch: Map<string, Map<number, PlannedDelivery>> = new Map();
  readonly #recent: { readonly clean: CleanDelivery }[] = [];

  /** Different natural keys. */
  get size(): number {
    return this.rows.length;
  }

  /** The contents taken last, as they came: all of a live transaction, of a large one the end. */
  values(): readonly { readonly clean: CleanDelivery }[] {
    return this.#recent.slice(-RECENT);
  }

  put(clean: CleanDelivery, place: RecordPlace): void {
    const { matchId } = clean.delivery;
    let ofMatch = this.byMatch.get(matchId);
    if (ofMatch === undefined) {
      ofMatch = new Map();
      this.byMatch.set(matchId, ofMatch);
    }
    const key = deliveryKey(clean.delivery);
    const before = ofMatch.get(key);
    const row = before?.row ?? this.rows.length;
    const values = deliveryRow(clean, place);
    if (before === undefined) this.rows.push(values);
    else this.rows.set(row, values);
    ofMatch.set(key, { row, delivery: compact(clean.delivery, this.rows.texts), place });
    if (this.#recent.push({ clean }) >= 2 * RECENT) this.#recent.splice(0, RECENT);
  }
}

const NO_WICKETS: readonly Wicket[] = [];
const NO_EXTRAS: Extras = { wides: 0, noballs: 0, byes: 0, legbyes: 0, penalty: 0 };
const RUNS_MAX = 8;
/** Runs off the bat without extras, by their number. */
const PLAIN_RUNS = Array.from({ length: RUNS_MAX }, (_, runs) => ({ batter: runs, extras: 0, total: runs }));

/** Parsed JSON takes 600 bytes a delivery, most of it texts and zeros that all of them have: matches in play stay in memory. */
function compact(delivery: Delivery, texts: Texts): Delivery {
  const { runs, extras, wickets } = delivery;
  const plain = runs.extras === 0 && runs.total === runs.batter ? PLAIN_RUNS[runs.batter] : undefined;
  return {
    matchId: texts.shared(delivery.matchId),
    innings: delivery.innings,
    over: delivery.over,
    ball: delivery.ball,
    battingTeam: texts.shared(delivery.battingTeam),
    batter: texts.shared(delivery.batter),
    nonStriker: texts.shared(delivery.nonStriker),
    bowler: texts.shared(delivery.bowler),
    runs: plain ?? { batter: runs.batter, extras: runs.extras, total: runs.total },
    extras: extras === null ? null : isNone(extras) ? NO_EXTRAS : extras,
    nonBoundary: delivery.nonBoundary,
    wickets: wickets.length === 0 ? NO_WICKETS : wickets,
  };
}

function isNone({ wides, noballs, byes, legbyes, penalty }: Extras): boolean {
  return wides === 0 && noballs === 0 && byes === 0 && legbyes === 0 && penalty === 0;
}
