/** When may an instance that was fenced come back? For sources whose server cannot tell whether somebody else is reading. */
import type { Log } from "../../kafka/log.ts";
import { BEAT_MS } from "./ownership.ts";
import type { Standby } from "./run.ts";
import type { SourceTopics } from "./topics.ts";

/** Beats that an owner may miss before it counts as gone: a pause of its process or of Kafka is no death. */
const MISSED_BEATS = 4;

export interface QuietOwnerOptions {
  readonly log: Log;
  readonly topics: SourceTopics;
  readonly sourceId: string;
  readonly now?: () => number;
  /** Default: 4 beats. */
  readonly quietMs?: number;
}

/**
 * The `standby` of `runSource`: free once no record of this source has come to the positions topic for `quietMs`. The
 * owner must call `Ownership.beat` while it has nothing to write. Coming back too early is no danger, only a nuisance: the two
 * would fence each other in turn, and each would go on from the other's position.
 */
export function quietOwner(options: QuietOwnerOptions): Standby {
  const { log, topics, sourceId, now = Date.now, quietMs = MISSED_BEATS * BEAT_MS } = options;
  const at = { topic: topics.positionsTopic, partition: topics.positionsPartition };
  let from: number | undefined;
  let lastSeenAt = now();
  const isFree = async (): Promise<boolean> => {
    const reader = log.reader({ isolation: "read_committed" });
    try {
      await reader.open();
      const { low, high } = await reader.watermarks(at, 10_000);
      if (from === undefined) {
        from = high;
        lastSeenAt = now();
        return false;
      }
      reader.assign([{ ...at, offset: Math.max(low, from) }]);
      const deadline = now() + BEAT_MS;
      while (reader.position(at) < high && now() < deadline) {
        for (const batch of await reader.fetch(1000, 500)) {
          for (let index = 0; index < batch.length; index += 1) {
            if (batch.key(index)?.toString("utf8") === sourceId) lastSeenAt = now();
          }
        }
      }
      from = reader.position(at);
      return now() - lastSeenAt >= quietMs;
    } finally {
      await reader.close();
    }
  };
  return { isFree };
}
