import { PoisonError } from "../domain/errors.ts";
import { parseCsv2Delivery, parseCsv2Info } from "../domain/cricket/csv2.ts";
import { deliveryContent, deliveryKey, matchContent, matchKey } from "../domain/cricket/identity.ts";
import { CRICKET_EVENT, CRICKET_GROUP, CRICKET_TOPICS } from "../domain/cricket/topics.ts";
import type { CleanDelivery, CleanMatch, Delivery, Match, Provenance } from "../domain/cricket/types.ts";
import {
  defineTopology,
  headerOf,
  type InputRecord,
  type ProcessContext,
  type Topology,
} from "../processor/topology.ts";

type CricketFact =
  { readonly kind: "delivery"; readonly delivery: Delivery } | { readonly kind: "match"; readonly match: Match };

/** A delivery is 500 bytes, the longest match record 20 KB: what is larger is no cricket. */
const VALUE_BYTES_MAX = 1024 * 1024;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Shape of the topology's topics; the program's settings have all of it. Default: 7 and 30 days. */
export interface CricketOptions {
  readonly partitions: number;
  readonly retentionHours?: number;
  readonly quarantineRetentionHours?: number;
}

const HOUR_MS = 3_600_000;

/**
 * The flagship: ball-by-ball rows in, one clean delivery or match out. Identity is format-independent, so the same
 * ball from another source is a duplicate. Known events are kept without bound: a source may repeat itself after any time.
 */
export function cricketTopology(options: CricketOptions): Topology<CricketFact> {
  return defineTopology<CricketFact>({
    name: CRICKET_GROUP,
    inputs: [CRICKET_TOPICS.odiRaw],
    outputs: [CRICKET_TOPICS.deliveries, CRICKET_TOPICS.matches],
    partitions: options.partitions,
    keep: {
      verdictsMs: (options.retentionHours ?? 7 * 24) * HOUR_MS,
      quarantineMs: (options.quarantineRetentionHours ?? 30 * 24) * HOUR_MS,
    },
    review: { retention: "unbounded" },
    decode,
    identify: (fact) =>
      fact.kind === "delivery"
        ? { key: deliveryKey(fact.delivery), content: deliveryContent(fact.delivery) }
        : { key: matchKey(fact.match), content: matchContent(fact.match) },
    eventTime: (_fact, record) => eventTimeOf(record),
    process: emitClean,
  });
}

function decode(record: InputRecord): CricketFact {
  const { value } = record;
  if (value === null) throw new PoisonError("the record has no value");
  if (value.length > VALUE_BYTES_MAX)
    throw new PoisonError(`the record has ${value.length} bytes, more than ${VALUE_BYTES_MAX}`);
  const type = headerOf(record, "ce_type")?.toString();
  switch (type) {
    case CRICKET_EVENT.odiDelivery:
      return { kind: "delivery", delivery: parseCsv2Delivery(textFields(value)) };
    case CRICKET_EVENT.odiMatch: {
      const { match_id: matchId, info } = textFields(value);
      if (matchId === undefined || info === undefined) throw new PoisonError("a match record needs match_id and info");
      return { kind: "match", match: parseCsv2Info(matchId, info) };
    }
    case CRICKET_EVENT.odiUnreadable: {
      const { file, line, problem } = textFields(value);
      throw new PoisonError(`${file ?? "a file"}, line ${line ?? "?"}: ${problem ?? "unreadable"}`);
    }
    default:
      throw new PoisonError(
        type === undefined ? "the record has no ce_type header" : `event type "${type}" is unknown`,
      );
  }
}

/** A JSON object of text members (numbers are taken as their text, null as absent). */
function textFields(value: Buffer): Record<string, string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(utf8.decode(value));
  } catch (error) {
    throw new PoisonError(`not JSON in UTF-8: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw new PoisonError("not a JSON object");
  const fields: Record<string, string> = {};
  for (const [name, member] of Object.entries(parsed)) {
    if (member === null) continue;
    if (typeof member !== "string" && typeof member !== "number")
      throw new PoisonError(`"${name}" is neither text nor a number`);
    fields[name] = String(member);
  }
  return fields;
}

function eventTimeOf(record: InputRecord): number {
  const text = headerOf(record, "ce_time")?.toString();
  if (text === undefined) return record.timestamp;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new PoisonError(`ce_time "${text}" is no time`);
  return time;
}

function emitClean(fact: CricketFact, record: InputRecord, context: ProcessContext): void {
  const provenance: Provenance = {
    eventId: context.eventId(),
    verdict: context.verdict,
    supersedes: context.supersedes(),
    source: {
      topic: record.topic,
      partition: record.partition,
      offset: record.offset,
      id: headerOf(record, "ce_id")?.toString() ?? null,
      time: context.time,
    },
  };
  if (fact.kind === "delivery") {
    const clean: CleanDelivery = { ...provenance, delivery: fact.delivery };
    context.emit(CRICKET_TOPICS.deliveries, Buffer.from(fact.delivery.matchId), Buffer.from(JSON.stringify(clean)));
  } else {
    const clean: CleanMatch = { ...provenance, match: fact.match };
    context.emit(CRICKET_TOPICS.matches, Buffer.from(fact.match.matchId), Buffer.from(JSON.stringify(clean)));
  }
}
