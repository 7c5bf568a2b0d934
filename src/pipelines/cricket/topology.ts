import { PoisonError } from "../../domain/errors.ts";
import { deletionIdentity, deliveryIdentity, matchIdentity } from "../../domain/cricket/identity.ts";
import { CRICKET_GROUP, CRICKET_TOPICS } from "../../domain/cricket/topics.ts";
import type { CleanDeletion, CleanDelivery, CleanMatch, Provenance } from "../../domain/cricket/types.ts";
import {
  type CompleteContext,
  defineTopology,
  headerOf,
  type InputRecord,
  type RecordIdentity,
  type Topology,
} from "../../processor/topology.ts";
import { decodeEvent } from "./decode/decode.ts";
import type { CricketFact } from "./decode/event-kind.ts";

/** Shape of the topology's topics; the program's settings have all of it. Default: 7 and 30 days. */
export interface CricketOptions {
  readonly partitions: number;
  readonly retentionHours?: number;
  readonly quarantineRetentionHours?: number;
}

const HOUR_MS = 3_600_000;

/**
 * The flagship: balls and matches from three sources in, one clean delivery or match out. Identity is format-independent, so the same
 * ball from another source is a duplicate. Known events are kept without bound: a source may repeat itself after any time.
 */
export function cricketTopology(options: CricketOptions): Topology<CricketFact> {
  return defineTopology<CricketFact>({
    name: CRICKET_GROUP,
    // 2: facets beside the content that every format carries.
    identityVersion: 2,
    inputs: [CRICKET_TOPICS.odiRaw, CRICKET_TOPICS.t20iRaw, CRICKET_TOPICS.testRaw],
    outputs: [CRICKET_TOPICS.deliveries, CRICKET_TOPICS.matches],
    partitions: options.partitions,
    keep: {
      verdictsMs: (options.retentionHours ?? 7 * 24) * HOUR_MS,
      quarantineMs: (options.quarantineRetentionHours ?? 30 * 24) * HOUR_MS,
    },
    review: { retention: "unbounded" },
    decode: decodeEvent,
    identify: identityOf,
    // A document says which edition of its file it is of, from the second on: what the first says has no version, as it always had none.
    version: ({ edition }) => edition ?? null,
    deleted: ({ kind }) => kind === "deletion",
    eventTime: (_fact, record) => eventTimeOf(record),
    process: (fact, record, context) => emitClean(fact, record, context, context.verdict, context.supersedes()),
    complete: (fact, record, context) => emitClean(fact, record, context, "duplicate", null),
  });
}

function identityOf(fact: CricketFact): RecordIdentity {
  switch (fact.kind) {
    case "delivery":
      return deliveryIdentity(fact.delivery);
    case "deletion":
      return deletionIdentity(fact.delivery);
    case "match":
      return matchIdentity(fact.match);
  }
}

function eventTimeOf(record: InputRecord): number {
  const text = headerOf(record, "ce_time")?.toString();
  if (text === undefined) return record.timestamp;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new PoisonError(`ce_time "${text}" is no time`);
  return time;
}

function emitClean(
  fact: CricketFact,
  record: InputRecord,
  context: CompleteContext,
  verdict: Provenance["verdict"],
  supersedes: string | null,
): void {
  const provenance: Provenance = {
    eventId: context.eventId(),
    verdict,
    supersedes,
    source: {
      topic: record.topic,
      partition: record.partition,
      offset: record.offset,
      id: headerOf(record, "ce_id")?.toString() ?? null,
      time: context.time,
    },
  };
  const edition = fact.edition === undefined ? {} : { edition: fact.edition };
  const emit = (topic: string, matchId: string, clean: CleanDelivery | CleanDeletion | CleanMatch): void =>
    context.emit(topic, Buffer.from(matchId), Buffer.from(JSON.stringify(clean)));
  switch (fact.kind) {
    case "delivery":
      emit(CRICKET_TOPICS.deliveries, fact.delivery.matchId, { ...provenance, delivery: fact.delivery, ...edition });
      return;
    case "deletion":
      emit(CRICKET_TOPICS.deliveries, fact.delivery.matchId, {
        ...provenance,
        delivery: fact.delivery,
        deleted: true,
        ...edition,
      });
      return;
    case "match":
      emit(CRICKET_TOPICS.matches, fact.match.matchId, { ...provenance, match: fact.match, ...edition });
  }
}
