/** Datasets over players: the cards, bowlers by phase, batters against bowlers. */
import type { Dataset, Metric } from "./describe.ts";
import { NAME_COLUMNS, NAMED, NAMES } from "./match-datasets.ts";

/**
 * Who a name of a match is. One player may be spelt in several ways and two may share a name, so a player is his id in the register:
 * shown as his latest match writes it, with the id behind it where another has the same. Without an id the name has to do.
 */
const PEOPLE = `people AS (
  SELECT p.match_id, p.player, any_value(p.registry_id) AS id FROM players p GROUP BY p.match_id, p.player
), latest AS (
  SELECT id, arg_max(player, (coalesce(m.first_date, DATE '0001-01-01'), match_id)) AS player
  FROM people LEFT JOIN matches m USING (match_id) WHERE id IS NOT NULL GROUP BY id
), shown AS (
  SELECT id, CASE WHEN count(*) OVER (PARTITION BY player) > 1 THEN player || ' (' || id || ')' ELSE player END AS player FROM latest
), known AS (
  SELECT people.match_id, people.player AS name, coalesce(shown.player, people.player) AS player
  FROM people LEFT JOIN shown ON shown.id = people.id
)`;

const sum = (column: string, label: string): Metric => ({
  name: `total_${column}`,
  label,
  sql: `SUM(${column})`,
  format: ",d",
});

const battingCards: Dataset = {
  name: "batting_cards",
  about: "One row per batter and innings",
  sql: `WITH ${NAMED}, ${PEOPLE}
SELECT ${NAMES}, b.position, coalesce(k.player, b.batter) AS player, b.batter,
  CASE WHEN b.how IN ('not out', 'retired hurt', 'retired not out') THEN b.how
       WHEN b.how = 'bowled' THEN 'b ' || coalesce(b.bowler, '?')
       WHEN b.how = 'caught and bowled' THEN 'c & b ' || coalesce(b.bowler, '?')
       WHEN b.how = 'lbw' THEN 'lbw b ' || coalesce(b.bowler, '?')
       WHEN b.how = 'caught' THEN 'c ' || coalesce(b.fielders->>0, '?') || ' b ' || coalesce(b.bowler, '?')
       WHEN b.how = 'stumped' THEN 'st ' || coalesce(b.fielders->>0, '?') || ' b ' || coalesce(b.bowler, '?')
       ELSE b.how END AS how_out,
  b.runs, b.balls, b.fours, b.sixes, b.is_out
FROM named n
JOIN batting b ON b.match_id = n.match_id AND b.innings = n.innings
LEFT JOIN known k ON k.match_id = b.match_id AND k.name = b.batter`,
  columns: [
    ...NAME_COLUMNS,
    ["position", "INTEGER", "No."],
    ["player", "VARCHAR", "Player"],
    ["batter", "VARCHAR", "Batter"],
    ["how_out", "VARCHAR", "How out"],
    ["runs", "INTEGER", "Runs"],
    ["balls", "INTEGER", "Balls"],
    ["fours", "INTEGER", "4s"],
    ["sixes", "INTEGER", "6s"],
    ["is_out", "BOOLEAN", "Out"],
  ],
  metrics: [
    { name: "played", label: "Innings", sql: "COUNT(*)", format: ",d" },
    sum("runs", "Runs"),
    sum("balls", "Balls"),
    sum("fours", "4s"),
    sum("sixes", "6s"),
    { name: "outs", label: "Outs", sql: "COUNT(*) FILTER (WHERE is_out)", format: ",d" },
    { name: "best", label: "Best", sql: "MAX(runs)", format: ",d" },
    {
      name: "average",
      label: "Average",
      sql: "SUM(runs) / NULLIF(COUNT(*) FILTER (WHERE is_out), 0)",
      format: ".2f",
    },
    {
      name: "strike_rate",
      label: "Strike rate",
      sql: "100 * SUM(runs) FILTER (WHERE balls IS NOT NULL) / NULLIF(SUM(balls), 0)",
      format: ".1f",
    },
  ],
};

