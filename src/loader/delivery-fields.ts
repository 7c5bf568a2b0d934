import type { CleanDelivery, Delivery, Wicket } from "../domain/cricket/types.ts";
import type { SharedTexts } from "./shared-texts.ts";

/** Bounds of `deliveryKey`; no format comes near them. */
export const OVER_MAX = 9_999;
export const BALL_MAX = 999;

/** The natural key within a match as one number, rising in order of play. */
export function deliveryKey({ innings, over, ball }: Pick<Delivery, "innings" | "over" | "ball">): number {
  return (innings * (OVER_MAX + 1) + over) * (BALL_MAX + 1) + ball;
}

/** Number of the innings in a `deliveryKey`. */
export function inningsOfKey(key: number): number {
  return Math.floor(key / ((OVER_MAX + 1) * (BALL_MAX + 1)));
}

export function placeOfKey(key: number): Pick<Delivery, "innings" | "over" | "ball"> {
  const over = Math.floor(key / (BALL_MAX + 1)) % (OVER_MAX + 1);
  return { innings: inningsOfKey(key), over, ball: key % (BALL_MAX + 1) };
}

export const NO_WICKETS: readonly Wicket[] = [];
/** A number in place of a null; none of these fields is ever negative. */
export const NONE = -1;

/** The fields of a clean delivery, one after the other through the same object: names as numbers of `SharedTexts`. */
export class DeliveryFields {
  /** 128 bits, from the most significant word to the least. */
  readonly eventId: Int32Array = new Int32Array(4);
  verdict = 0;
  hasSupersedes = false;
  readonly supersedes: Int32Array = new Int32Array(4);
  sourceTopic = 0;
  sourcePartition = 0;
  sourceOffset = 0;
  sourceId: string | null = null;
  /** ms since the Unix epoch. */
  sourceTime = 0;
  matchId = 0;
  innings = 0;
  over = 0;
  ball = 0;
  battingTeam = 0;
  batter = 0;
  nonStriker = 0;
  bowler = 0;
  runsBatter = 0;
  runsExtras = 0;
  runsTotal = 0;
  /** Of all kinds of extras NONE where the format has one total only. */
  wides = 0;
  noballs = 0;
  byes = 0;
  legbyes = 0;
  penalty = 0;
  /** 0, 1, or NONE where the format has no such flag. */
  nonBoundary = 0;
  wickets: readonly Wicket[] = NO_WICKETS;
  /** The format has room for one wicket a ball, and there is one. */
  mayHaveMoreWickets = false;

  /** Of a delivery that was checked by `decodeDelivery`. */
  read(clean: CleanDelivery, names: SharedTexts): void {
    const { delivery, source } = clean;
    hexWords(clean.eventId, this.eventId);
    this.verdict = names.idOf(clean.verdict);
    this.hasSupersedes = clean.supersedes !== null;
    if (clean.supersedes !== null) hexWords(clean.supersedes, this.supersedes);
    this.sourceTopic = names.idOf(source.topic);
    this.sourcePartition = source.partition;
    this.sourceOffset = source.offset;
    this.sourceId = source.id;
    this.sourceTime = source.time;
    this.readDelivery(delivery, names);
  }

  readDelivery(delivery: Delivery, names: SharedTexts): void {
    const { runs, extras, nonBoundary } = delivery;
    this.matchId = names.idOf(delivery.matchId);
    this.innings = delivery.innings;
    this.over = delivery.over;
    this.ball = delivery.ball;
    this.battingTeam = names.idOf(delivery.battingTeam);
    this.batter = names.idOf(delivery.batter);
    this.nonStriker = names.idOf(delivery.nonStriker);
    this.bowler = names.idOf(delivery.bowler);
    this.runsBatter = runs.batter;
    this.runsExtras = runs.extras;
    this.runsTotal = runs.total;
    this.wides = extras?.wides ?? NONE;
    this.noballs = extras?.noballs ?? NONE;
    this.byes = extras?.byes ?? NONE;
    this.legbyes = extras?.legbyes ?? NONE;
    this.penalty = extras?.penalty ?? NONE;
    this.nonBoundary = nonBoundary === null ? NONE : Number(nonBoundary);
    this.wickets = delivery.wickets;
    this.mayHaveMoreWickets = delivery.moreWickets === null;
  }
}

const WORDS = 4;
const WORD_DIGITS = 8;

/** 32 hexadecimal digits as four words. */
export function hexWords(text: string, words: Int32Array): void {
  for (let word = 0; word < WORDS; word++) {
    words[word] = Number.parseInt(text.slice(word * WORD_DIGITS, (word + 1) * WORD_DIGITS), 16);
  }
}
