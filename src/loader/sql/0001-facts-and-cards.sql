-- Facts, records, and the marts of a card. Facts carry no primary key: its index would be half of the file and of every
-- snapshot. A fact is replaced by its natural key inside the transaction instead, which the zone maps of match_id make cheap.
-- The order of the columns is that of the rows an appender writes (tables.ts).

CREATE TABLE deliveries (
  match_id VARCHAR NOT NULL,
  innings INTEGER NOT NULL,
  over_no INTEGER NOT NULL,
  ball_no INTEGER NOT NULL,
  batting_team VARCHAR NOT NULL,
  batter VARCHAR NOT NULL,
  non_striker VARCHAR NOT NULL,
  bowler VARCHAR NOT NULL,
  runs_batter INTEGER NOT NULL,
  runs_extras INTEGER NOT NULL,
  runs_total INTEGER NOT NULL,
  wides INTEGER,
  noballs INTEGER,
  byes INTEGER,
  legbyes INTEGER,
  penalty INTEGER,
  non_boundary BOOLEAN,
  wicket_count INTEGER NOT NULL,
  wickets JSON,
  event_id UUID NOT NULL,
  verdict VARCHAR NOT NULL,
  supersedes UUID,
  source_topic VARCHAR NOT NULL,
  source_partition INTEGER NOT NULL,
  source_offset BIGINT NOT NULL,
  source_id VARCHAR,
  source_time TIMESTAMP NOT NULL,
  log_partition INTEGER NOT NULL,
  log_offset BIGINT NOT NULL
);
COMMENT ON TABLE deliveries IS 'One row per delivery, the latest content of each. Natural key: match_id, innings, over_no, ball_no';
COMMENT ON COLUMN deliveries.match_id IS 'Cricsheet''s id of the match';
COMMENT ON COLUMN deliveries.innings IS 'Innings number from 1, in order of play, super overs included';
COMMENT ON COLUMN deliveries.over_no IS 'Over from 0';
COMMENT ON COLUMN deliveries.ball_no IS 'n-th delivery of the over from 1, wides and no-balls counted';
COMMENT ON COLUMN deliveries.batting_team IS 'Team that bats';
COMMENT ON COLUMN deliveries.batter IS 'Batter on strike';
COMMENT ON COLUMN deliveries.non_striker IS 'Batter at the other end';
COMMENT ON COLUMN deliveries.bowler IS 'Bowler';
COMMENT ON COLUMN deliveries.runs_batter IS 'Runs off the bat';
COMMENT ON COLUMN deliveries.runs_extras IS 'Extras';
COMMENT ON COLUMN deliveries.runs_total IS 'All runs of the delivery';
COMMENT ON COLUMN deliveries.wides IS 'Wides; null where the format gives one total of extras only';
COMMENT ON COLUMN deliveries.noballs IS 'No-balls; null as for wides';
COMMENT ON COLUMN deliveries.byes IS 'Byes; null as for wides';
COMMENT ON COLUMN deliveries.legbyes IS 'Leg byes; null as for wides';
COMMENT ON COLUMN deliveries.penalty IS 'Penalty runs on the delivery; null as for wides';
COMMENT ON COLUMN deliveries.non_boundary IS 'A four or six that was run; null where the format has no such flag';
COMMENT ON COLUMN deliveries.wicket_count IS 'Dismissals and retirements on the delivery';
COMMENT ON COLUMN deliveries.wickets IS '[{kind, playerOut, fielders}]; null when there is none';
COMMENT ON COLUMN deliveries.event_id IS 'Identity of the fact: 128 bits over natural key and content, the same from every source';
COMMENT ON COLUMN deliveries.verdict IS 'accepted or correction: what the review said of this content';
COMMENT ON COLUMN deliveries.supersedes IS 'Event id that this correction replaced; null when it replaced nothing';
COMMENT ON COLUMN deliveries.source_topic IS 'Raw topic of the record';
COMMENT ON COLUMN deliveries.source_partition IS 'Raw partition of the record';
COMMENT ON COLUMN deliveries.source_offset IS 'Raw offset of the record';
COMMENT ON COLUMN deliveries.source_id IS 'The source''s own position (CloudEvents id)';
COMMENT ON COLUMN deliveries.source_time IS 'Event time, UTC';
COMMENT ON COLUMN deliveries.log_partition IS 'Partition of the clean record that this row is';
COMMENT ON COLUMN deliveries.log_offset IS 'Offset of the clean record that this row is: below offsets.next_offset';

