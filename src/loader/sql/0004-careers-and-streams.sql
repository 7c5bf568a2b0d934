-- Views over cards and over the stream itself.

CREATE VIEW career AS
WITH people AS (
  SELECT match_id, player, any_value(registry_id) AS player_id FROM players GROUP BY match_id, player
), cards AS (
  SELECT
    b.match_id, b.batter AS player, true AS bats, b.runs, b.balls, b.is_out::INTEGER AS is_out, b.fours, b.sixes,
    NULL::INTEGER AS balls_bowled, NULL::INTEGER AS runs_conceded, NULL::INTEGER AS wickets
  FROM batting b JOIN innings i ON i.match_id = b.match_id AND i.innings = b.innings
  WHERE NOT i.super_over
  UNION ALL
  SELECT b.match_id, b.bowler, false, NULL, NULL, NULL, NULL, NULL, b.balls, b.runs, b.wickets
  FROM bowling b JOIN innings i ON i.match_id = b.match_id AND i.innings = b.innings
  WHERE NOT i.super_over
  UNION ALL
  SELECT match_id, player, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM people
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
    sum(balls_bowled / balls_per_over) AS overs_known,
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
COMMENT ON COLUMN career.economy IS 'Runs conceded an over, over the innings whose balls are known';
COMMENT ON COLUMN career.bowling_average IS 'Runs conceded by wickets, over the innings whose runs are known; null without a wicket';
COMMENT ON COLUMN career.player_id IS 'Id in Cricsheet''s register; null where only the name is known';

CREATE VIEW points AS
SELECT minute, input_topic, verdict, sum(records)::BIGINT AS records
FROM (
  SELECT date_trunc('minute', stream_time) AS minute, input_topic,
    unnest(['accepted', 'duplicate', 'correction', 'stale', 'late', 'poison']) AS verdict,
    unnest([accepted, duplicate, correction, stale, late, poison]) AS records
  FROM verdict_counts
)
GROUP BY minute, input_topic, verdict
HAVING sum(records) > 0;
COMMENT ON VIEW points IS 'Mart: verdicts per minute and source';
COMMENT ON COLUMN points.minute IS 'Minute of the event time up to which the partition had been judged, UTC; null before its first event with a time';
COMMENT ON COLUMN points.input_topic IS 'Raw topic';
COMMENT ON COLUMN points.verdict IS 'accepted, duplicate, correction, stale, late or poison';
COMMENT ON COLUMN points.records IS 'Records that got it';

CREATE VIEW sources AS
WITH judged AS (
  SELECT
    coalesce(nullif(regexp_extract(input_topic, '^[^.]+[.](.+)[.]raw$', 1), ''), input_topic) AS source_id,
    input_topic AS topic,
    sum(accepted + duplicate + correction + stale + late + poison)::BIGINT AS events,
    max(stream_time) AS last_event_time
  FROM verdict_counts
  GROUP BY input_topic
), epochs AS (
  SELECT source_id, max(epoch) AS epoch FROM gaps WHERE source_id NOT LIKE 'warehouse:%' GROUP BY source_id
)
SELECT coalesce(j.source_id, e.source_id) AS source_id, j.topic, coalesce(e.epoch, 1)::INTEGER AS epoch,
  coalesce(j.events, 0) AS events, j.last_event_time
FROM judged j FULL JOIN epochs e ON e.source_id = j.source_id;
COMMENT ON VIEW sources IS 'One row per source, as far as its verdicts and gaps tell';
COMMENT ON COLUMN sources.source_id IS 'Source';
COMMENT ON COLUMN sources.topic IS 'Its raw topic; null when only a gap of it is known';
COMMENT ON COLUMN sources.epoch IS 'Its newest epoch known from a gap; 1 when it never had one';
COMMENT ON COLUMN sources.events IS 'Records judged, repetitions included';
COMMENT ON COLUMN sources.last_event_time IS 'Largest event time seen, UTC; null when none';

CREATE VIEW live_match AS
WITH newest AS (
  SELECT match_id, max(source_time) AS last_event_time, arg_max(source_topic, source_time) AS source_topic
  FROM deliveries
  GROUP BY match_id
)
SELECT
  m.match_type,
  arg_max(n.match_id, (n.last_event_time, n.match_id)) AS match_id,
  arg_max(n.source_topic, (n.last_event_time, n.match_id)) AS source_topic,
  max(n.last_event_time) AS last_event_time
FROM newest n
LEFT JOIN matches m ON m.match_id = n.match_id
GROUP BY m.match_type;
COMMENT ON VIEW live_match IS 'Of each type of match the one whose newest delivery is the newest';
COMMENT ON COLUMN live_match.match_type IS 'ODI, T20, Test, …; null where the match''s type is unknown';
COMMENT ON COLUMN live_match.match_id IS 'Cricsheet''s id of the match';
COMMENT ON COLUMN live_match.source_topic IS 'Raw topic of its newest delivery';
COMMENT ON COLUMN live_match.last_event_time IS 'Event time of its newest delivery, UTC';
