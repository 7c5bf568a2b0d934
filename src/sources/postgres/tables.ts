/** The tables of the schema `odi`. Matches before their deliveries: a reader of a copy knows a match when its first ball comes. */
export const SOURCE_TABLES = [
  "match_info",
  "csv1_match_info",
  "deliveries",
  "csv1_deliveries",
  "unreadable_rows",
] as const;
