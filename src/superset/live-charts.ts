/** Dashboard "Live match": the match of a format whose newest delivery is the newest. It follows to the next match by itself. */
import type { Chart, Dashboard } from "./describe.ts";

const live = ["live"];
const current = ["live", "current"];

export const LIVE_CHARTS: readonly Chart[] = [
  {
    name: "Score",
    kind: "rows",
    dataset: "score",
    where: live,
    columns: ["match", "innings_label", "score", "overs", "extras", "target"],
    orderBy: [["innings", "desc"]],
    limit: 10,
  },
  { name: "Runs now", kind: "number", dataset: "score", where: current, metric: "runs", subtitle: "runs" },
  { name: "Wickets now", kind: "number", dataset: "score", where: current, metric: "wickets", subtitle: "wickets" },
  {
    name: "Run rate now",
    kind: "number",
    dataset: "score",
    where: current,
    metric: "run_rate",
    subtitle: "runs an over",
  },
  {
    name: "Required rate now",
    kind: "number",
    dataset: "worm_by_ball",
    where: current,
    metric: "required_now",
    subtitle: "runs an over to win",
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
    kind: "bars",
    dataset: "manhattan_by_over",
    where: live,
    x: "over_number",
    metrics: ["runs"],
    series: "innings_label",
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
    metrics: ["rate", "required"],
    xTitle: "Deliveries of the innings",
    yTitle: "Runs an over",
    format: ".1f",
  },
  {
    name: "Last deliveries",
    kind: "rows",
    dataset: "balls",
    where: current,
    columns: ["ball", "players", "what", "runs", "at"],
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
    bars: true,
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
    limit: 100,
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
    limit: 100,
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
        ["Score", 6],
        ["Runs now", 2],
        ["Wickets now", 1],
        ["Run rate now", 1],
        ["Required rate now", 2],
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
      height: 42,
      charts: [
        ["Run rate against required rate", 6],
        ["Last deliveries", 6],
      ],
    },
    {
      height: 56,
      charts: [
        ["Batting card", 6],
        ["Bowling card", 6],
      ],
    },
    { height: 40, charts: [["Partnerships", 12]] },
  ],
};
