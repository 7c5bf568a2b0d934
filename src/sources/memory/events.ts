import type { WriteBatch } from "../../kafka/log.ts";
import { EventWriter, type EventTarget, oversize, type SourceEvent } from "../kit/index.ts";
import type { StoredRow } from "./store.ts";

/** Appends the event of one row: its text as it is, or, when that is no JSON, an unreadable event with the reason. */
export function appendEvent(batch: WriteBatch, row: StoredRow, store: string, target: EventTarget): void {
  new EventWriter("memory", target).append(batch, row.key, eventOf(row), {
    id: `memory:${store}:${row.seq}`,
    timeMs: row.at,
    rowId: `rows/${row.seq}`,
  });
}

function eventOf(row: StoredRow): SourceEvent {
  const value = Buffer.from(row.text);
  const excess = oversize(value, "the row");
  const problem = excess?.problem ?? whyNoJson(row.text);
  if (problem === null) return { type: "memory.row.v1", contentType: "application/json", value };
  const raw = (excess?.raw ?? value).toString("base64");
  const unreadable = Buffer.from(JSON.stringify({ key: row.key, line: row.seq, raw, problem }));
  return { type: "memory.unreadable.v1", contentType: "application/json", value: unreadable };
}

function whyNoJson(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
