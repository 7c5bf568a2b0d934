import { partitionFor } from "../../domain/partition.ts";
import type { WriteBatch } from "../../kafka/log.ts";
import { cloudEventHeaders, oversize, unreadableValue } from "../kit/index.ts";
import type { StoredRow } from "./store.ts";

export interface EventTarget {
  readonly sourceId: string;
  readonly rawTopic: string;
  readonly partitions: number;
}

/** Appends the event of one row: its text as it is, or, when that is no JSON, an unreadable event with the reason. */
export function appendEvent(batch: WriteBatch, row: StoredRow, store: string, target: EventTarget): void {
  const { type, value } = payloadOf(row);
  const key = Buffer.from(row.key);
  const headers = cloudEventHeaders({
    id: `memory:${store}:${row.seq}`,
    source: `memory/${target.sourceId}`,
    type,
    subject: row.key,
    timeMs: row.at,
    contentType: "application/json",
    rowId: `rows/${row.seq}`,
  });
  batch.append(target.rawTopic, partitionFor(key, target.partitions), key, value, headers);
}

function payloadOf(row: StoredRow): { readonly type: string; readonly value: Buffer } {
  const value = Buffer.from(row.text);
  const excess = oversize(value, "the row");
  const problem = excess?.problem ?? whyNoJson(row.text);
  if (problem === null) return { type: "memory.row.v1", value };
  const raw = excess?.raw ?? value;
  return {
    type: "memory.unreadable.v1",
    value: unreadableValue({ matchId: row.key, file: "rows", line: row.seq, raw, problem }),
  };
}

function whyNoJson(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