const bowlingCards: Dataset = {
  name: "bowling_cards",
  about: "One row per bowler and innings; team and opponent are the bowler's",
  sql: `WITH ${NAMED}, ${PEOPLE}
SELECT n.match_type, n.season, n.match, n.match_id, n.innings, n.innings_label, n.opponent AS team, n.team AS opponent,
  n.super_over, n.live, n.current,
  b.position, coalesce(k.player, b.bowler) AS player, b.bowler,
  CASE WHEN b.balls_used IS NULL THEN '?' ELSE (b.balls_used // n.balls_per_over) || '.' || (b.balls_used % n.balls_per_over) END AS overs,
  b.balls, b.balls_used / n.balls_per_over AS overs_bowled, b.maidens, b.runs, b.wickets, b.wides, b.noballs
FROM named n
JOIN bowling b ON b.match_id = n.match_id AND b.innings = n.innings
LEFT JOIN known k ON k.match_id = b.match_id AND k.name = b.bowler`,
  columns: [
    ...NAME_COLUMNS,
    ["position", "INTEGER", "No."],
    ["player", "VARCHAR", "Player"],
    ["bowler", "VARCHAR", "Bowler"],
    ["overs", "VARCHAR", "O"],
    ["balls", "INTEGER", "Legal balls"],
    ["overs_bowled", "DOUBLE", "Overs as a fraction"],
    ["maidens", "INTEGER", "M"],
    ["runs", "INTEGER", "R"],
    ["wickets", "INTEGER", "W"],
    ["wides", "INTEGER", "Wides"],
    ["noballs", "INTEGER", "No-balls"],
  ],
  metrics: [
    { name: "bowled", label: "Innings", sql: "COUNT(*)", format: ",d" },
    sum("wickets", "Wickets"),
    sum("balls", "Balls"),
    sum("runs", "Runs"),
    sum("maidens", "Maidens"),
    {
      name: "economy",
      label: "Economy",
      sql: "SUM(runs) FILTER (WHERE balls IS NOT NULL) / NULLIF(SUM(overs_bowled), 0)",
      format: ".2f",
    },
    {
      name: "bowling_average",
      label: "Average",
      sql: "SUM(runs) / NULLIF(SUM(wickets) FILTER (WHERE runs IS NOT NULL), 0)",
      format: ".2f",
    },
  ],
};

/** Phases as the view `phases` has them, for one bowler at a time. Byes, leg byes and penalties are not the bowler's. */
const bowlerPhases: Dataset = {
  name: "bowler_phases",
  about: "Bowlers by phase of the innings: balls and runs charged",
  sql: `WITH ${NAMED}, ${PEOPLE}, parted AS (
  SELECT d.match_id, d.innings, d.bowler, d.runs_batter + d.wides + d.noballs AS charged,
    CASE WHEN d.wides IS NULL THEN NULL WHEN d.wides = 0 AND d.noballs = 0 THEN 1 ELSE 0 END AS legal, d.over_no
  FROM deliveries d
)
SELECT n.match_type, n.season, n.match, n.match_id, n.innings, n.innings_label, n.opponent AS team, n.team AS opponent,
  n.super_over, n.live, n.current, coalesce(k.player, d.bowler) AS player,
  CASE WHEN n.match_type IN ('T20', 'IT20') THEN
         CASE WHEN d.over_no < 6 THEN '01 powerplay' WHEN d.over_no < 15 THEN '07 middle' ELSE '16 death' END
       WHEN n.match_type IN ('ODI', 'ODM') THEN
         CASE WHEN d.over_no < 10 THEN '01 powerplay' WHEN d.over_no < 40 THEN '11 middle' ELSE '41 death' END
       WHEN n.match_type IN ('Test', 'MDM') THEN printf('%03d-%03d', d.over_no // 30 * 30 + 1, d.over_no // 30 * 30 + 30)
       ELSE '01 all' END AS phase,
  sum(d.legal)::INTEGER AS balls, sum(d.charged)::INTEGER AS runs, sum(d.legal) / any_value(n.balls_per_over) AS overs_bowled
FROM named n
JOIN parted d ON d.match_id = n.match_id AND d.innings = n.innings
LEFT JOIN known k ON k.match_id = d.match_id AND k.name = d.bowler
GROUP BY ALL`,
  columns: [
    ...NAME_COLUMNS,
    ["player", "VARCHAR", "Player"],
    ["phase", "VARCHAR", "Phase"],
    ["balls", "INTEGER", "Legal balls"],
    ["runs", "INTEGER", "Runs charged"],
    ["overs_bowled", "DOUBLE", "Overs as a fraction"],
  ],
  metrics: [
    sum("balls", "Balls"),
    sum("runs", "Runs"),
    {
      name: "economy",
      label: "Economy",
      sql: "SUM(runs) FILTER (WHERE balls IS NOT NULL) / NULLIF(SUM(overs_bowled), 0)",
      format: ".2f",
    },
  ],
};

const duels: Dataset = {
  name: "duels",
  about: "Every batter against every bowler, super overs left out",
  sql: `SELECT coalesce(match_type, 'unknown') AS match_type, batter AS player, bowler, balls, runs, dismissals, dots, fours, sixes
FROM head_to_head`,
  columns: [
    ["match_type", "VARCHAR", "Format"],
    ["player", "VARCHAR", "Batter"],
    ["bowler", "VARCHAR", "Bowler"],
    ["balls", "INTEGER", "Balls"],
    ["runs", "INTEGER", "Runs"],
    ["dismissals", "INTEGER", "Dismissals"],
    ["dots", "INTEGER", "Dots"],
    ["fours", "INTEGER", "4s"],
    ["sixes", "INTEGER", "6s"],
  ],
  metrics: [
    sum("balls", "Balls"),
    sum("runs", "Runs"),
    sum("dismissals", "Out"),
    sum("dots", "Dots"),
    sum("fours", "4s"),
    sum("sixes", "6s"),
    {
      name: "strike_rate",
      label: "Strike rate",
      sql: "100 * SUM(runs) FILTER (WHERE balls IS NOT NULL) / NULLIF(SUM(balls), 0)",
      format: ".1f",
    },
  ],
};

export const PLAYER_DATASETS: readonly Dataset[] = [battingCards, bowlingCards, bowlerPhases, duels];
