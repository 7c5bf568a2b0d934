/** Dashboard "Innings": the innings of one match beside each other, and those of a season. */
import type { Chart, Dashboard } from "./describe.ts";

const real = ["NOT super_over"];

/** What only the choice of a match changes: the others narrow the list of matches. */
const MATCH = [
  ...["Innings of the match", "Worm by over", "Runs of each over", "Run rate by phase of the match"],
  ...["Batting of the match", "Bowling of the match", "Partnerships of the match", "Fall of wickets"],
];

/** What the choice of a match leaves as it is: these compare matches. */
const SEASON = ["Totals by innings", "Run rate by season", "Highest totals", "Runs by phase"];

export const INNINGS_CHARTS: readonly Chart[] = [
  {
    name: "Innings of the match",
    kind: "rows",
    dataset: "score",
    columns: ["innings_label", "score", "overs", "extras", "target"],
    orderBy: [["innings", "asc"]],
    limit: 20,
  },
  {
    name: "Worm by over",
    kind: "lines",
    dataset: "worm_by_ball",
    where: real,
    x: "over_number",
    metrics: ["score_after"],
    series: "innings_label",
    xTitle: "Over",
    yTitle: "Runs",
  },
  {
    name: "Runs of each over",
    kind: "bars",
    dataset: "manhattan_by_over",
    where: real,
    x: "over_number",
    metrics: ["total_runs"],
    series: "innings_label",
    xTitle: "Over",
    yTitle: "Runs",
  },
  {
    name: "Run rate by phase of the match",
    kind: "bars",
    dataset: "phases_of_innings",
    where: real,
    x: "phase",
    metrics: ["scoring_rate"],
    series: "innings_label",
    xTitle: "Phase, by its first over",
    yTitle: "Runs an over",
    format: ".1f",
  },
  {
    name: "Batting of the match",
    kind: "rows",
    dataset: "batting_cards",
    columns: ["innings_label", "batter", "how_out", "runs", "balls", "fours", "sixes"],
    orderBy: [
      ["innings", "asc"],
      ["position", "asc"],
    ],
    limit: 500,
  },
  {
    name: "Bowling of the match",
    kind: "rows",
    dataset: "bowling_cards",
    columns: ["innings_label", "bowler", "overs", "maidens", "runs", "wickets"],
    orderBy: [
      ["innings", "asc"],
      ["position", "asc"],
    ],
    limit: 500,
  },
  {
    name: "Partnerships of the match",
    kind: "rows",
    dataset: "stands",
    columns: ["innings_label", "wicket", "pair", "runs", "balls"],
    orderBy: [
      ["innings", "asc"],
      ["position", "asc"],
    ],
    limit: 500,
    bars: ["runs"],
  },
  {
    name: "Fall of wickets",
    kind: "rows",
    dataset: "falls",
    columns: ["innings_label", "wicket", "at_runs", "batter", "over_label"],
    orderBy: [
      ["innings", "asc"],
      ["wicket", "asc"],
    ],
    limit: 500,
  },
  {
    name: "Totals by innings",
    about: "Sums of all matches chosen by format, season and team",
    kind: "leaders",
    dataset: "score",
    where: real,
    by: ["match_type", "innings"],
    metrics: ["innings_count", "total_runs", "total_wickets", "scoring_rate", "runs_per_wicket", "highest"],
    orderBy: "innings_count",
    limit: 20,
  },
  {
    name: "Run rate by season",
    kind: "bars",
    dataset: "score",
    where: real,
    x: "season",
    metrics: ["scoring_rate"],
    series: "match_type",
    xTitle: "Season",
    yTitle: "Runs an over",
    format: ".1f",
  },
  {
    name: "Highest totals",
    kind: "rows",
    dataset: "score",
    where: real,
    columns: ["match", "team", "score", "overs"],
    orderBy: [
      ["runs", "desc"],
      ["match_id", "asc"],
      ["innings", "asc"],
    ],
    limit: 1000,
  },
  {
    name: "Runs by phase",
    about: "A phase is named by its first over",
    kind: "leaders",
    dataset: "phases_of_innings",
    where: real,
    by: ["match_type", "phase"],
    metrics: ["total_runs", "total_wickets", "total_boundaries", "scoring_rate"],
    orderBy: "total_runs",
    limit: 100,
  },
];

export const INNINGS: Dashboard = {
  title: "Innings",
  slug: "innings",
  about: "The innings of one match beside each other, and all of a season",
  filters: [
    { name: "Format", dataset: "score", column: "match_type", choice: "one", order: "asc", except: MATCH },
    {
      name: "Season",
      dataset: "score",
      column: "season",
      choice: "many",
      order: "desc",
      narrowedBy: ["Format"],
      except: MATCH,
    },
    {
      name: "Team",
      dataset: "score",
      column: "team",
      choice: "many",
      order: "asc",
      narrowedBy: ["Format", "Season"],
      except: MATCH,
    },
    {
      name: "Match",
      dataset: "score",
      column: "match",
      choice: "first",
      order: "desc",
      narrowedBy: ["Format", "Season", "Team"],
      except: SEASON,
    },
  ],
  rows: [
    { heading: "One match" },
    {
      height: 42,
      charts: [
        ["Innings of the match", 4],
        ["Worm by over", 8],
      ],
    },
    {
      height: 42,
      charts: [
        ["Runs of each over", 7],
        ["Run rate by phase of the match", 5],
      ],
    },
    {
      height: 56,
      charts: [
        ["Batting of the match", 6],
        ["Bowling of the match", 6],
      ],
    },
    {
      height: 46,
      charts: [
        ["Partnerships of the match", 7],
        ["Fall of wickets", 5],
      ],
    },
    { heading: "All matches of the format, season and team" },
    {
      height: 36,
      charts: [
        ["Totals by innings", 7],
        ["Run rate by season", 5],
      ],
    },
    {
      height: 46,
      charts: [
        ["Highest totals", 7],
        ["Runs by phase", 5],
      ],
    },
  ],
};
