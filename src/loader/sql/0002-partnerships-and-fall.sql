-- Marts of the fold that are tables: a pair and its stand depend on who left the crease and how, which is the fold's to say.
CREATE TABLE partnerships (
  match_id VARCHAR NOT NULL,
  innings INTEGER NOT NULL,
  position INTEGER NOT NULL,
  wicket INTEGER NOT NULL,
  batter_1 VARCHAR NOT NULL,
  batter_2 VARCHAR NOT NULL,
  runs INTEGER NOT NULL,
  balls INTEGER,
  unbroken BOOLEAN NOT NULL
);
COMMENT ON TABLE partnerships IS 'Mart: one row per stand of two batters, in order. Sums to the innings less penalty runs given before and after it';
COMMENT ON COLUMN partnerships.match_id IS 'Cricsheet''s id of the match';
COMMENT ON COLUMN partnerships.innings IS 'Innings number from 1, in order of play, super overs included';
COMMENT ON COLUMN partnerships.position IS 'Order of the stands from 1; a batter who retires makes two stands for one wicket';
COMMENT ON COLUMN partnerships.wicket IS 'Wicket they stood for, from 1';
COMMENT ON COLUMN partnerships.batter_1 IS 'The one who came in first';
COMMENT ON COLUMN partnerships.batter_2 IS 'The other one';
COMMENT ON COLUMN partnerships.runs IS 'Runs of the team while they were in, extras included';
COMMENT ON COLUMN partnerships.balls IS 'Balls faced, wides not counted; null where the format cannot tell';
COMMENT ON COLUMN partnerships.unbroken IS 'Whether no wicket ended it: the innings did, or goes on, or one of them retired hurt or not out';

CREATE TABLE fall_of_wickets (
  match_id VARCHAR NOT NULL,
  innings INTEGER NOT NULL,
  wicket INTEGER NOT NULL,
  runs INTEGER NOT NULL,
  batter VARCHAR NOT NULL,
  over_label VARCHAR NOT NULL
);
COMMENT ON TABLE fall_of_wickets IS 'Mart: one row per wicket, as innings.fall lists them';
COMMENT ON COLUMN fall_of_wickets.match_id IS 'Cricsheet''s id of the match';
COMMENT ON COLUMN fall_of_wickets.innings IS 'Innings number from 1, in order of play, super overs included';
COMMENT ON COLUMN fall_of_wickets.wicket IS 'Number of the wicket from 1';
COMMENT ON COLUMN fall_of_wickets.runs IS 'Runs of the team when it fell, those of the delivery included';
COMMENT ON COLUMN fall_of_wickets.batter IS 'Batter who was out';
COMMENT ON COLUMN fall_of_wickets.over_label IS 'Over from 0 and delivery from 1, wides and no-balls counted: 4.10 is the tenth delivery';

COMMENT ON TABLE marts_version IS 'Version of the fold that made the marts which are tables';
