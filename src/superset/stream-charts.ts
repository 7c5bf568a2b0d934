/** Dashboard "Stream health": what became of every record, and how far everything is. */
import type { Chart, Dashboard } from "./describe.ts";

export const STREAM_CHARTS: readonly Chart[] = [
  { name: "Judged", kind: "number", dataset: "verdict_totals", metric: "total_records", subtitle: "records in" },
  { name: "Accepted", kind: "number", dataset: "verdict_totals", metric: "accepted_records", subtitle: "on the board" },
  {
    name: "Duplicates",
    kind: "number",
    dataset: "verdict_totals",
    metric: "duplicate_records",
    subtitle: "kept out",
  },
  {
    name: "Corrections",
    kind: "number",
    dataset: "verdict_totals",
    metric: "correction_records",
    subtitle: "changed what was known",
  },
  {
    name: "In quarantine",
    kind: "number",
    dataset: "quarantined",
    metric: "total_records",
    subtitle: "could not be read",
  },
  {
    name: "Newest event",
    kind: "number",
    dataset: "source_lag",
    metric: "behind",
    subtitle: "seconds ago",
  },
  {
    name: "Verdicts per minute",
    kind: "stacks",
    dataset: "verdict_minutes",
    x: "minute",
    metrics: ["total_records"],
    series: "verdict",
    xTitle: "Minute of the event (UTC)",
    yTitle: "Records",
  },
  {
    name: "Verdicts by source",
    kind: "leaders",
    dataset: "verdict_totals",
    by: ["source"],
    metrics: [
      "total_records",
      "accepted_records",
      "duplicate_records",
      "correction_records",
      "stale_records",
      "late_records",
      "poison_records",
      "rejected_share",
    ],
    orderBy: "total_records",
    limit: 50,
  },
  {
    name: "Not accepted, by source",
    kind: "stacks",
    dataset: "verdict_totals",
    where: ["verdict <> 'accepted'"],
    x: "source",
    metrics: ["total_records"],
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
    metrics: ["partition_count", "loaded"],
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
  colors: {
    accepted: "#5AC189",
    duplicate: "#1FA8C9",
    correction: "#FCC700",
    stale: "#A868B7",
    late: "#FF7F44",
    poison: "#E04355",
  },
  filters: [{ name: "Source", dataset: "verdict_totals", column: "source", choice: "many", order: "asc" }],
  rows: [
    {
      height: 18,
      charts: [
        ["Judged", 2],
        ["Accepted", 2],
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
