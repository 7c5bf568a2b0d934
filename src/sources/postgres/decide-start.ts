/** How a source goes on, from observed facts alone: no I/O here, so that every case can be tested. */
import type { Lsn } from "./lsn.ts";
import { formatLsn } from "./lsn.ts";
import type { StoredPosition } from "../kit/index.ts";
import type { PostgresPosition } from "./position.ts";
import type { Published } from "./published.ts";
import { publishedChange } from "./published.ts";

/** What `pg_replication_slots` says of our slot. */
export interface SlotFacts {
  readonly plugin: string | null;
  readonly database: string | null;
  readonly confirmedFlush: Lsn | null;
  /** "reserved", "extended", "unreserved", "lost" or null. */
  readonly walStatus: string | null;
}

export interface StartFacts {
  /** The last position in Kafka; null when there never was one. */
  readonly stored: StoredPosition<PostgresPosition> | null;
  readonly slotName: string;
  readonly publicationName: string;
  readonly schema: string;
  /** What the server publishes now. */
  readonly published: Published;
  readonly database: string;
  /** IDENTIFY_SYSTEM. */
  readonly systemId: string;
  readonly timeline: number;
  readonly flushedTo: Lsn;
  /** null when there is no such slot. */
  readonly slot: SlotFacts | null;
}

export type StartDecision =
  | { readonly kind: "resume"; readonly from: StoredPosition<PostgresPosition> }
  | {
      readonly kind: "snapshot";
      readonly epoch: number;
      /** Why continuity cannot be proved; null when nothing came before (EO-13). */
      readonly gap: string | null;
    }
  | { readonly kind: "refuse"; readonly message: string; readonly remedy: string };

export function decideStart(facts: StartFacts): StartDecision {
  const { stored, slot } = facts;
  if (slot !== null && (slot.plugin !== "pgoutput" || slot.database !== facts.database)) {
    return {
      kind: "refuse",
      message: `replication slot ${facts.slotName} belongs to something else (plugin ${slot.plugin ?? "none"}, database ${slot.database ?? "none"})`,
      remedy: "choose another slot name",
    };
  }
  if (stored === null) return { kind: "snapshot", epoch: 1, gap: null };
  const gap = gapReason(stored.position, facts);
  if (gap !== null) return { kind: "snapshot", epoch: stored.epoch + 1, gap };
  // The exported snapshot died with its session; the copy starts over, with the same event ids. Nothing was streamed yet, so nothing is missing.
  if (stored.position.phase === "snapshot") return { kind: "snapshot", epoch: stored.epoch, gap: null };
  return { kind: "resume", from: stored };
}

function gapReason(
  stored: PostgresPosition,
  { slot, slotName, publicationName, schema, published, systemId, timeline, flushedTo }: StartFacts,
): string | null {
  if (stored.systemId !== systemId) return `another database cluster: ${systemId} instead of ${stored.systemId}`;
  if (stored.timeline !== timeline)
    return `timeline ${timeline} instead of ${stored.timeline}: the server was promoted or restored`;
  if (flushedTo < stored.lsn)
    return `the server's log ends at ${formatLsn(flushedTo)}, before our position ${formatLsn(stored.lsn)}: it was restored from a backup`;
  if (stored.phase === "snapshot") return null;
  const change =
    stored.published === undefined ? null : publishedChange(stored.published, published, publicationName, schema);
  if (change !== null) return change;
  if (stored.slot !== slotName) return `replication slot ${slotName} instead of ${stored.slot}`;
  if (slot === null) return `replication slot ${slotName} is gone`;
  if (slot.walStatus === "lost")
    return `replication slot ${slotName} lost its log: it fell behind max_slot_wal_keep_size`;
  if (slot.confirmedFlush === null || slot.confirmedFlush > stored.lsn) {
    // START_REPLICATION would silently begin at the slot's position instead of ours.
    const at = slot.confirmedFlush === null ? "nowhere" : formatLsn(slot.confirmedFlush);
    return `replication slot ${slotName} was acknowledged up to ${at}, beyond our position ${formatLsn(stored.lsn)}`;
  }
  return null;
}
