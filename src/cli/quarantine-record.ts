import type { RecordBatch, RecordHeaders } from "../kafka/log.ts";

/** A record in quarantine: the original as it came, and what the review said of it. */
export interface QuarantinedRecord {
  /** `topic/partition/offset` of the original: its name on the command line. */
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly reason: string;
  /** When it was put aside, ISO 8601; null when the header is missing. */
  readonly at: string | null;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Headers of the original, without what quarantine added. */
  readonly headers: RecordHeaders;
  /** What of a large record was left out; null when it was kept whole. */
  readonly cut: CutRecord | null;
}

interface CutRecord {
  /** `value`, `key`, `headers`. */
  readonly parts: readonly string[];
  /** Bytes and SHA-256 of the whole value. */
  readonly size: number;
  readonly sha256: string;
}

const PREFIX = "tu_";
/** Names the record that a repaired one stands for. */
export const RETRY_HEADER = "tu_retry_of";

/** Reads one record of the quarantine topic; undefined when it does not carry the headers of one. */
export function readQuarantined(batch: RecordBatch, index: number): QuarantinedRecord | undefined {
  const headers = batch.headers(index) ?? [];
  // The last one: should the original have had such a header, ours was appended behind it.
  const text = (name: string): string | undefined =>
    headers.findLast(([candidate]) => candidate === name)?.[1].toString("utf8");
  const parts = text("tu_truncated")?.split(",");
  const topic = text("tu_topic");
  const partition = Number(text("tu_partition") ?? Number.NaN);
  const offset = Number(text("tu_offset") ?? Number.NaN);
  if (topic === undefined || !Number.isInteger(partition) || !Number.isInteger(offset)) return undefined;
  return {
    id: `${topic}/${partition}/${offset}`,
    topic,
    partition,
    offset,
    reason: text("tu_reason") ?? "no reason given",
    at: text("tu_at") ?? null,
    key: batch.key(index),
    value: batch.value(index),
    headers: headers.filter(([name]) => !name.startsWith(PREFIX)),
    cut: parts === undefined ? null : { parts, size: Number(text("tu_size")), sha256: text("tu_sha256") ?? "" },
  };
}

/** Headers of the record that is sent again: those of the original, and whose repair it is. */
export function retryHeaders(id: string, headers: RecordHeaders): RecordHeaders {
  return [...headers.filter(([name]) => !name.startsWith(PREFIX)), [RETRY_HEADER, Buffer.from(id)]];
}

/** Bytes for people: text as it is, JSON laid out, anything else as a hex dump of its first bytes. */
export function readable(bytes: Buffer | null): string {
  if (bytes === null) return "(none)";
  const HEX_BYTES = 512;
  const text = decodeUtf8(bytes);
  if (text === undefined) {
    const dump = bytes
      .subarray(0, HEX_BYTES)
      .toString("hex")
      .replace(/(?<pair>..)/gu, "$<pair> ")
      .replace(/(?<row>(?:.. ){16})/gu, "$<row>\n");
    return `${dump.trimEnd()}${bytes.length > HEX_BYTES ? `\n… ${bytes.length} bytes in all` : ""}`;
  }
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return text.replace(/[^\P{Cc}\n\t]/gu, "�");
  }
}

function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
