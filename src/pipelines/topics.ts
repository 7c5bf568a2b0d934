import { CRICKET_TOPICS } from "../domain/cricket/topics.ts";
import type { LogAdmin, TopicSpec } from "../kafka/log.ts";
import { MESSAGE_BYTES_MAX } from "../processor/start-checks.ts";

const DAY_MS = 86_400_000;

/** Topics that no topology owns: what the sources write, and the clean stream with room for a week of downtime. */
export function cricketTopics(partitions: number): TopicSpec[] {
  const kept = { partitions, cleanup: "delete", retentionMs: 7 * DAY_MS } as const;
  return [
    { ...kept, name: CRICKET_TOPICS.odiRaw, maxMessageBytes: MESSAGE_BYTES_MAX },
    { ...kept, name: CRICKET_TOPICS.deliveries },
    { ...kept, name: CRICKET_TOPICS.matches },
    { name: CRICKET_TOPICS.positions, partitions: 1, cleanup: "compact" },
    { name: CRICKET_TOPICS.gaps, partitions: 1, cleanup: "delete", retentionMs: 365 * DAY_MS },
  ];
}

/** Creates the topics that are missing. */
export async function ensureCricketTopics(admin: LogAdmin, partitions: number): Promise<void> {
  await admin.createTopics(cricketTopics(partitions));
}
