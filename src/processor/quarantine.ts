import { createHash } from "node:crypto";
import type { RecordHeaders } from "../kafka/log.ts";
import type { InputRecord } from "./topology.ts";

/** A record whose key and value have more bytes together is not kept whole in quarantine: the input has it. */
export const QUARANTINE_BYTES_MAX: number = 1024 * 1024;
/** So much of each part of such a record is kept, to see what it is. */
export const QUARANTINE_KEPT_BYTES: number = 64 * 1024;

/** What quarantine keeps of a record's key and value. */
export interface KeptRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** SHA-256 of the whole value, in hexadecimal; null when the record is kept whole. */
  readonly sha256: string | null;
}

/** The record itself, or the beginnings of key and value and what the value is known again by. */
export function keptOf(key: Uint8Array | null, value: Uint8Array | null): KeptRecord {
  if ((key?.length ?? 0) + (value?.length ?? 0) <= QUARANTINE_BYTES_MAX) return { key, value, sha256: null };
  return { key: startOf(key), value: startOf(value), sha256: sha256Of(value) };
}

/** SHA-256 in hexadecimal; of no value as of an empty one. */
export function sha256Of(value: Uint8Array | null): string {
  return createHash("sha256")
    .update(value ?? new Uint8Array(0))
    .digest("hex");
}

/** A record as it goes into quarantine: why it is there, where it stood, and when (ms) it was put there, behind its own headers. */
export function quarantined(
  record: InputRecord,
  reason: string,
  at: number,
): { readonly key: Buffer | null; readonly value: Buffer | null; readonly headers: RecordHeaders } {
  const kept = keptOf(record.key, record.value);
  const headers: RecordHeaders = [
    ...keptHeaders(record, kept),
    ["tu_reason", Buffer.from(reason)],
    ["tu_topic", Buffer.from(record.topic)],
    ["tu_partition", Buffer.from(String(record.partition))],
    ["tu_offset", Buffer.from(String(record.offset))],
    ["tu_at", Buffer.from(new Date(at).toISOString())],
  ];
  return { key: bufferOf(kept.key), value: bufferOf(kept.value), headers };
}

/** Headers of the original that quarantine keeps, and those that say what of the record is left out. */
function keptHeaders(record: InputRecord, kept: KeptRecord): RecordHeaders {
  const { key, value } = record;
  const own = record.headers ?? [];
  const tooMany = own.reduce((sum, [name, bytes]) => sum + name.length + bytes.length, 0) > QUARANTINE_KEPT_BYTES;
  const cut = [
    ...((kept.value?.length ?? 0) < (value?.length ?? 0) ? ["value"] : []),
    ...((kept.key?.length ?? 0) < (key?.length ?? 0) ? ["key"] : []),
    ...(tooMany ? ["headers"] : []),
  ];
  if (cut.length === 0) return own;
  return [
    ...(tooMany ? [] : own),
    ["tu_truncated", Buffer.from(cut.join(","))],
    ["tu_size", Buffer.from(String(value?.length ?? 0))],
    ["tu_sha256", Buffer.from(kept.sha256 ?? sha256Of(value))],
  ];
}

/** A copy: a view would keep the whole record in memory. */
function startOf(bytes: Uint8Array | null): Uint8Array | null {
  return bytes === null ? null : Uint8Array.prototype.slice.call(bytes, 0, QUARANTINE_KEPT_BYTES);
}

function bufferOf(bytes: Uint8Array | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
