import { VERDICTS, type VerdictCounts, zeroCounts } from "../domain/review/verdict.ts";
import { digestText } from "./digest-text.ts";

/**
 * What travels in the metadata of each committed offset: enough to prove, after a restore, that state and offset
 * belong together, to tell one commit from another, and to end what a dead owner left open.
 */
export interface OffsetMetadata {
  /** Transactional id of the committer: who takes over may have to end its open transaction. */
  readonly owner: string;
  readonly fingerprint: string;
  /** ms; null before the first readable record. */
  readonly streamTime: number | null;
  /** Running total per verdict of the task, all inputs together. */
  readonly counts: VerdictCounts;
  /** Digests of the known events and of each store (`digestText`). */
  readonly digest: string;
  /** Which commit of the task this is, from 1: also one that changes nothing else is told from the one before it. */
  readonly commit: number;
  /** The process that committed: two of them may have worked out the same commit number. */
  readonly incarnation: string;
  /** The broker's id of the topic whose offset it is; undefined where it is not known. */
  readonly topicId: string | undefined;
}

/** Brokers refuse more than 4096 bytes (offset.metadata.max.bytes); the rest is for what later versions have to say. */
const METADATA_BYTES_MAX = 3_500;
/** Of a transactional id, as JSON: what is known of it when a topology is defined. */
const OWNER_BYTES_MAX = 512;
/** 16 bytes, as brokers write them. */
const TOPIC_ID_BYTES = 22;
/** Hex digits of a fingerprint, of one digest, of an incarnation. */
const HEX_DIGITS = 16;

export function encodeOffsetMetadata(metadata: OffsetMetadata): string {
  return JSON.stringify({
    v: 2,
    o: metadata.owner,
    f: metadata.fingerprint,
    t: metadata.streamTime,
    c: VERDICTS.map((verdict) => metadata.counts[verdict]),
    d: metadata.digest,
    n: metadata.commit,
    i: metadata.incarnation,
    k: metadata.topicId,
  });
}

/**
 * Undefined for metadata that is not ours (another tool committed the offset). Version 1 knew neither commit number nor
 * incarnation: 0 and "".
 */
export function decodeOffsetMetadata(text: string): OffsetMetadata | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof parsed !== "object" || parsed === null) return undefined;
  const { v, o, f, t, c, d, n = 0, i = "", k } = parsed as Record<string, unknown>;
  if ((v !== 1 && v !== 2) || typeof o !== "string" || typeof f !== "string" || typeof d !== "string") return undefined;
  if (!Array.isArray(c) || (t !== null && typeof t !== "number")) return undefined;
  if (typeof n !== "number" || typeof i !== "string") return undefined;
  if (k !== undefined && typeof k !== "string") return undefined;
  const counts = zeroCounts();
  VERDICTS.forEach((verdict, index) => {
    counts[verdict] = Number(c[index]);
  });
  return { owner: o, fingerprint: f, streamTime: t, counts, digest: d, commit: n, incarnation: i, topicId: k };
}

/** Why the metadata of a topology with so many stores could outgrow its limit; undefined: it cannot. */
export function metadataProblem(stores: number): string | undefined {
  const digest = "f".repeat(HEX_DIGITS);
  const counts = zeroCounts();
  for (const verdict of VERDICTS) counts[verdict] = Number.MAX_SAFE_INTEGER;
  const worst = encodeOffsetMetadata({
    owner: "o".repeat(OWNER_BYTES_MAX),
    fingerprint: digest,
    streamTime: -Number.MAX_VALUE,
    counts,
    digest: digestText(
      digest,
      Array.from({ length: stores }, () => digest),
    ),
    commit: Number.MAX_SAFE_INTEGER,
    incarnation: digest,
    topicId: "k".repeat(TOPIC_ID_BYTES),
  });
  const bytes = Buffer.byteLength(worst);
  if (bytes <= METADATA_BYTES_MAX) return undefined;
  return `with ${stores} stores the metadata of an offset may take ${bytes} bytes, and ${METADATA_BYTES_MAX} are allowed: use fewer stores`;
}

/** Whether metadata has room for this transactional id. */
export function isOwnerTooLong(transactionalId: string): boolean {
  return Buffer.byteLength(JSON.stringify(transactionalId)) > OWNER_BYTES_MAX + 2;
}
