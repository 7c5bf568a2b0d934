-- What a warehouse knows of itself. Run when it has no such tables: everything else is numbered from 1.
CREATE TABLE schema_version (
  version INTEGER NOT NULL, description VARCHAR NOT NULL, applied_at TIMESTAMP NOT NULL
);
COMMENT ON TABLE schema_version IS 'Migrations this warehouse has had';
COMMENT ON COLUMN schema_version.version IS 'Number of the migration';
COMMENT ON COLUMN schema_version.description IS 'What it did';
COMMENT ON COLUMN schema_version.applied_at IS 'When it ran, UTC';

CREATE TABLE marts_version (version INTEGER NOT NULL);
COMMENT ON TABLE marts_version IS 'Version of the fold that made the marts which are tables';
COMMENT ON COLUMN marts_version.version IS 'Version of the fold';
