import type { CleanDeletion, CleanDelivery, CleanMatch, DeliveryPlace, Provenance } from "../domain/cricket/types.ts";
import type { GapEvent } from "../domain/source-position.ts";
import { FatalError } from "../domain/errors.ts";
import { type VerdictBlock, decodeVerdictBlock } from "../domain/review/verdict-block.ts";
import { totalCount } from "../domain/review/verdict.ts";
import { BALL_MAX, OVER_MAX } from "./delivery-fields.ts";

/** Where a record stands, for messages and for the columns log_partition and log_offset. */
export interface RecordPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/**
 * The readers below check what the tables rely on: a wrong type would not be refused by the appender but
 * written as something else. Every one throws a FatalError that names the record: only the processor writes
 * these topics, so an unreadable record is no bad input to go round but a sign that the topic is not ours.
 */
export function decodeDelivery(value: Buffer | null, place: RecordPlace): CleanDelivery {
  return checkedDelivery(parseObject(value, place), place);
}

/** A record of the topic of deliveries: one, or that one is no more. */
export function decodeDeliveryOrDeletion(value: Buffer | null, place: RecordPlace): CleanDelivery | CleanDeletion {
  const clean = parseObject(value, place) as Partial<CleanDeletion>;
  if (clean.deleted === undefined) return checkedDelivery(clean, place);
  const readable = clean.deleted && isProvenance(clean) && isPlace(clean.delivery);
  if (!readable) throw unreadable(place, "it is no deletion of a delivery");
  return clean as CleanDeletion;
}

function isPlace(delivery: Partial<DeliveryPlace> | undefined): boolean {
  return (
    isText(delivery?.matchId) &&
    isCount(delivery.innings) &&
    isCount(delivery.over) &&
    delivery.over <= OVER_MAX &&
    isCount(delivery.ball) &&
    delivery.ball <= BALL_MAX
  );
}

function checkedDelivery(parsed: object, place: RecordPlace): CleanDelivery {
  const clean = parsed as Partial<CleanDelivery>;
  const delivery = clean.delivery;
  const readable =
    isProvenance(clean) &&
    delivery !== undefined &&
    isPlace(delivery) &&
    isText(delivery.battingTeam) &&
    isText(delivery.batter) &&
    isText(delivery.nonStriker) &&
    isText(delivery.bowler) &&
    isCount(delivery.runs?.batter) &&
    isCount(delivery.runs.extras) &&
    isCount(delivery.runs.total) &&
    isExtras(delivery.extras) &&
    (delivery.nonBoundary === null || typeof delivery.nonBoundary === "boolean") &&
    Array.isArray(delivery.wickets);
  if (!readable) throw unreadable(place, "it is no clean delivery");
  return clean as CleanDelivery;
}

export function decodeMatch(value: Buffer | null, place: RecordPlace): CleanMatch {
  const clean = parseObject(value, place) as Partial<CleanMatch>;
  const match = clean.match;
  const readable =
    isProvenance(clean) &&
    isText(match?.matchId) &&
    isText(match.format) &&
    isText(match.version) &&
    Array.isArray(match.teams) &&
    isText(match.teams[0]) &&
    isText(match.teams[1]) &&
    Array.isArray(match.dates) &&
    isCount(match.ballsPerOver) &&
    typeof match.outcome === "object" &&
    Array.isArray(match.players) &&
    Array.isArray(match.playersOfMatch) &&
    Array.isArray(match.inningsNotes);
  if (!readable) throw unreadable(place, "it is no clean match");
  return clean as CleanMatch;
}

export function decodeGap(value: Buffer | null, place: RecordPlace): GapEvent {
  const gap = parseObject(value, place) as Partial<GapEvent>;
  const readable =
    isText(gap.sourceId) &&
    isCount(gap.epoch) &&
    typeof gap.to === "object" &&
    isText(gap.reason) &&
    isText(gap.action) &&
    isText(gap.at) &&
    !Number.isNaN(Date.parse(gap.at));
  if (!readable) throw unreadable(place, "it is no gap event");
  return gap as GapEvent;
}

/** Also checks that the block agrees with itself: it can hold no more records than its range has offsets. */
export function decodeVerdicts(value: Buffer | null, place: RecordPlace): VerdictBlock {
  if (value === null) throw unreadable(place, "it has no value");
  let block: VerdictBlock;
  try {
    block = decodeVerdictBlock(value);
  } catch (error) {
    // RangeError: cut short or of another version; TypeError: text that is not UTF-8.
    if (error instanceof RangeError || error instanceof TypeError) {
      throw unreadable(place, `it is no verdict block (${error.message})`, error);
    }
    throw error;
  }
  const total = totalCount(block.counts);
  const range = block.toOffset - block.fromOffset;
  const listed = total - block.counts.accepted;
  const sound =
    Number.isSafeInteger(block.fromOffset) &&
    Number.isSafeInteger(block.toOffset) &&
    (total > 0 || (block.continuesFrom !== null && range === 0)) &&
    (block.continuesFrom === null ||
      (Number.isSafeInteger(block.continuesFrom) && block.continuesFrom <= block.fromOffset)) &&
    total <= range &&
    block.entries.length === listed &&
    block.entries.every((entry) => entry.offset >= block.fromOffset && entry.offset < block.toOffset);
  if (!sound) {
    throw unreadable(
      place,
      `its verdict block contradicts itself: ${total} records with ${block.entries.length} entries in offsets ${block.fromOffset} to ${block.toOffset}`,
    );
  }
  return block;
}

function parseObject(value: Buffer | null, place: RecordPlace): object {
  if (value === null) throw unreadable(place, "it has no value");
  let parsed: unknown;
  try {
    parsed = JSON.parse(value.toString("utf8"));
  } catch (error) {
    throw unreadable(place, "it is no JSON", error);
  }
  if (typeof parsed !== "object" || parsed === null) throw unreadable(place, "it is no JSON object");
  return parsed;
}

function unreadable({ topic, partition, offset }: RecordPlace, why: string, cause?: unknown): FatalError {
  return new FatalError(`${topic}/${partition} offset ${offset} cannot be loaded: ${why}`, {
    remedy: `only the processor may write ${topic}; nothing after this record was loaded and nothing is lost. Update the loader if the processor is newer, else \`third-umpire reset\` and play again`,
    ...(cause === undefined ? {} : { cause }),
  });
}

const EVENT_ID = /^[0-9a-f]{32}$/u;

function isProvenance(clean: Partial<Provenance>): boolean {
  const source = clean.source;
  return (
    isText(clean.eventId) &&
    EVENT_ID.test(clean.eventId) &&
    (clean.supersedes === null || (isText(clean.supersedes) && EVENT_ID.test(clean.supersedes))) &&
    (clean.verdict === "accepted" || clean.verdict === "correction" || clean.verdict === "duplicate") &&
    isText(source?.topic) &&
    isCount(source.partition) &&
    isCount(source.offset) &&
    (source.id === null || isText(source.id)) &&
    Number.isFinite(source.time)
  );
}

function isExtras(extras: unknown): boolean {
  if (extras === null) return true;
  if (typeof extras !== "object") return false;
  return ["wides", "noballs", "byes", "legbyes", "penalty"].every((kind) => isCount(Reflect.get(extras, kind)));
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
