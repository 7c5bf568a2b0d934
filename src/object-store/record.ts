/**
 * Records of the data log of a file store. All numbers little-endian:
 *
 *   u32 payload bytes · u32 CRC-32 of the payload · payload = u8 kind · u32 meta bytes · meta (JSON) · body
 *
 * Kind 1 is an object, kind 2 the progress of a match.
 */
import { crc32 } from "node:zlib";
import type { AppendAt, MatchProgress, StoredObject } from "./store.ts";

export const FRAME_BYTES = 8;
const HEAD_BYTES = 5;
const KIND_OBJECT = 1;
const KIND_PROGRESS = 2;

/** Larger than any object the feed makes: a length beyond it is no length but damage. */
export const MAX_RECORD_BYTES: number = 64 * 1024 * 1024;

export type ObjectMeta = Omit<StoredObject, "body" | "size"> & { readonly progress: AppendAt };
export type Payload =
  | { readonly kind: "object"; readonly meta: ObjectMeta; readonly body: Buffer }
  | { readonly kind: "progress"; readonly matchId: string; readonly progress: MatchProgress };

export function encodeObject(meta: ObjectMeta, body: Buffer): Buffer {
  return frame(KIND_OBJECT, JSON.stringify(meta), body);
}

export function encodeProgress(matchId: string, progress: MatchProgress): Buffer {
  return frame(KIND_PROGRESS, JSON.stringify({ matchId, progress }), Buffer.alloc(0));
}

function frame(kind: number, metaText: string, body: Buffer): Buffer {
  const metaBytes = Buffer.byteLength(metaText);
  const record = Buffer.allocUnsafe(FRAME_BYTES + HEAD_BYTES + metaBytes + body.length);
  record.writeUInt32LE(record.length - FRAME_BYTES, 0);
  record.writeUInt8(kind, FRAME_BYTES);
  record.writeUInt32LE(metaBytes, FRAME_BYTES + 1);
  record.write(metaText, FRAME_BYTES + HEAD_BYTES, "utf8");
  body.copy(record, FRAME_BYTES + HEAD_BYTES + metaBytes);
  record.writeUInt32LE(crc32(record.subarray(FRAME_BYTES)), 4);
  return record;
}

/** Bytes of the whole record that begins at `at`; null when its length is not there, or is none. */
export function recordBytes(bytes: Buffer, at: number): number | null {
  if (at + FRAME_BYTES > bytes.length) return null;
  const length = bytes.readUInt32LE(at);
  return length < HEAD_BYTES || length > MAX_RECORD_BYTES ? null : FRAME_BYTES + length;
}

/** The record that fills `record` exactly; null when it is not what was written. */
export function decodeRecord(record: Buffer): Payload | null {
  if (recordBytes(record, 0) !== record.length) return null;
  const payload = record.subarray(FRAME_BYTES);
  if (crc32(payload) !== record.readUInt32LE(4)) return null;
  const metaEnd = HEAD_BYTES + payload.readUInt32LE(1);
  const meta = JSON.parse(payload.toString("utf8", HEAD_BYTES, metaEnd)) as unknown;
  if (payload[0] === KIND_OBJECT) return { kind: "object", meta: meta as ObjectMeta, body: payload.subarray(metaEnd) };
  if (payload[0] === KIND_PROGRESS)
    return { kind: "progress", ...(meta as { matchId: string; progress: MatchProgress }) };
  return null;
}

/** Meta of an object from the beginning of its record, for bodies that nobody wants to read; null when that is cut too early. */
export function decodeMeta(beginning: Buffer): { readonly meta: ObjectMeta; readonly size: number } | null {
  const total = recordBytes(beginning, 0);
  if (total === null || beginning.length < FRAME_BYTES + HEAD_BYTES) return null;
  const metaEnd = FRAME_BYTES + HEAD_BYTES + beginning.readUInt32LE(FRAME_BYTES + 1);
  if (beginning[FRAME_BYTES] !== KIND_OBJECT || metaEnd > beginning.length) return null;
  const meta = JSON.parse(beginning.toString("utf8", FRAME_BYTES + HEAD_BYTES, metaEnd)) as ObjectMeta;
  return { meta, size: total - metaEnd };
}