CREATE TABLE matches (
  match_id VARCHAR NOT NULL,
  format VARCHAR NOT NULL,
  version VARCHAR NOT NULL,
  match_type VARCHAR,
  gender VARCHAR,
  team_type VARCHAR,
  team_1 VARCHAR NOT NULL,
  team_2 VARCHAR NOT NULL,
  season VARCHAR,
  first_date DATE,
  dates JSON,
  venue VARCHAR,
  city VARCHAR,
  event VARCHAR,
  overs INTEGER,
  balls_per_over INTEGER NOT NULL,
  toss_winner VARCHAR,
  toss_decision VARCHAR,
  winner VARCHAR,
  won_by_runs INTEGER,
  won_by_wickets INTEGER,
  won_by_innings INTEGER,
  result VARCHAR,
  method VARCHAR,
  eliminator VARCHAR,
  bowl_out VARCHAR,
  players_of_match JSON,
  record JSON NOT NULL,
  event_id UUID NOT NULL,
  verdict VARCHAR NOT NULL,
  supersedes UUID,
  source_topic VARCHAR NOT NULL,
  source_partition INTEGER NOT NULL,
  source_offset BIGINT NOT NULL,
  source_id VARCHAR,
  source_time TIMESTAMP NOT NULL,
  log_partition INTEGER NOT NULL,
  log_offset BIGINT NOT NULL
);
COMMENT ON TABLE matches IS 'One row per match, as its own record describes it, the latest content of each. Natural key: match_id';
COMMENT ON COLUMN matches.match_id IS 'Cricsheet''s id of the match';
COMMENT ON COLUMN matches.format IS 'File format the record came in';
COMMENT ON COLUMN matches.version IS 'Version of the file format';
COMMENT ON COLUMN matches.match_type IS 'ODI, T20, Test, …; null where the format does not say';
COMMENT ON COLUMN matches.gender IS 'male or female';
COMMENT ON COLUMN matches.team_type IS 'international or club';
COMMENT ON COLUMN matches.team_1 IS 'First team named';
COMMENT ON COLUMN matches.team_2 IS 'Second team named';
COMMENT ON COLUMN matches.season IS 'Season as the source writes it, e.g. 2016/17';
COMMENT ON COLUMN matches.first_date IS 'First day of the match';
COMMENT ON COLUMN matches.dates IS 'All days of the match, ISO 8601';
COMMENT ON COLUMN matches.venue IS 'Ground';
COMMENT ON COLUMN matches.city IS 'City';
COMMENT ON COLUMN matches.event IS 'Series or tournament';
COMMENT ON COLUMN matches.overs IS 'Overs an innings may last; null when unlimited or unknown';
COMMENT ON COLUMN matches.balls_per_over IS 'Legal balls of an over';
COMMENT ON COLUMN matches.toss_winner IS 'Team that won the toss';
COMMENT ON COLUMN matches.toss_decision IS 'bat or field';
COMMENT ON COLUMN matches.winner IS 'Winning team; null when there is none';
COMMENT ON COLUMN matches.won_by_runs IS 'Margin in runs';
COMMENT ON COLUMN matches.won_by_wickets IS 'Margin in wickets';
COMMENT ON COLUMN matches.won_by_innings IS '1 when won by an innings';
COMMENT ON COLUMN matches.result IS 'tie, draw or no result; null when there is a winner';
COMMENT ON COLUMN matches.method IS 'D/L, Awarded, …; null when the match ran its course';
COMMENT ON COLUMN matches.eliminator IS 'Winner of the super over';
COMMENT ON COLUMN matches.bowl_out IS 'Winner of the bowl-out';
COMMENT ON COLUMN matches.players_of_match IS 'Names';
COMMENT ON COLUMN matches.record IS 'The whole match record, from which scorecards are made';
COMMENT ON COLUMN matches.event_id IS 'Identity of the fact: 128 bits over natural key and content, the same from every source';
COMMENT ON COLUMN matches.verdict IS 'accepted or correction: what the review said of this content';
COMMENT ON COLUMN matches.supersedes IS 'Event id that this correction replaced; null when it replaced nothing';
COMMENT ON COLUMN matches.source_topic IS 'Raw topic of the record';
COMMENT ON COLUMN matches.source_partition IS 'Raw partition of the record';
COMMENT ON COLUMN matches.source_offset IS 'Raw offset of the record';
COMMENT ON COLUMN matches.source_id IS 'The source''s own position (CloudEvents id)';
COMMENT ON COLUMN matches.source_time IS 'Event time, UTC';
COMMENT ON COLUMN matches.log_partition IS 'Partition of the clean record that this row is';
COMMENT ON COLUMN matches.log_offset IS 'Offset of the clean record that this row is: below offsets.next_offset';

