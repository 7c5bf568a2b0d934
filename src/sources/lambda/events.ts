/** Objects as raw events: the YAML as it is, or, when it could not be taken, something for the quarantine with the reason. */
import { CRICKET_EVENT } from "../../domain/cricket/topics.ts";
import { partitionFor } from "../../domain/partition.ts";
import type { WriteBatch } from "../../kafka/log.ts";
import type { FunctionItem } from "../../object-store/function.ts";
import { etagOf } from "../../object-store/store.ts";
import { cloudEventHeaders, keyProblem, oversize, statedTime, unreadableValue } from "../kit/index.ts";

export interface EventTarget {
  readonly sourceId: string;
  readonly rawTopic: string;
  readonly partitions: number;
  readonly now?: () => number;
}

/** Why an object is not what it says it is; null when it is. */
export function problemOf(item: FunctionItem): string | null {
  if (item.body === null) return `the object is ${item.size} bytes, more than the function can answer`;
  const digest = etagOf(item.body);
  return digest === item.etag ? null : `the object's SHA-256 is ${digest} and its etag ${item.etag}`;
}

/** Appends the event of one object of incarnation `store`. `problem`: of `problemOf`, asked again. */
export function appendEvent(
  batch: WriteBatch,
  item: FunctionItem,
  store: string,
  problem: string | null,
  target: EventTarget,
): void {
  // The first part of an object's key is the match.
  const name = item.key.split("/")[0] ?? "";
  const tooLong = keyProblem(Buffer.byteLength(name));
  const match = tooLong === null ? name : "";
  const { type, contentType, value } = payloadOf(item, match, problem ?? tooLong);
  const key = Buffer.from(match);
  const headers = cloudEventHeaders({
    id: `lambda:${store}:${item.seq}`,
    source: `lambda/${target.sourceId}`,
    type,
    subject: match,
    timeMs: statedTime(Date.parse(item.at), (target.now ?? Date.now)()),
    contentType,
    rowId: `objects/${item.seq}`,
  });
  batch.append(target.rawTopic, partitionFor(key, target.partitions), key, value, headers);
}

interface Payload {
  readonly type: string;
  readonly contentType: string;
  readonly value: Buffer;
}

function payloadOf(item: FunctionItem, matchId: string, problem: string | null): Payload {
  const value = Buffer.from(item.body ?? "");
  const excess = oversize(value, "the object");
  const reason = problem ?? excess?.problem ?? null;
  if (reason === null) return { type: CRICKET_EVENT.testObject, contentType: "application/yaml", value };
  const unreadable = { matchId, file: item.key, line: item.seq, raw: excess?.raw ?? value, problem: reason };
  return { type: CRICKET_EVENT.testUnreadable, contentType: "application/json", value: unreadableValue(unreadable) };
}
