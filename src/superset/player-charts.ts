/** Dashboard "Players": leaders of a format, how fast against how often out, bowlers by phase, batters against bowlers. */
import type { Chart, Dashboard } from "./describe.ts";

const real = ["NOT super_over"];

export const PLAYER_CHARTS: readonly Chart[] = [
  {
    name: "Most runs",
    kind: "leaders",
    dataset: "batting_cards",
    where: real,
    by: ["player"],
    metrics: ["played", "total_runs", "average", "strike_rate", "total_fours", "total_sixes", "best"],
    orderBy: "total_runs",
    limit: 1000,
  },
  {
    name: "Most wickets",
    kind: "leaders",
    dataset: "bowling_cards",
    where: real,
    by: ["player"],
    metrics: ["bowled", "total_wickets", "bowling_average", "economy", "total_maidens"],
    orderBy: "total_wickets",
    limit: 1000,
  },
  {
    name: "Strike rate against average",
    about: "Batters with 30 balls or more who were out at least once; the size is their runs",
    kind: "bubbles",
    dataset: "batting_cards",
    where: real,
    having: ["SUM(balls) >= 30", "COUNT(*) FILTER (WHERE is_out) > 0"],
    entity: "player",
    series: "match_type",
    x: "average",
    y: "strike_rate",
    size: "total_runs",
    limit: 300,
  },
  {
    name: "Economy by phase",
    about: "All bowlers chosen, as one",
    kind: "bars",
    dataset: "bowler_phases",
    where: real,
    x: "phase",
    metrics: ["economy"],
    series: "match_type",
    xTitle: "Phase, by its first over",
    yTitle: "Runs an over",
    format: ".1f",
  },
  {
    name: "Bowlers by phase",
    about: "Two overs or more in the phase",
    kind: "leaders",
    dataset: "bowler_phases",
    where: real,
    having: ["SUM(balls) >= 12"],
    by: ["phase", "player"],
    metrics: ["total_balls", "total_runs", "economy"],
    orderBy: "economy",
    direction: "asc",
    limit: 1000,
  },
  {
    name: "Batter against bowler",
    about: "Batters by their names as the matches write them",
    kind: "leaders",
    dataset: "duels",
    by: ["player", "bowler"],
    metrics: [
      "total_balls",
      "total_runs",
      "total_dismissals",
      "strike_rate",
      "total_dots",
      "total_fours",
      "total_sixes",
    ],
    orderBy: "total_balls",
    limit: 1000,
  },
];

export const PLAYERS: Dashboard = {
  title: "Players",
  slug: "players",
  about: "Batters and bowlers of one format",
  filters: [
    { name: "Format", dataset: "score", column: "match_type", choice: "first", order: "asc" },
    { name: "Season", dataset: "score", column: "season", choice: "many", order: "desc", narrowedBy: ["Format"] },
    { name: "Team", dataset: "score", column: "team", choice: "many", order: "asc", narrowedBy: ["Format", "Season"] },
    {
      name: "Player",
      dataset: "batting_cards",
      column: "player",
      choice: "many",
      order: "asc",
      narrowedBy: ["Format", "Season", "Team"],
    },
  ],
  rows: [
    {
      height: 60,
      charts: [
        ["Most runs", 6],
        ["Most wickets", 6],
      ],
    },
    {
      height: 54,
      charts: [
        ["Strike rate against average", 7],
        ["Economy by phase", 5],
      ],
    },
    {
      height: 54,
      charts: [
        ["Batter against bowler", 7],
        ["Bowlers by phase", 5],
      ],
    },
  ],
};