CREATE TABLE players (
  match_id VARCHAR NOT NULL,
  team VARCHAR NOT NULL,
  player VARCHAR NOT NULL,
  registry_id VARCHAR
);
COMMENT ON TABLE players IS 'Who was named in the teams of a match';
COMMENT ON COLUMN players.match_id IS 'Cricsheet''s id of the match';
COMMENT ON COLUMN players.team IS 'Team';
COMMENT ON COLUMN players.player IS 'Name as the match writes it';
COMMENT ON COLUMN players.registry_id IS 'Cricsheet''s people register: the key that survives respelling; null where the format has none';

CREATE TABLE verdicts (
  input_topic VARCHAR NOT NULL,
  input_partition INTEGER NOT NULL,
  input_offset BIGINT NOT NULL,
  verdict VARCHAR NOT NULL,
  event_id UUID,
  first_seen_input INTEGER,
  first_seen_offset BIGINT,
  reason VARCHAR,
  log_partition INTEGER NOT NULL,
  log_offset BIGINT NOT NULL
);
COMMENT ON TABLE verdicts IS 'One row per input record that was not accepted. Key: input_topic, input_partition, input_offset';
COMMENT ON COLUMN verdicts.input_topic IS 'Raw topic';
COMMENT ON COLUMN verdicts.input_partition IS 'Raw partition';
COMMENT ON COLUMN verdicts.input_offset IS 'Raw offset';
COMMENT ON COLUMN verdicts.verdict IS 'duplicate, correction, stale, late or poison';
COMMENT ON COLUMN verdicts.event_id IS 'Identity of the fact; null for poison';
COMMENT ON COLUMN verdicts.first_seen_input IS 'Input topic (its index in the topology) of the latest accepted record of the key';
COMMENT ON COLUMN verdicts.first_seen_offset IS 'Offset of that record';
COMMENT ON COLUMN verdicts.reason IS 'Why, in words; null where the verdict says it all';
COMMENT ON COLUMN verdicts.log_partition IS 'Partition of the verdict block';
COMMENT ON COLUMN verdicts.log_offset IS 'Offset of the verdict block';

