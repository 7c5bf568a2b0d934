/** Datasets over the stream itself: verdicts, quarantine, gaps, how far it is. */
import type { Dataset } from "./describe.ts";

const source = (topic: string): string =>
  `coalesce(nullif(regexp_extract(${topic}, '^[^.]+[.](.+)[.]raw$', 1), ''), ${topic}, '?')`;

const verdictMinutes: Dataset = {
  name: "verdict_minutes",
  about: "Verdicts per minute and source",
  sql: `SELECT minute, ${source("input_topic")} AS source, verdict, records FROM points WHERE minute IS NOT NULL`,
  columns: [
    ["minute", "TIMESTAMP", "Minute (UTC)"],
    ["source", "VARCHAR", "Source"],
    ["verdict", "VARCHAR", "Verdict"],
    ["records", "BIGINT", "Records"],
  ],
  metrics: [{ name: "total_records", label: "Records", sql: "SUM(records)", format: ",d" }],
};

const verdictTotals: Dataset = {
  name: "verdict_totals",
  about: "Records of each source by what the review said",
  sql: `SELECT ${source("input_topic")} AS source, verdict, sum(records)::BIGINT AS records FROM points GROUP BY ALL`,
  columns: [
    ["source", "VARCHAR", "Source"],
    ["verdict", "VARCHAR", "Verdict"],
    ["records", "BIGINT", "Records"],
  ],
  metrics: [
    { name: "total_records", label: "Records", sql: "SUM(records)", format: ",d" },
    ...["accepted", "duplicate", "correction", "stale", "late", "poison"].map((verdict) => ({
      name: `${verdict}_records`,
      label: `${verdict.slice(0, 1).toUpperCase()}${verdict.slice(1)}`,
      sql: `COALESCE(SUM(records) FILTER (WHERE verdict = '${verdict}'), 0)`,
      format: ",d",
    })),
    {
      name: "rejected_share",
      label: "Not new",
      sql: "1 - SUM(records) FILTER (WHERE verdict = 'accepted') / SUM(records)",
      format: ".2%",
    },
  ],
};

const rejected: Dataset = {
  name: "rejected",
  about: "Records that were not accepted, with what they repeated",
  sql: `SELECT ${source("input_topic")} AS source, input_partition, input_offset, verdict, event_id::VARCHAR AS event_id,
  first_seen_offset, coalesce(reason, '') AS reason, log_partition, log_offset
FROM verdicts`,
  columns: [
    ["source", "VARCHAR", "Source"],
    ["input_partition", "INTEGER", "Partition"],
    ["input_offset", "BIGINT", "Offset"],
    ["verdict", "VARCHAR", "Verdict"],
    ["event_id", "VARCHAR", "Event id"],
    ["first_seen_offset", "BIGINT", "First seen at"],
    ["reason", "VARCHAR", "Reason"],
    ["log_partition", "INTEGER", "Verdict partition"],
    ["log_offset", "BIGINT", "Verdict offset"],
  ],
  metrics: [{ name: "total_records", label: "Records", sql: "COUNT(*)", format: ",d" }],
};

const quarantined: Dataset = {
  name: "quarantined",
  about: "Records that could not be read",
  sql: `SELECT ${source("input_topic")} AS source, input_partition, input_offset, reason, quarantined_at,
  octet_length(value)::INTEGER AS bytes
FROM quarantine`,
  columns: [
    ["source", "VARCHAR", "Source"],
    ["input_partition", "INTEGER", "Partition"],
    ["input_offset", "BIGINT", "Offset"],
    ["reason", "VARCHAR", "Reason"],
    ["quarantined_at", "TIMESTAMP", "When (UTC)"],
    ["bytes", "INTEGER", "Bytes"],
  ],
  metrics: [{ name: "total_records", label: "Quarantined", sql: "COUNT(*)", format: ",d" }],
};

const lag: Dataset = {
  name: "source_lag",
  about: "How far each source is: its newest event, and how long ago that was when the chart was drawn",
  sql: `SELECT source_id AS source, epoch, events, last_event_time,
  greatest(0, date_diff('second', last_event_time, now() AT TIME ZONE 'UTC'))::BIGINT AS seconds_behind
FROM sources`,
  columns: [
    ["source", "VARCHAR", "Source"],
    ["epoch", "INTEGER", "Epoch"],
    ["events", "BIGINT", "Records"],
    ["last_event_time", "TIMESTAMP", "Newest event (UTC)"],
    ["seconds_behind", "BIGINT", "Seconds ago"],
  ],
  metrics: [
    { name: "total_records", label: "Records", sql: "SUM(events)", format: ",d" },
    { name: "behind", label: "Newest event, seconds ago", sql: "MIN(seconds_behind)", format: ",d" },
  ],
};

const progress: Dataset = {
  name: "loaded_offsets",
  about: "How far each topic is in the warehouse",
  sql: "SELECT topic, partition, next_offset FROM offsets",
  columns: [
    ["topic", "VARCHAR", "Topic"],
    ["partition", "INTEGER", "Partition"],
    ["next_offset", "BIGINT", "Next offset"],
  ],
  metrics: [
    { name: "loaded", label: "Records loaded", sql: "SUM(next_offset)", format: ",d" },
    { name: "partition_count", label: "Partitions", sql: "COUNT(*)", format: ",d" },
  ],
};

const gaps: Dataset = {
  name: "stream_gaps",
  about: "Gaps that a source could not rule out",
  sql: "SELECT source_id AS source, epoch, reason, action, noted_at FROM gaps",
  columns: [
    ["source", "VARCHAR", "Source"],
    ["epoch", "INTEGER", "New epoch"],
    ["reason", "VARCHAR", "Reason"],
    ["action", "VARCHAR", "What was done"],
    ["noted_at", "TIMESTAMP", "When (UTC)"],
  ],
  metrics: [{ name: "gap_count", label: "Gaps", sql: "COUNT(*)", format: ",d" }],
};

export const STREAM_DATASETS: readonly Dataset[] = [
  verdictMinutes,
  verdictTotals,
  rejected,
  quarantined,
  lag,
  progress,
  gaps,
];
