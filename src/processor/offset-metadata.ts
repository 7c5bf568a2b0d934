import { VERDICTS, type VerdictCounts, zeroCounts } from "../domain/review/verdict.ts";

/**
 * What travels in the metadata of each committed offset: enough to prove, after a restore, that state and offset
 * belong together, and to end what a dead owner left open. At most 4096 bytes (the broker's limit).
 */
export interface OffsetMetadata {
  /** Transactional id of the committer: who takes over may have to end its open transaction. */
  readonly owner: string;
  readonly fingerprint: string;
  /** ms; null before the first readable record. */
  readonly streamTime: number | null;
  /** Running total per verdict of the task, all inputs together. */
  readonly counts: VerdictCounts;
  /** Digests of the known events and of each store, in the order of the topology. */
  readonly digest: string;
}

export function encodeOffsetMetadata(metadata: OffsetMetadata): string {
  return JSON.stringify({
    v: 1,
    o: metadata.owner,
    f: metadata.fingerprint,
    t: metadata.streamTime,
    c: VERDICTS.map((verdict) => metadata.counts[verdict]),
    d: metadata.digest,
  });
}

/** Undefined for metadata that is not ours (another tool committed the offset). */
export function decodeOffsetMetadata(text: string): OffsetMetadata | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof parsed !== "object" || parsed === null) return undefined;
  const { v, o, f, t, c, d } = parsed as Record<string, unknown>;
  if (v !== 1 || typeof o !== "string" || typeof f !== "string" || typeof d !== "string") return undefined;
  if (!Array.isArray(c) || (t !== null && typeof t !== "number")) return undefined;
  const counts = zeroCounts();
  VERDICTS.forEach((verdict, index) => {
    counts[verdict] = Number(c[index]);
  });
  return { owner: o, fingerprint: f, streamTime: t, counts, digest: d };
}