CREATE TABLE verdict_counts (
  input_topic VARCHAR NOT NULL,
  input_partition INTEGER NOT NULL,
  from_offset BIGINT NOT NULL,
  to_offset BIGINT NOT NULL,
  accepted BIGINT NOT NULL,
  duplicate BIGINT NOT NULL,
  correction BIGINT NOT NULL,
  stale BIGINT NOT NULL,
  late BIGINT NOT NULL,
  poison BIGINT NOT NULL,
  stream_time TIMESTAMP,
  log_partition INTEGER NOT NULL,
  log_offset BIGINT NOT NULL
);
COMMENT ON TABLE verdict_counts IS 'One row per verdict block: what became of the records of one input partition in one transaction';
COMMENT ON COLUMN verdict_counts.input_topic IS 'Raw topic';
COMMENT ON COLUMN verdict_counts.input_partition IS 'Raw partition';
COMMENT ON COLUMN verdict_counts.from_offset IS 'First raw offset judged';
COMMENT ON COLUMN verdict_counts.to_offset IS 'Next raw offset after it';
COMMENT ON COLUMN verdict_counts.accepted IS 'Records with a new key';
COMMENT ON COLUMN verdict_counts.duplicate IS 'Records already accepted';
COMMENT ON COLUMN verdict_counts.correction IS 'Records that changed a known key';
COMMENT ON COLUMN verdict_counts.stale IS 'Records whose content had been superseded';
COMMENT ON COLUMN verdict_counts.late IS 'Records behind stream time by more than allowed';
COMMENT ON COLUMN verdict_counts.poison IS 'Records that could not be read';
COMMENT ON COLUMN verdict_counts.stream_time IS 'Largest event time seen by the partition, UTC; null when none';
COMMENT ON COLUMN verdict_counts.log_partition IS 'Partition of the verdict block';
COMMENT ON COLUMN verdict_counts.log_offset IS 'Offset of the verdict block';

CREATE TABLE quarantine (
  input_topic VARCHAR,
  input_partition INTEGER,
  input_offset BIGINT,
  reason VARCHAR,
  quarantined_at TIMESTAMP,
  key BLOB,
  value BLOB,
  headers JSON NOT NULL,
  log_partition INTEGER NOT NULL,
  log_offset BIGINT NOT NULL
);
COMMENT ON TABLE quarantine IS 'Records that could not be read, as they came, with the reason';
COMMENT ON COLUMN quarantine.input_topic IS 'Raw topic (header tu_topic)';
COMMENT ON COLUMN quarantine.input_partition IS 'Raw partition (header tu_partition)';
COMMENT ON COLUMN quarantine.input_offset IS 'Raw offset (header tu_offset)';
COMMENT ON COLUMN quarantine.reason IS 'Why it could not be read (header tu_reason)';
COMMENT ON COLUMN quarantine.quarantined_at IS 'When (header tu_at), UTC';
COMMENT ON COLUMN quarantine.key IS 'Original key';
COMMENT ON COLUMN quarantine.value IS 'Original value';
COMMENT ON COLUMN quarantine.headers IS 'Original headers as [[name, value]], bytes that are not UTF-8 as {base64}';
COMMENT ON COLUMN quarantine.log_partition IS 'Partition of the quarantine record';
COMMENT ON COLUMN quarantine.log_offset IS 'Offset of the quarantine record';

CREATE TABLE gaps (
  source_id VARCHAR NOT NULL,
  epoch INTEGER NOT NULL,
  from_position JSON,
  to_position JSON NOT NULL,
  reason VARCHAR NOT NULL,
  action VARCHAR NOT NULL,
  noted_at TIMESTAMP,
  log_partition INTEGER,
  log_offset BIGINT
);
COMMENT ON TABLE gaps IS 'Gaps that could not be ruled out (EO-13): never silence';
COMMENT ON COLUMN gaps.source_id IS 'Source, or the warehouse itself for records deleted before they were loaded';
COMMENT ON COLUMN gaps.epoch IS 'Epoch that begins after the gap';
COMMENT ON COLUMN gaps.from_position IS 'Last position known before it; null when there is none';
COMMENT ON COLUMN gaps.to_position IS 'Where it ends';
COMMENT ON COLUMN gaps.reason IS 'Why continuity cannot be proved';
COMMENT ON COLUMN gaps.action IS 'What was done about it';
COMMENT ON COLUMN gaps.noted_at IS 'When, UTC';
COMMENT ON COLUMN gaps.log_partition IS 'Partition of the gap event; null when the loader itself found the gap';
COMMENT ON COLUMN gaps.log_offset IS 'Offset of the gap event; null as above';

