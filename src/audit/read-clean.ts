import { deletionIdentity, deliveryIdentity, matchIdentity } from "../domain/cricket/identity.ts";
import type { CleanDeletion, CleanDelivery, CleanMatch } from "../domain/cricket/types.ts";
import { FatalError } from "../domain/errors.ts";
import type { RecordBatch } from "../kafka/log.ts";
import type { CleanFact, Identity, QuarantineFact } from "./facts.ts";

/** A record of the clean stream. @throws FatalError when it is none: somebody else writes to the topic. */
export function cleanFact(batch: RecordBatch, index: number, loaded: boolean): CleanFact {
  const at = `${batch.topic}/${batch.partition}/${batch.offset(index)}`;
  let clean: Clean;
  let identity: Identity;
  try {
    clean = JSON.parse(batch.value(index)?.toString("utf8") ?? "") as Clean;
    identity = identityOf(clean);
  } catch (error) {
    throw new FatalError(`${at} is no clean record: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
      remedy:
        "only the processor may write to this topic: end what else does, then `third-umpire reset` and play again",
    });
  }
  const { topic, partition, offset } = clean.source;
  return {
    topic: batch.topic,
    partition: batch.partition,
    offset: batch.offset(index),
    key: batch.key(index)?.toString("utf8") ?? "",
    eventId: clean.eventId,
    verdict: clean.verdict,
    source: { topic, partition, offset },
    identity,
    loaded,
    ...(clean.edition === undefined ? {} : { version: clean.edition }),
    ...("deleted" in clean ? { deleted: true } : {}),
  };
}

type Clean = CleanDelivery | CleanDeletion | CleanMatch;

function identityOf(clean: Clean): Identity {
  if ("match" in clean) return matchIdentity(clean.match);
  return "deleted" in clean ? deletionIdentity(clean.delivery) : deliveryIdentity(clean.delivery);
}

/** A record of the quarantine topic; undefined when it does not say where it came from. */
export function quarantineFact(batch: RecordBatch, index: number): QuarantineFact | undefined {
  const headers = batch.headers(index) ?? [];
  // The last one: should the original have had such a header, ours was appended behind it.
  const text = (name: string): string | undefined =>
    headers.findLast(([candidate]) => candidate === name)?.[1].toString("utf8");
  const topic = text("tu_topic");
  const partition = Number(text("tu_partition") ?? Number.NaN);
  const offset = Number(text("tu_offset") ?? Number.NaN);
  if (topic === undefined || !Number.isInteger(partition) || !Number.isInteger(offset)) return undefined;
  return {
    topic,
    partition,
    offset,
    reason: text("tu_reason") ?? "",
    key: batch.key(index),
    value: batch.value(index),
    sha256: /value|key/u.test(text("tu_truncated") ?? "") ? (text("tu_sha256") ?? null) : null,
  };
}
