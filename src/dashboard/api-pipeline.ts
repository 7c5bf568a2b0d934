/** The pipeline's side of the API of the live page (api.ts): how its parts are doing, and what became of the records. */
import type { Verdict, VerdictCounts } from "../domain/review/verdict.ts";
import type { MatchFormat } from "./api.ts";

// --------------------------------------------------------------------------------------------------- pipeline

/** GET /pipeline and event `pipeline`. What only `run` and `play` know is null in a loader that was started alone. */
export interface PipelineView {
  readonly at: number;
  /** Sums over all input records that the warehouse knows of. */
  readonly verdicts: VerdictCounts;
  /** Input records judged: the sum of the six. */
  readonly records: number;
  /** Always the three, in the order of `MatchFormat`. */
  readonly sources: readonly SourceState[];
  /** Null when nobody tells. */
  readonly processors: readonly ProcessorState[] | null;
  readonly loader: LoaderState;
  readonly warehouse: WarehouseState;
  /** Every process that `play` looks after, servers included; null when nobody tells. */
  readonly processes: readonly ProcessState[] | null;
  /** Whether POST /misbehave does anything. */
  readonly canMisbehave: boolean;
}

/** How a process or a part of the pipeline is doing, for its colour. */
export type Health = "working" | "waiting" | "down";

export interface SourceState {
  readonly id: MatchFormat;
  /** "Postgres", "MongoDB", "the object store". */
  readonly store: string;
  /** Records that the feed has put into the store since the start, repeated ones included; null when nobody tells. */
  readonly fed: number | null;
  /** Records of these that the feed repeated on purpose; null as above. */
  readonly repeated: number | null;
  /** Events that the source has sent to Kafka since the start; null as above. */
  readonly events: number | null;
  /** Of all its records that were ever judged. */
  readonly verdicts: VerdictCounts;
  readonly lag: { readonly amount: number; readonly unit: "bytes" | "seconds" | "objects" } | null;
  readonly health: Health | null;
  /** "streaming", "retrying", …; null as above. */
  readonly state: string | null;
  /** One line for a person; empty when there is nothing to say. */
  readonly message: string;
  /** How often its process was started again; null as above. */
  readonly restarts: number | null;
}

export interface ProcessorState {
  readonly name: string;
  readonly health: Health;
  readonly state: string;
  readonly message: string;
  readonly partitions: number;
  /** Records judged by its process since that started. */
  readonly records: number;
  /** Input records not judged yet. */
  readonly lag: number;
  /** Kafka transactions and their duration in ms. */
  readonly commits: number;
  readonly commitMs: { readonly p50: number; readonly p99: number };
  readonly restarts: number;
}

export interface LoaderState {
  readonly health: Health;
  readonly state: string;
  readonly message: string;
  /** Records loaded since its process started. */
  readonly rows: number;
  readonly batches: number;
  /** Records that Kafka has and the warehouse has not; null until known. */
  readonly lag: number | null;
  /** Duration of its last transactions, ms. */
  readonly batchMs: { readonly p50: number; readonly p99: number };
  readonly lastCommitAt: number | null;
}

export interface WarehouseState {
  readonly matches: number;
  readonly deliveries: number;
  /** The last snapshot for Superset and other readers; null before the first. */
  readonly published: { readonly at: number; readonly snapshot: string } | null;
}

export interface ProcessState {
  readonly name: string;
  readonly health: Health;
  /** "starting", "ready", "stopped", "failed", … */
  readonly state: string;
  readonly pid: number | null;
  readonly restarts: number;
}

/** What `play` sends its loader over IPC, at most four times a second; the server fills in what the warehouse knows. */
export interface PipelineState {
  readonly sources: readonly (Omit<SourceState, "verdicts" | "store"> & { readonly store?: string })[];
  readonly processors: readonly ProcessorState[];
  readonly processes: readonly ProcessState[];
}

// --------------------------------------------------------------------------------------------------- verdicts

/** A record that was not accepted. */
export interface RejectedRecord {
  /** `<topic>/<partition>@<offset>`: unique, for a list's keys. */
  readonly id: string;
  /** When this server saw it loaded; null for those of before its start. */
  readonly at: number | null;
  readonly format: MatchFormat | null;
  /** Where the record stands. */
  readonly input: RecordPosition;
  readonly verdict: Exclude<Verdict, "accepted">;
  /** Natural key in words: "Zimbabwe v West Indies, innings 1, 36.5"; "record of …" for the match itself; null when it
   * could not be read or found. */
  readonly key: string | null;
  readonly matchId: string | null;
  /** What it repeated (duplicate), what it says now (correction, stale, late): 32 hex digits; null for poison. */
  readonly eventId: string | null;
  /** Where the latest accepted record of the same natural key stands; null when there is none. */
  readonly firstSeen: RecordPosition | null;
  /** Why, in words; null where the verdict says it all. */
  readonly reason: string | null;
}

export interface RecordPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** GET /verdicts/recent?limit: newest first, at most 200. */
export interface RecentVerdicts {
  readonly totals: VerdictCounts;
  readonly rejected: readonly RejectedRecord[];
}
