-- A topic that is deleted and made again under its name has other records at the same offsets: its id tells.
ALTER TABLE offsets ADD COLUMN topic_id VARCHAR;
COMMENT ON COLUMN offsets.topic_id IS 'The id that Kafka gave the topic which was loaded; null until the next start of a loader';
