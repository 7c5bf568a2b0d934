import { CRICKET_TOPICS } from "../../domain/cricket/topics.ts";
import { FatalError } from "../../domain/errors.ts";
import { partitionFor } from "../../domain/partition.ts";
import type { TopicSpec } from "../../kafka/log.ts";
import type { PostgresSourceOptions } from "./options.ts";
import { DEFAULTS } from "./options.ts";

/** Where this source writes. */
export interface SourceTopics {
  readonly positionsTopic: string;
  readonly positionsPartition: number;
  readonly gapsTopic: string;
  readonly gapsPartition: number;
}

/** Largest record of the raw topic. */
export const MAX_MESSAGE_BYTES: number = 20 * 1024 * 1024;

/**
 * Creates the topics that are missing and finds the partitions of this source's key.
 * @throws FatalError when the raw topic has another partition count: a key would move and its order with it.
 */
export async function prepareTopics(options: PostgresSourceOptions): Promise<SourceTopics> {
  const positionsTopic = options.positionsTopic ?? CRICKET_TOPICS.positions;
  const gapsTopic = options.gapsTopic ?? CRICKET_TOPICS.gaps;
  const retentionMs = options.retentionMs ?? DEFAULTS.retentionMs;
  const wanted: TopicSpec[] = [
    {
      name: options.rawTopic,
      partitions: options.partitions,
      cleanup: "delete",
      retentionMs,
      maxMessageBytes: MAX_MESSAGE_BYTES,
    },
    { name: positionsTopic, partitions: 1, cleanup: "compact" },
    { name: gapsTopic, partitions: 1, cleanup: "delete", retentionMs },
  ];
  const admin = options.log.admin();
  try {
    await admin.createTopics(wanted);
    const found = await admin.describeTopics(wanted.map((spec) => spec.name));
    const raw = found.get(options.rawTopic);
    if (raw !== undefined && raw.partitions !== options.partitions) {
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