CREATE TABLE innings (
  match_id VARCHAR NOT NULL,
  innings INTEGER NOT NULL,
  team VARCHAR NOT NULL,
  super_over BOOLEAN NOT NULL,
  declared BOOLEAN,
  forfeited BOOLEAN NOT NULL,
  target_runs INTEGER,
  target_overs DOUBLE,
  runs INTEGER NOT NULL,
  wickets INTEGER NOT NULL,
  overs VARCHAR,
  legal_balls INTEGER,
  deliveries INTEGER NOT NULL,
  wides INTEGER,
  noballs INTEGER,
  byes INTEGER,
  legbyes INTEGER,
  penalty INTEGER,
  extras_total INTEGER NOT NULL,
  penalty_pre INTEGER NOT NULL,
  penalty_post INTEGER NOT NULL,
  boundaries_exact BOOLEAN NOT NULL,
  absent_hurt JSON NOT NULL,
  fall JSON NOT NULL
);
COMMENT ON TABLE innings IS 'Mart: one row per innings, recomputed from its deliveries in the transaction that changed them';
COMMENT ON COLUMN innings.match_id IS 'Cricsheet''s id of the match';
COMMENT ON COLUMN innings.innings IS 'Innings number from 1, in order of play, super overs included';
COMMENT ON COLUMN innings.team IS 'Team that bats';
COMMENT ON COLUMN innings.super_over IS 'Whether it is a super over';
COMMENT ON COLUMN innings.declared IS 'Whether it was declared; null where the format cannot tell';
COMMENT ON COLUMN innings.forfeited IS 'Whether it was forfeited';
COMMENT ON COLUMN innings.target_runs IS 'Runs to win; null where no target is given';
COMMENT ON COLUMN innings.target_overs IS 'Overs to get them in, 17.4 = 17 overs and 4 balls';
COMMENT ON COLUMN innings.runs IS 'Total';
COMMENT ON COLUMN innings.wickets IS 'Wickets; retired hurt and retired not out are none';
COMMENT ON COLUMN innings.overs IS 'Overs bowled, e.g. 19.3; null where the format cannot tell wides from other extras';
COMMENT ON COLUMN innings.legal_balls IS 'Deliveries that were neither wide nor no-ball; null as for overs';
COMMENT ON COLUMN innings.deliveries IS 'All deliveries';
COMMENT ON COLUMN innings.wides IS 'Wides; null where the format cannot tell';
COMMENT ON COLUMN innings.noballs IS 'No-balls; null where the format cannot tell';
COMMENT ON COLUMN innings.byes IS 'Byes; null where the format cannot tell';
COMMENT ON COLUMN innings.legbyes IS 'Leg byes; null where the format cannot tell';
COMMENT ON COLUMN innings.penalty IS 'Penalty runs; null where the format cannot tell';
COMMENT ON COLUMN innings.extras_total IS 'All extras';
COMMENT ON COLUMN innings.penalty_pre IS 'Penalty runs given before the innings';
COMMENT ON COLUMN innings.penalty_post IS 'Penalty runs given after the innings';
COMMENT ON COLUMN innings.boundaries_exact IS 'False where fours and sixes that were run cannot be told from boundaries';
COMMENT ON COLUMN innings.absent_hurt IS 'Names of batters who could not bat';
COMMENT ON COLUMN innings.fall IS 'Fall of wickets: [[wicket, runs, player, over.ball]]';

