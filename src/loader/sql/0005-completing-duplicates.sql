-- A duplicate that knows more than what was accepted is a clean record, too: clean records = accepted + corrections + completing duplicates.
ALTER TABLE verdict_counts ADD COLUMN completing BIGINT;
COMMENT ON COLUMN verdict_counts.completing IS 'Of the duplicates, those that knew more than what was accepted and are in the clean stream; null where the block does not tell';
COMMENT ON COLUMN deliveries.verdict IS 'accepted, correction, or duplicate (one that knew more): what the review said of the latest record that the row holds';
COMMENT ON COLUMN matches.verdict IS 'accepted, correction, or duplicate (one that knew more): what the review said of the latest record that the row holds';
