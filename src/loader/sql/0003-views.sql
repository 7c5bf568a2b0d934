-- Marts that DuckDB computes fast enough when asked (docs/decisions/0010). A filter on match_id reaches the scan of every
-- view that has the column. What a format cannot tell is null, and null makes a sum of it null: it never counts as 0.

CREATE MACRO team_wickets(wickets) AS
  CASE WHEN wickets IS NULL THEN 0
       ELSE len(list_filter(json_extract_string(wickets, '$[*].kind'),
                            lambda kind: kind NOT IN ('retired hurt', 'retired not out'))) END;

CREATE VIEW worm AS
WITH balls AS (
  SELECT
    match_id, innings, over_no, ball_no,
    row_number() OVER so_far AS ball_index,
    sum(runs_total) OVER so_far AS runs,
    sum(team_wickets(wickets)) OVER so_far AS wickets,
    CASE WHEN count(wides) OVER so_far = count(*) OVER so_far
         THEN count(*) FILTER (WHERE wides = 0 AND noballs = 0) OVER so_far END AS legal_balls
  FROM deliveries
  WINDOW so_far AS (PARTITION BY match_id, innings ORDER BY over_no, ball_no ROWS UNBOUNDED PRECEDING)
), goals AS (
  SELECT
    i.match_id, i.innings, i.penalty_pre, coalesce(m.balls_per_over, 6) AS balls_per_over,
    coalesce(i.target_runs, CASE WHEN m.method IS NULL AND i.innings = 2 AND NOT i.super_over AND m.overs IS NOT NULL
                                 THEN f.runs + 1 END) AS target_runs,
    coalesce(i.target_overs, m.overs) AS target_overs
  FROM innings i
  LEFT JOIN matches m ON m.match_id = i.match_id
  LEFT JOIN innings f ON f.match_id = i.match_id AND f.innings = 1
), chase AS (
  SELECT
    b.match_id, b.innings, b.ball_index, b.over_no, b.ball_no, b.legal_balls, g.balls_per_over, b.wickets,
    b.runs + g.penalty_pre AS runs,
    g.target_runs - b.runs - g.penalty_pre AS needed,
    floor(g.target_overs) * g.balls_per_over + round((g.target_overs - floor(g.target_overs)) * 10) - b.legal_balls
      AS balls_left
  FROM balls b
  JOIN goals g ON g.match_id = b.match_id AND g.innings = b.innings
)
SELECT
  match_id,
  innings,
  ball_index::INTEGER AS ball_index,
  over_no,
  ball_no,
  runs::INTEGER AS runs,
  wickets::INTEGER AS wickets,
  CASE WHEN legal_balls > 0 THEN runs * balls_per_over / legal_balls END::DOUBLE AS run_rate,
  CASE WHEN needed > 0 AND balls_left > 0 THEN needed * balls_per_over / balls_left END::DOUBLE AS required_rate
FROM chase;
COMMENT ON VIEW worm IS 'Mart: the score after every ball. Penalty runs given before the innings count from its first ball, those given after it are left out';
COMMENT ON COLUMN worm.match_id IS 'Cricsheet''s id of the match';
COMMENT ON COLUMN worm.innings IS 'Innings number from 1, in order of play, super overs included';
COMMENT ON COLUMN worm.ball_index IS 'n-th delivery of the innings from 1, wides and no-balls counted';
COMMENT ON COLUMN worm.over_no IS 'Over from 0';
COMMENT ON COLUMN worm.ball_no IS 'n-th delivery of the over from 1';
COMMENT ON COLUMN worm.runs IS 'Runs of the team after this ball';
COMMENT ON COLUMN worm.wickets IS 'Wickets after this ball';
COMMENT ON COLUMN worm.run_rate IS 'Runs an over so far; null before the first legal ball and where the format cannot tell wides';
COMMENT ON COLUMN worm.required_rate IS 'Runs an over still needed; null where there is no target, once it is reached or no ball is left. Where the record names no target: the first innings and one, in the overs of the match, unless a method such as D/L decided it';

CREATE VIEW manhattan AS
SELECT
  match_id,
  innings,
  over_no,
  sum(runs_total)::INTEGER AS runs,
  sum(team_wickets(wickets))::INTEGER AS wickets
FROM deliveries
GROUP BY match_id, innings, over_no;
COMMENT ON VIEW manhattan IS 'Mart: runs and wickets of every over. Sums to the innings less penalty runs given before and after it';
COMMENT ON COLUMN manhattan.match_id IS 'Cricsheet''s id of the match';
COMMENT ON COLUMN manhattan.innings IS 'Innings number from 1, in order of play, super overs included';
COMMENT ON COLUMN manhattan.over_no IS 'Over from 0';
COMMENT ON COLUMN manhattan.runs IS 'Runs of the over, extras included';
COMMENT ON COLUMN manhattan.wickets IS 'Wickets of the team in the over';

