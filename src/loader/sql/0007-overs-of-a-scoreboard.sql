-- Overs and balls left as a scoreboard counts them: an over that another one followed is used up, also where the umpire
-- miscounted it. Legal balls stay where they were. The fold fills the new columns (MARTS_VERSION).

ALTER TABLE innings ADD COLUMN overs_used VARCHAR;
ALTER TABLE innings ADD COLUMN balls_used INTEGER;
ALTER TABLE bowling ADD COLUMN balls_used INTEGER;
COMMENT ON COLUMN innings.overs IS 'Legal balls in overs, e.g. 19.3, as scorecards --jsonl prints them; null where the format cannot tell wides';
COMMENT ON COLUMN innings.overs_used IS 'Overs as a scoreboard shows them: 19.3 is 19 overs and 3 balls, and an over that the umpire miscounted is an over; null where the format cannot tell wides';
COMMENT ON COLUMN innings.balls_used IS 'Balls that count against the overs of the innings, as in overs_used; null where the format cannot tell wides';
COMMENT ON COLUMN bowling.balls_used IS 'Balls of his overs as a scoreboard counts them: an over that the umpire miscounted is an over of whoever bowled all of it; null where the format cannot tell wides';

-- As `usedOf` in src/domain/cricket/overs.ts, which tests hold it to. Not with least(), for which null is no value.
CREATE MACRO used_of(over_no, legal_in_over, balls_per_over) AS
  over_no * balls_per_over + CASE WHEN legal_in_over > balls_per_over THEN balls_per_over ELSE legal_in_over END;

