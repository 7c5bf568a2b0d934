import { CRICKET_TOPICS } from "../../domain/cricket/topics.ts";
import type { LogAdmin, TopicSpec } from "../../kafka/log.ts";
import { MAX_RECORD_BYTES } from "../../kafka/limits.ts";

const HOUR_MS = 3_600_000;
const YEAR_HOURS = 365 * 24;

/** What decides the shape of the topics; the program's settings have all of it. */
export interface TopicOptions {
  readonly partitions: number;
  /** How long raw and clean records and verdicts are kept. */
  readonly retentionHours: number;
}

/** Topics that no topology owns: what the sources write, and the clean stream. */
function cricketTopics({ partitions, retentionHours }: TopicOptions): TopicSpec[] {
  const kept = { partitions, cleanup: "delete", retentionMs: retentionHours * HOUR_MS } as const;
  return [
    ...[CRICKET_TOPICS.odiRaw, CRICKET_TOPICS.t20iRaw, CRICKET_TOPICS.testRaw].map((name): TopicSpec => ({
      ...kept,
      name,
      maxMessageBytes: MAX_RECORD_BYTES,
    })),
    { ...kept, name: CRICKET_TOPICS.deliveries },
    { ...kept, name: CRICKET_TOPICS.matches },
    { name: CRICKET_TOPICS.positions, partitions: 1, cleanup: "compact" },
    { name: CRICKET_TOPICS.gaps, partitions: 1, cleanup: "delete", retentionMs: YEAR_HOURS * HOUR_MS },
  ];
}

/** Creates the topics that are missing. */
export async function ensureCricketTopics(admin: LogAdmin, options: TopicOptions): Promise<void> {
  await admin.createTopics(cricketTopics(options));
}