CREATE TABLE batting (
  match_id VARCHAR NOT NULL,
  innings INTEGER NOT NULL,
  position INTEGER NOT NULL,
  team VARCHAR NOT NULL,
  batter VARCHAR NOT NULL,
  runs INTEGER NOT NULL,
  balls INTEGER,
  fours INTEGER NOT NULL,
  sixes INTEGER NOT NULL,
  is_out BOOLEAN NOT NULL,
  how VARCHAR NOT NULL,
  bowler VARCHAR,
  fielders JSON NOT NULL
);
COMMENT ON TABLE batting IS 'Mart: one row per batter and innings, in batting order';
COMMENT ON COLUMN batting.match_id IS 'Cricsheet''s id of the match';
COMMENT ON COLUMN batting.innings IS 'Innings number from 1, in order of play, super overs included';
COMMENT ON COLUMN batting.position IS 'Batting position from 1';
COMMENT ON COLUMN batting.team IS 'Batter''s team';
COMMENT ON COLUMN batting.batter IS 'Name';
COMMENT ON COLUMN batting.runs IS 'Runs off the bat';
COMMENT ON COLUMN batting.balls IS 'Balls faced, wides not counted; null where the format cannot tell';
COMMENT ON COLUMN batting.fours IS 'Boundary fours';
COMMENT ON COLUMN batting.sixes IS 'Boundary sixes';
COMMENT ON COLUMN batting.is_out IS 'Whether the batter was dismissed';
COMMENT ON COLUMN batting.how IS 'Kind of dismissal, or not out';
COMMENT ON COLUMN batting.bowler IS 'Bowler who is credited; null when nobody is';
COMMENT ON COLUMN batting.fielders IS 'Names of the fielders who had a part in it';

CREATE TABLE bowling (
  match_id VARCHAR NOT NULL,
  innings INTEGER NOT NULL,
  position INTEGER NOT NULL,
  batting_team VARCHAR NOT NULL,
  bowler VARCHAR NOT NULL,
  balls INTEGER,
  maidens INTEGER,
  runs INTEGER,
  wickets INTEGER NOT NULL,
  wides INTEGER,
  noballs INTEGER
);
COMMENT ON TABLE bowling IS 'Mart: one row per bowler and innings, in order of the first ball';
COMMENT ON COLUMN bowling.match_id IS 'Cricsheet''s id of the match';
COMMENT ON COLUMN bowling.innings IS 'Innings number from 1, in order of play, super overs included';
COMMENT ON COLUMN bowling.position IS 'Order of the bowlers from 1';
COMMENT ON COLUMN bowling.batting_team IS 'Team bowled at';
COMMENT ON COLUMN bowling.bowler IS 'Name';
COMMENT ON COLUMN bowling.balls IS 'Legal balls; null where the format cannot tell';
COMMENT ON COLUMN bowling.maidens IS 'Complete overs without a run charged to the bowler; null as for balls';
COMMENT ON COLUMN bowling.runs IS 'Runs charged: off the bat, wides and no-balls; null as for balls';
COMMENT ON COLUMN bowling.wickets IS 'Wickets credited';
COMMENT ON COLUMN bowling.wides IS 'Runs in wides; null as for balls';
COMMENT ON COLUMN bowling.noballs IS 'Runs in no-balls; null as for balls';

CREATE TABLE offsets (
  topic VARCHAR NOT NULL,
  partition INTEGER NOT NULL,
  next_offset BIGINT NOT NULL
);
COMMENT ON TABLE offsets IS 'How far each topic partition is loaded: written in the transaction of the rows, read on start';
COMMENT ON COLUMN offsets.topic IS 'Topic';
COMMENT ON COLUMN offsets.partition IS 'Partition';
COMMENT ON COLUMN offsets.next_offset IS 'Next offset to load; every record below it is in the tables';
