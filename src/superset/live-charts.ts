/** Dashboard "Live match": the match of a format whose newest delivery is the newest. It follows to the next match by itself. */
import type { Chart, Dashboard } from "./describe.ts";

const live = ["live"];
const current = ["live", "current"];

export const LIVE_CHARTS: readonly Chart[] = [
  {
    name: "Now playing",
    kind: "rows",
    dataset: "score",
    where: current,
    columns: ["match", "innings_label"],
    orderBy: [["match_id", "asc"]],
    limit: 10,
  },
  { name: "Runs", kind: "number", dataset: "score", where: current, metric: "total_runs" },
  { name: "Wickets", kind: "number", dataset: "score", where: current, metric: "total_wickets" },
  { name: "Rate", kind: "number", dataset: "score", where: current, metric: "scoring_rate", subtitle: "runs an over" },
  {
    name: "To win",
    kind: "number",
    dataset: "worm_by_ball",
    where: current,
    metric: "required_now",
    subtitle: "runs an over needed",
  },
  {
    name: "Score",
    kind: "rows",
    dataset: "score",
    where: live,
    columns: ["innings_label", "score", "overs", "extras", "target"],
    orderBy: [["innings", "desc"]],
    limit: 10,
  },
  {
    name: "Worm",
    kind: "lines",
    dataset: "worm_by_ball",
    where: live,
    x: "ball_index",
    metrics: ["score_after"],
    series: "innings_label",
    xTitle: "Deliveries of the innings",
    yTitle: "Runs",
  },
  {
    name: "Manhattan",
    about: "The current innings",
    kind: "bars",
    dataset: "manhattan_by_over",
    where: current,
    x: "over_number",
    metrics: ["total_runs"],

    xTitle: "Over",
    yTitle: "Runs",
  },
  {
    name: "Run rate against required rate",
    about: "The current innings, from its second over",
    kind: "lines",
    dataset: "worm_by_ball",
    where: [...current, "ball_index > 6"],
    x: "ball_index",
    metrics: ["rate_after", "required_after"],
    xTitle: "Deliveries of the innings",
    yTitle: "Runs an over",
    format: ".1f",
  },
  {
    name: "Last deliveries",
    kind: "rows",
    dataset: "balls",
    where: current,
    columns: ["ball", "players", "what", "runs", "bowled_at"],
    orderBy: [
      ["over_no", "desc"],
      ["ball_no", "desc"],
    ],
    limit: 12,
  },
  {
    name: "Partnerships",
    kind: "rows",
    dataset: "stands",
    where: current,
    columns: ["wicket", "pair", "runs", "balls"],
    orderBy: [["position", "asc"]],
    limit: 30,
    bars: ["runs"],
  },
  {
    name: "Batting card",
    kind: "rows",
    dataset: "batting_cards",
    where: live,
    columns: ["innings_label", "batter", "how_out", "runs", "balls", "fours", "sixes"],
    orderBy: [
      ["innings", "desc"],
      ["position", "asc"],
    ],
    limit: 200,
  },
  {
    name: "Bowling card",
    kind: "rows",
    dataset: "bowling_cards",
    where: live,
    columns: ["innings_label", "bowler", "overs", "maidens", "runs", "wickets"],
    orderBy: [
      ["innings", "desc"],
      ["position", "asc"],
    ],
    limit: 200,
  },
];

export const LIVE: Dashboard = {
  title: "Live match",
  slug: "live-match",
  about: "The match that is being played now, one format at a time; asks again every 10 seconds",
  filters: [{ name: "Format", dataset: "score", column: "match_type", choice: "first", order: { metric: "newest" } }],
  rows: [
    {
      height: 20,
      charts: [
        ["Now playing", 4],
        ["Runs", 2],
        ["Wickets", 2],
        ["Rate", 2],
        ["To win", 2],
      ],
    },
    {
      height: 32,
      charts: [
        ["Score", 5],
        ["Last deliveries", 7],
      ],
    },
    {
      height: 46,
      charts: [
        ["Worm", 6],
        ["Manhattan", 6],
      ],
    },
    {
      height: 44,
      charts: [
        ["Run rate against required rate", 6],
        ["Partnerships", 6],
      ],
    },
    {
      height: 60,
      charts: [
        ["Batting card", 7],
        ["Bowling card", 5],
      ],
    },
  ],
};
