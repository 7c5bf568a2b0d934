import { quoted } from "../../../domain/cricket/fields.ts";
import { CRICKET_EVENT } from "../../../domain/cricket/topics.ts";
import { PoisonError } from "../../../domain/errors.ts";
import type { InputRecord } from "../../../processor/topology.ts";
import { envelopeOf, expectContentType } from "./envelope.ts";
import type { CricketFact, EventKind } from "./event-kind.ts";
import { csv1Delivery, csv1Match, csvDeletion, csv2Delivery, csv2Match } from "./odi.ts";
import { jsonDeletion, jsonDelivery, jsonMatch } from "./t20i-json.ts";
import { yamlObject } from "./test-yaml.ts";
import { unreadableEvent } from "./unreadable.ts";

/** By CloudEvents type; the topic does not matter, a fact is the same wherever it comes from. */
const KINDS: ReadonlyMap<string, EventKind> = new Map([
  [CRICKET_EVENT.odiDelivery, csv2Delivery],
  [CRICKET_EVENT.odiMatch, csv2Match],
  [CRICKET_EVENT.odiCsv1Delivery, csv1Delivery],
  [CRICKET_EVENT.odiCsv1Match, csv1Match],
  [CRICKET_EVENT.odiDeletion, csvDeletion],
  [CRICKET_EVENT.odiUnreadable, unreadableEvent],
  [CRICKET_EVENT.t20iDelivery, jsonDelivery],
  [CRICKET_EVENT.t20iMatch, jsonMatch],
  [CRICKET_EVENT.t20iDeletion, jsonDeletion],
  [CRICKET_EVENT.t20iUnreadable, unreadableEvent],
  [CRICKET_EVENT.testObject, yamlObject],
  [CRICKET_EVENT.testUnreadable, unreadableEvent],
]);

/**
 * A raw record as a fact: headers, size, schema, then the parser of its format.
 * @throws PoisonError with a reason for a person, for everything that cannot be scored.
 */
export function decodeEvent(record: InputRecord): CricketFact {
  const envelope = envelopeOf(record);
  const kind = KINDS.get(envelope.type);
  if (kind === undefined) throw new PoisonError(`event type ${quoted(envelope.type)} is unknown`);
  expectContentType(envelope, kind.contentType);
  const { value } = record;
  if (value === null) throw new PoisonError("the record has no value");
  if (value.length > kind.bytesMax)
    throw new PoisonError(`the record has ${value.length} bytes, more than ${kind.bytesMax}`);
  return kind.read(value);
}
