/** Dashboard "Stream health": what became of every record, and how far everything is. */
import type { Chart, Dashboard } from "./describe.ts";

export const STREAM_CHARTS: readonly Chart[] = [
  { name: "Records judged", kind: "number", dataset: "verdict_totals", metric: "records", subtitle: "records in" },
  { name: "Records accepted", kind: "number", dataset: "verdict_totals", metric: "accepted", subtitle: "accepted" },
  {
    name: "Duplicates",
    kind: "number",
    dataset: "verdict_totals",
    metric: "duplicate",
    subtitle: "duplicates kept out",
  },
  { name: "Corrections", kind: "number", dataset: "verdict_totals", metric: "correction", subtitle: "corrections" },
  { name: "In quarantine", kind: "number", dataset: "quarantined", metric: "records", subtitle: "in quarantine" },
  {
    name: "Newest event",
    kind: "number",
    dataset: "source_lag",
    metric: "behind",
    subtitle: "seconds since the newest event",
  },
  {
    name: "Verdicts per minute",
    kind: "stacks",
    dataset: "verdict_minutes",
    x: "minute",
    metrics: ["records"],
    series: "verdict",
    xTitle: "Minute of the event (UTC)",
    yTitle: "Records",
  },
  {
    name: "Verdicts by source",
    kind: "leaders",
    dataset: "verdict_totals",
    by: ["source"],
    metrics: ["records", "accepted", "duplicate", "correction", "stale", "late", "poison", "rejected_share"],
    orderBy: "records",
    limit: 50,
  },
  {
    name: "Not accepted, by source",
    kind: "stacks",
    dataset: "verdict_totals",
    where: ["verdict <> 'accepted'"],
    x: "source",
    metrics: ["records"],
    series: "verdict",
    xTitle: "Source",
    yTitle: "Records",
  },
  {
    name: "Sources",
    kind: "rows",
    dataset: "source_lag",
    columns: ["source", "events", "epoch", "last_event_time", "seconds_behind"],
    orderBy: [["source", "asc"]],
    limit: 50,
  },
  {
    name: "Last records not accepted",
    kind: "rows",
    dataset: "rejected",
    columns: ["source", "input_partition", "input_offset", "verdict", "first_seen_offset", "reason"],
    orderBy: [
      ["log_offset", "desc"],
      ["input_offset", "desc"],
    ],
    limit: 50,
  },
  {
    name: "Quarantine",
    kind: "rows",
    dataset: "quarantined",
    columns: ["source", "input_partition", "input_offset", "reason", "quarantined_at", "bytes"],
    orderBy: [
      ["quarantined_at", "desc"],
      ["input_offset", "desc"],
    ],
    limit: 50,
  },
  {
    name: "Loaded",
    kind: "leaders",
    dataset: "loaded_offsets",
    by: ["topic"],
    metrics: ["partitions", "loaded"],
    orderBy: "loaded",
    limit: 50,
  },
  {
    name: "Gaps",
    kind: "rows",
    dataset: "stream_gaps",
    columns: ["source", "epoch", "reason", "action", "noted_at"],
    orderBy: [["noted_at", "desc"]],
    limit: 50,
  },
];

export const STREAM: Dashboard = {
  title: "Stream health",
  slug: "stream-health",
  about: "What became of every record, and how far everything is",
  filters: [{ name: "Source", dataset: "verdict_totals", column: "source", choice: "many", order: "asc" }],
  rows: [
    {
      height: 18,
      charts: [
        ["Records judged", 2],
        ["Records accepted", 2],
        ["Duplicates", 2],
        ["Corrections", 2],
        ["In quarantine", 2],
        ["Newest event", 2],
      ],
    },
    {
      height: 44,
      charts: [
        ["Verdicts per minute", 7],
        ["Not accepted, by source", 5],
      ],
    },
    {
      height: 30,
      charts: [
        ["Verdicts by source", 7],
        ["Sources", 5],
      ],
    },
    {
      height: 46,
      charts: [
        ["Last records not accepted", 7],
        ["Quarantine", 5],
      ],
    },
    {
      height: 30,
      charts: [
        ["Loaded", 5],
        ["Gaps", 7],
      ],
    },
  ],
};