CREATE OR REPLACE VIEW worm AS
WITH balls AS (
  SELECT
    match_id, innings, over_no, ball_no,
    row_number() OVER so_far AS ball_index,
    sum(runs_total) OVER so_far AS runs,
    sum(team_wickets(wickets)) OVER so_far AS wickets,
    CASE WHEN count(wides) OVER so_far = count(*) OVER so_far
         THEN count(*) FILTER (WHERE wides = 0 AND noballs = 0) OVER in_over END AS legal_in_over
  FROM deliveries
  WINDOW so_far AS (PARTITION BY match_id, innings ORDER BY over_no, ball_no ROWS UNBOUNDED PRECEDING),
    in_over AS (PARTITION BY match_id, innings, over_no ORDER BY ball_no ROWS UNBOUNDED PRECEDING)
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
    b.match_id, b.innings, b.ball_index, b.over_no, b.ball_no, g.balls_per_over, b.wickets,
    used_of(b.over_no, b.legal_in_over, g.balls_per_over) AS balls_used,
    b.runs + g.penalty_pre AS runs,
    g.target_runs - b.runs - g.penalty_pre AS needed,
    floor(g.target_overs) * g.balls_per_over + round((g.target_overs - floor(g.target_overs)) * 10)
      - used_of(b.over_no, b.legal_in_over, g.balls_per_over) AS balls_left
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
  CASE WHEN balls_used > 0 THEN runs * balls_per_over / balls_used END::DOUBLE AS run_rate,
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
COMMENT ON COLUMN worm.run_rate IS 'Runs an over so far, overs as a scoreboard counts them; null before the first legal ball and where the format cannot tell wides';
COMMENT ON COLUMN worm.required_rate IS 'Runs an over still needed; null where there is no target, once it is reached or no ball is left. Where the record names no target: the first innings and one, in the overs of the match, unless a method such as D/L decided it';

CREATE OR REPLACE VIEW career AS
WITH people AS (
  SELECT match_id, player, any_value(registry_id) AS player_id FROM players GROUP BY match_id, player
), cards AS (
  SELECT
    b.match_id, b.batter AS player, true AS bats, b.runs, b.balls, b.is_out::INTEGER AS is_out, b.fours, b.sixes,
    NULL::INTEGER AS balls_bowled, NULL::INTEGER AS balls_used, NULL::INTEGER AS runs_conceded, NULL::INTEGER AS wickets
  FROM batting b JOIN innings i ON i.match_id = b.match_id AND i.innings = b.innings
  WHERE NOT i.super_over
  UNION ALL
  SELECT b.match_id, b.bowler, false, NULL, NULL, NULL, NULL, NULL, b.balls, b.balls_used, b.runs, b.wickets
  FROM bowling b JOIN innings i ON i.match_id = b.match_id AND i.innings = b.innings
  WHERE NOT i.super_over
  UNION ALL
  SELECT match_id, player, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM people
), known AS (
  SELECT c.*, m.match_type, m.first_date, p.player_id, coalesce(m.balls_per_over, 6) AS balls_per_over
  FROM cards c
  LEFT JOIN matches m ON m.match_id = c.match_id
  LEFT JOIN people p ON p.match_id = c.match_id AND p.player = c.player
), totals AS (
  SELECT
    match_type,
    arg_max(player, coalesce(first_date, DATE '0001-01-01')) AS player,
    player_id,
    count(DISTINCT match_id) AS matches,
    count(*) FILTER (WHERE bats) AS innings,
    sum(runs) AS runs,
    CASE WHEN count(*) FILTER (WHERE bats AND balls IS NULL) = 0 THEN sum(balls) END AS balls,
    sum(is_out) AS outs,
    sum(fours) AS fours,
    sum(sixes) AS sixes,
    sum(runs) FILTER (WHERE balls IS NOT NULL) AS runs_with_balls,
    sum(balls) AS balls_known,
    CASE WHEN count(*) FILTER (WHERE bats = false AND balls_bowled IS NULL) = 0 THEN sum(balls_bowled) END AS balls_bowled,
    CASE WHEN count(*) FILTER (WHERE bats = false AND runs_conceded IS NULL) = 0 THEN sum(runs_conceded) END AS runs_conceded,
    sum(wickets) AS wickets,
    -- In 2520ths: whole numbers for overs of up to ten balls, whose sum is the same in every order.
    sum(balls_used * 2520 // balls_per_over) / 2520 AS overs_known,
    sum(runs_conceded) FILTER (WHERE balls_bowled IS NOT NULL) AS conceded_with_balls,
    sum(runs_conceded) AS conceded_known,
    sum(wickets) FILTER (WHERE runs_conceded IS NOT NULL) AS wickets_with_runs
  FROM known
  GROUP BY match_type, player_id, CASE WHEN player_id IS NULL THEN player END
)
SELECT
  match_type,
  player,
  matches::INTEGER AS matches,
  innings::INTEGER AS innings,
  runs::INTEGER AS runs,
  balls::INTEGER AS balls,
  outs::INTEGER AS outs,
  CASE WHEN outs > 0 THEN runs / outs END::DOUBLE AS average,
  CASE WHEN balls_known > 0 THEN runs_with_balls * 100 / balls_known END::DOUBLE AS strike_rate,
  fours::INTEGER AS fours,
  sixes::INTEGER AS sixes,
  balls_bowled::INTEGER AS balls_bowled,
  runs_conceded::INTEGER AS runs_conceded,
  wickets::INTEGER AS wickets,
  CASE WHEN overs_known > 0 THEN conceded_with_balls / overs_known END::DOUBLE AS economy,
  CASE WHEN wickets_with_runs > 0 THEN conceded_known / wickets_with_runs END::DOUBLE AS bowling_average,
  player_id
FROM totals;
COMMENT ON VIEW career IS 'Mart: sums of batting and bowling cards per player and type of match, super overs left out. A player is his id in Cricsheet''s register where the match gives it, else his name';
COMMENT ON COLUMN career.match_type IS 'ODI, T20, Test, …; null where the match''s type is unknown';
COMMENT ON COLUMN career.player IS 'Name as his latest match writes it';
COMMENT ON COLUMN career.matches IS 'Matches he was named in, or batted or bowled in';
COMMENT ON COLUMN career.innings IS 'Innings he came in to bat';
COMMENT ON COLUMN career.runs IS 'Runs off the bat; null when he never batted';
COMMENT ON COLUMN career.balls IS 'Balls faced; null when he never batted or one innings is of a format that cannot tell';
COMMENT ON COLUMN career.outs IS 'Times he was dismissed; null when he never batted';
COMMENT ON COLUMN career.average IS 'Runs by dismissals; null when never dismissed';
COMMENT ON COLUMN career.strike_rate IS 'Runs per 100 balls, over the innings whose balls are known';
COMMENT ON COLUMN career.fours IS 'Boundary fours; null when he never batted';
COMMENT ON COLUMN career.sixes IS 'Boundary sixes; null when he never batted';
COMMENT ON COLUMN career.balls_bowled IS 'Legal balls bowled; null when he never bowled or one innings is of a format that cannot tell';
COMMENT ON COLUMN career.runs_conceded IS 'Runs charged to him; null as for balls bowled';
COMMENT ON COLUMN career.wickets IS 'Wickets credited to him; null when he never bowled';
COMMENT ON COLUMN career.economy IS 'Runs conceded an over, overs as bowling.balls_used counts them, over the innings whose balls are known';
COMMENT ON COLUMN career.bowling_average IS 'Runs conceded by wickets, over the innings whose runs are known; null without a wicket';
COMMENT ON COLUMN career.player_id IS 'Id in Cricsheet''s register; null where only the name is known';