CREATE VIEW phases AS
WITH parted AS (
  SELECT
    d.match_id, d.innings, d.runs_total, d.runs_batter, d.wides, d.noballs, d.non_boundary, d.wickets,
    CASE WHEN i.super_over THEN 'super over'
         WHEN m.match_type IN ('T20', 'IT20') THEN
           CASE WHEN d.over_no < 6 THEN 'powerplay' WHEN d.over_no < 15 THEN 'middle' ELSE 'death' END
         WHEN m.match_type IN ('ODI', 'ODM') THEN
           CASE WHEN d.over_no < 10 THEN 'powerplay' WHEN d.over_no < 40 THEN 'middle' ELSE 'death' END
         WHEN m.match_type IN ('Test', 'MDM') THEN
           'overs ' || (d.over_no // 30 * 30 + 1) || '-' || (d.over_no // 30 * 30 + 30)
         ELSE 'all' END AS phase,
    CASE WHEN i.super_over THEN 0
         WHEN m.match_type IN ('T20', 'IT20') THEN
           CASE WHEN d.over_no < 6 THEN 0 WHEN d.over_no < 15 THEN 6 ELSE 15 END
         WHEN m.match_type IN ('ODI', 'ODM') THEN
           CASE WHEN d.over_no < 10 THEN 0 WHEN d.over_no < 40 THEN 10 ELSE 40 END
         WHEN m.match_type IN ('Test', 'MDM') THEN d.over_no // 30 * 30
         ELSE 0 END AS from_over
  FROM deliveries d
  JOIN innings i ON i.match_id = d.match_id AND i.innings = d.innings
  LEFT JOIN matches m ON m.match_id = d.match_id
)
SELECT
  match_id,
  innings,
  phase,
  CASE WHEN count(wides) = count(*) THEN count(*) FILTER (WHERE wides = 0 AND noballs = 0) END::INTEGER AS balls,
  sum(runs_total)::INTEGER AS runs,
  sum(team_wickets(wickets))::INTEGER AS wickets,
  count(*) FILTER (WHERE runs_total = 0)::INTEGER AS dots,
  count(*) FILTER (WHERE runs_batter IN (4, 6) AND non_boundary IS NOT TRUE)::INTEGER AS boundaries,
  from_over::INTEGER AS from_over
FROM parted
GROUP BY match_id, innings, phase, from_over;
COMMENT ON VIEW phases IS 'Mart: an innings in parts. T20: overs 1-6, 7-15, 16-20; one-day: 1-10, 11-40, 41-50, whatever rain left of them; Tests have no powerplay and go by 30 overs, about a session; a super over is a part of its own. Sums to the innings less penalty runs given before and after it';
COMMENT ON COLUMN phases.match_id IS 'Cricsheet''s id of the match';
COMMENT ON COLUMN phases.innings IS 'Innings number from 1, in order of play, super overs included';
COMMENT ON COLUMN phases.phase IS 'powerplay, middle, death; overs 1-30, 31-60, … of a Test; super over; all where the match''s type is unknown';
COMMENT ON COLUMN phases.balls IS 'Legal balls; null where the format cannot tell wides';
COMMENT ON COLUMN phases.runs IS 'Runs, extras included';
COMMENT ON COLUMN phases.wickets IS 'Wickets of the team';
COMMENT ON COLUMN phases.dots IS 'Deliveries without any run, extras included';
COMMENT ON COLUMN phases.boundaries IS 'Fours and sixes off the bat; run ones count where the format cannot tell them apart (innings.boundaries_exact)';
COMMENT ON COLUMN phases.from_over IS 'First over of the phase from 0: orders the phases';

CREATE VIEW head_to_head AS
SELECT
  m.match_type,
  d.batter,
  d.bowler,
  CASE WHEN count(d.wides) = count(*) THEN count(*) FILTER (WHERE d.wides = 0) END::INTEGER AS balls,
  sum(d.runs_batter)::INTEGER AS runs,
  sum(CASE WHEN d.wickets IS NULL THEN 0
           ELSE len(list_filter(from_json(d.wickets, '[{"kind": "VARCHAR", "playerOut": "VARCHAR"}]'),
                                lambda w: w.playerOut = d.batter AND w.kind IN
                                  ('bowled', 'caught', 'caught and bowled', 'lbw', 'stumped', 'hit wicket'))) END)::INTEGER
    AS dismissals,
  CASE WHEN count(d.wides) = count(*) THEN count(*) FILTER (WHERE d.wides = 0 AND d.runs_batter = 0) END::INTEGER AS dots,
  count(*) FILTER (WHERE d.runs_batter = 4 AND d.non_boundary IS NOT TRUE)::INTEGER AS fours,
  count(*) FILTER (WHERE d.runs_batter = 6 AND d.non_boundary IS NOT TRUE)::INTEGER AS sixes
FROM deliveries d
JOIN innings i ON i.match_id = d.match_id AND i.innings = d.innings
LEFT JOIN matches m ON m.match_id = d.match_id
WHERE NOT i.super_over
GROUP BY m.match_type, d.batter, d.bowler;
COMMENT ON VIEW head_to_head IS 'Mart: every batter against every bowler, by names as the matches write them; super overs left out. Sums to batting and bowling';
COMMENT ON COLUMN head_to_head.match_type IS 'ODI, T20, Test, …; null where the match''s type is unknown';
COMMENT ON COLUMN head_to_head.batter IS 'Batter on strike';
COMMENT ON COLUMN head_to_head.bowler IS 'Bowler';
COMMENT ON COLUMN head_to_head.balls IS 'Balls faced, wides not counted; null where one of them is of a format that cannot tell';
COMMENT ON COLUMN head_to_head.runs IS 'Runs off the bat';
COMMENT ON COLUMN head_to_head.dismissals IS 'Dismissals of this batter credited to this bowler';
COMMENT ON COLUMN head_to_head.dots IS 'Balls faced without a run off the bat; null as for balls';
COMMENT ON COLUMN head_to_head.fours IS 'Boundary fours';
COMMENT ON COLUMN head_to_head.sixes IS 'Boundary sixes';
