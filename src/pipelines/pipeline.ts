/** What the commands know of a pipeline: one of ours (registry.ts), or a stranger's own (`--app`). */
import type { Topology } from "../processor/topology.ts";

/** From the settings; a pipeline takes what it needs. */
export interface PipelineSettings {
  readonly partitions: number;
  readonly retentionHours: number;
  readonly quarantineRetentionHours: number;
}

export interface Pipeline {
  readonly name: string;
  /** Consumer group of its processors. */
  readonly groupId: string;
  topology(settings: PipelineSettings): Topology;
  /** In a few words, what a raw record is about. Default: its key. */
  aboutRaw?(key: Buffer | null, value: Buffer | null): string;
}
