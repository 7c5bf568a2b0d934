/** What every raw record carries beside its value: CloudEvents 1.0, binary mode of the Kafka protocol binding. */
import { createHash } from "node:crypto";
import type { RecordHeaders } from "../../kafka/log.ts";

/**
 * The largest value of an event, bytes. Topics take records of 20 MiB; the rest is for headers and for the quarantine, which adds its own.
 */
export const MAX_EVENT_BYTES: number = 18 * 1024 * 1024;
/** What is kept of a value that is too large. */
const KEPT_BYTES = 64 * 1024;

export interface CloudEvent {
  /** The source's own position: the same row, read again, has the same id. */
  readonly id: string;
  /** e.g. `postgres/odi`. */
  readonly source: string;
  readonly type: string;
  /** The record's key (match id); an empty one is left out, CloudEvents forbids it. */
  readonly subject: string;
  /** ms since the Unix epoch: when it happened at the source. */
  readonly timeMs: number;
  readonly contentType: string;
  /** Which row of which table or collection, `deliveries/17`: what an audit compares the source with. */
  readonly rowId: string;
}

export function cloudEventHeaders(event: CloudEvent): RecordHeaders {
  const headers: [string, Buffer][] = [
    ["ce_specversion", SPEC_VERSION],
    ["ce_id", Buffer.from(event.id)],
    ["ce_source", known(event.source)],
    ["ce_type", known(event.type)],
    ["ce_time", Buffer.from(new Date(event.timeMs).toISOString())],
    ["ce_rowid", Buffer.from(event.rowId)],
    ["content-type", known(event.contentType)],
  ];
  if (event.subject.length > 0) headers.push(["ce_subject", Buffer.from(event.subject)]);
  return headers;
}

const SPEC_VERSION = Buffer.from("1.0");

/** Sources, types and content types are few and repeat: one Buffer each. */
const buffers = new Map<string, Buffer>();

function known(text: string): Buffer {
  let buffer = buffers.get(text);
  if (buffer === undefined) {
    buffer = Buffer.from(text);
    buffers.set(text, buffer);
  }
  return buffer;
}

/** A row that cannot go out as it is goes out as what it is: something for the quarantine, with the reason. */
export interface Unreadable {
  readonly matchId: string | null;
  /** The file, table or object. */
  readonly file: string | null;
  /** Line or row; 0 when there is none. */
  readonly line: number;
  /** The bytes, as far as they are known. */
  readonly raw: Buffer;
  readonly problem: string | null;
}

/** The value of an `….unreadable.v1` event (JSON, content type application/json). */
export function unreadableValue({ matchId, file, line, raw, problem }: Unreadable): Buffer {
  return Buffer.from(JSON.stringify({ match_id: matchId, file, line, raw: raw.toString("base64"), problem }));
}

/** The problem and the bytes kept of a value over MAX_EVENT_BYTES; null when it fits. `what`: e.g. "the row as JSON". */
export function oversize(value: Buffer, what: string): { readonly raw: Buffer; readonly problem: string } | null {
  if (value.length <= MAX_EVENT_BYTES) return null;
  const digest = createHash("sha256").update(value).digest("hex");
  return {
    raw: value.subarray(0, KEPT_BYTES),
    problem: `${what} is ${value.length} bytes, over the limit of ${MAX_EVENT_BYTES}; sha256 ${digest}`,
  };
}
