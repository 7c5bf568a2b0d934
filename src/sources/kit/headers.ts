/** What every raw record carries beside its value: CloudEvents 1.0, binary mode of the Kafka protocol binding. */
import { createHash } from "node:crypto";
import type { RecordHeaders } from "../../kafka/log.ts";

/**
 * The largest value of an event, bytes. Topics take records of 20 MiB; the rest is for headers and for the quarantine, which adds its own.
 */
export const MAX_EVENT_BYTES: number = 18 * 1024 * 1024;
/** What is kept of a value that is too large. */
const KEPT_BYTES = 64 * 1024;
/** A key, or the name of a row, is no text: what is longer goes neither into a record's key nor whole into its headers. */
const MAX_NAME_BYTES = 1024;
const KEPT_NAME_BYTES = 200;

export interface CloudEvent {
  /** The source's own position: the same row, read again, has the same id. */
  readonly id: string;
  /** e.g. `postgres/orders`. */
  readonly source: string;
  readonly type: string;
  /** The record's key; an empty one is left out, CloudEvents forbids it. */
  readonly subject: string;
  /** ms since the Unix epoch: when it happened at the source. */
  readonly timeMs: number;
  readonly contentType: string;
  /** Which row of which table or collection, `orders/17`: what an audit compares the source with. */
  readonly rowId: string;
}

export function cloudEventHeaders(event: CloudEvent): RecordHeaders {
  const headers: [string, Buffer][] = [
    ["ce_specversion", SPEC_VERSION],
    ["ce_id", nameOf(event.id)],
    ["ce_source", known(event.source)],
    ["ce_type", known(event.type)],
    ["ce_time", Buffer.from(new Date(event.timeMs).toISOString())],
    ["ce_rowid", nameOf(event.rowId)],
    ["content-type", known(event.contentType)],
  ];
  if (event.subject.length > 0) headers.push(["ce_subject", Buffer.from(event.subject)]);
  return headers;
}

/** The name itself, or its beginning and its SHA-256 when it is too long: the same row keeps the same name. */
function nameOf(text: string): Buffer {
  const whole = Buffer.from(text);
  if (whole.length <= MAX_NAME_BYTES) return whole;
  const digest = createHash("sha256").update(whole).digest("hex");
  return Buffer.from(`${whole.subarray(0, KEPT_NAME_BYTES).toString("utf8")}…sha256:${digest}`);
}

/**
 * The time of an event that a row or document states itself. One in the future (infinity, the year 10,000, a clock gone wrong) or
 * before 1970 is no time at which somebody wrote it: then it is the time at which it was read. As an event time it would make everything
 * after it late.
 */
export function statedTime(statedMs: number, nowMs: number): number {
  return statedMs >= 0 && statedMs <= nowMs ? statedMs : nowMs;
}

/** Why a field of so many bytes cannot be a record's key; null when it can. */
export function keyProblem(field: string, bytes: number): string | null {
  return bytes <= MAX_NAME_BYTES ? null : `${field} is ${bytes} bytes, over the limit of ${MAX_NAME_BYTES}`;
}

/**
 * What `make` gives, or what `otherwise` makes of the reason why it cannot be made: one row whose event cannot be made must never end
 * a source, which would find it again at every start. `make` works with the row alone, so that whatever it throws is the row's.
 */
export function orUnreadable<T>(make: () => T, otherwise: (problem: string) => T): T {
  try {
    return make();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return otherwise(`no event can be made of it: ${reason.slice(0, 300)}`);
  }
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

/** The problem and the bytes kept of a value over MAX_EVENT_BYTES; null when it fits. `what`: e.g. "the row as JSON". */
export function oversize(value: Buffer, what: string): { readonly raw: Buffer; readonly problem: string } | null {
  if (value.length <= MAX_EVENT_BYTES) return null;
  const digest = createHash("sha256").update(value).digest("hex");
  return {
    raw: value.subarray(0, KEPT_BYTES),
    problem: `${what} is ${value.length} bytes, over the limit of ${MAX_EVENT_BYTES}; sha256 ${digest}`,
  };
}
