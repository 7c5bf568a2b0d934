import { FatalError } from "../../domain/errors.ts";
import { partitionFor } from "../../domain/partition.ts";
import type { Log, TopicSpec } from "../../kafka/log.ts";
import { MAX_RECORD_BYTES } from "../../kafka/limits.ts";

/** Where a source writes its position and its gaps. */
export interface SourceTopics {
  readonly positionsTopic: string;
  readonly positionsPartition: number;
  readonly gapsTopic: string;
  readonly gapsPartition: number;
}

export interface TopicsOptions {
  readonly log: Log;
  readonly sourceId: string;
  readonly rawTopic: string;
  readonly partitions: number;
  /** Retention of a raw topic that does not exist yet and is created here, ms (default 7 days). */
  readonly retentionMs?: number;
  /** Positions of all sources of a pipeline, compacted; the key is the source's id. */
  readonly positionsTopic: string;
  /** Gap events (EO-13) of all of them. */
  readonly gapsTopic: string;
}

const DAY_MS = 24 * 3_600_000;
const DEFAULT_RETENTION_MS = 7 * DAY_MS;
/** Gaps are few, and asked for long after the records around them are gone. */
const GAPS_RETENTION_MS = 365 * DAY_MS;

/**
 * Creates the topics that are missing and finds the partitions of this source's key.
 * Partitions that somebody added to the raw topic stay empty.
 * @throws FatalError when the raw topic has fewer partitions than the settings say.
 */
export async function prepareTopics(options: TopicsOptions): Promise<SourceTopics> {
  const { positionsTopic, gapsTopic, retentionMs = DEFAULT_RETENTION_MS } = options;
  const wanted: TopicSpec[] = [
    {
      name: options.rawTopic,
      partitions: options.partitions,
      cleanup: "delete",
      retentionMs,
      maxMessageBytes: MAX_RECORD_BYTES,
    },
    { name: positionsTopic, partitions: 1, cleanup: "compact" },
    { name: gapsTopic, partitions: 1, cleanup: "delete", retentionMs: GAPS_RETENTION_MS },
  ];
  const admin = options.log.admin();
  try {
    await admin.createTopics(wanted);
    const found = await admin.describeTopics(wanted.map((spec) => spec.name));
    const raw = found.get(options.rawTopic);
    if (raw !== undefined && raw.partitions < options.partitions) {
      throw new FatalError(
        `topic ${options.rawTopic} has ${raw.partitions} partitions, the settings say ${options.partitions}`,
        {
          remedy: `set TU_PARTITIONS=${raw.partitions}, or use another topic`,
        },
      );
    }
    const key = Buffer.from(options.sourceId);
    return {
      positionsTopic,
      positionsPartition: partitionFor(key, found.get(positionsTopic)?.partitions ?? 1),
      gapsTopic,
      gapsPartition: partitionFor(key, found.get(gapsTopic)?.partitions ?? 1),
    };
  } finally {
    await admin.close();
  }
}
