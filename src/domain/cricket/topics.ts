/** Names of the flagship pipeline's topics, sources and CloudEvents types, in one place. */
export const CRICKET_GROUP = "cricket";

export const CRICKET_TOPICS = {
  /** What the sources emit: their own payload, key = match id, CloudEvents 1.0 binary headers. */
  odiRaw: "cricket.odi.raw",
  t20iRaw: "cricket.t20i.raw",
  testRaw: "cricket.test.raw",
  /** Clean stream: `CleanDelivery` and `CleanMatch` as JSON, key = match id. */
  deliveries: "cricket.deliveries",
  matches: "cricket.matches",
  /** Verdict blocks (src/domain/review/verdict-block.ts), key = `<topic>/<partition>`. */
  verdicts: "cricket.verdicts",
  /** Original key, value and headers of poison records, plus `tu_*` headers. */
  quarantine: "cricket.quarantine",
  /** Packed dedupe segments, compacted. */
  dedupe: "cricket.dedupe",
  /** Source positions, compacted, key = source id, value = `SourcePosition` as JSON. */
  positions: "cricket.positions",
  /** Gap events (EO-13), key = source id, value = `GapEvent` as JSON. */
  gaps: "cricket.gaps",
} as const;

/** CloudEvents types of raw records, and what their values are. */
export const CRICKET_EVENT = {
  /** One csv2 row as a JSON object, column name → text (a column that is null or absent is left out). */
  odiDelivery: "cricket.odi.delivery.v1",
  /** JSON `{"match_id": text, "info": text}`; `info` is the whole `<id>_info.csv`. */
  odiMatch: "cricket.odi.match.v1",
  /** One ball row of the original CSV as a JSON object, column name → text. */
  odiCsv1Delivery: "cricket.odi.csv1-delivery.v1",
  /** JSON `{"match_id": text, "info": text}`; `info` is all lines of an original CSV but its balls. */
  odiCsv1Match: "cricket.odi.csv1-match.v1",
  /** A row of either that names a ball, with `edition` and `deleted`: an edition of the file does not have this ball any more. */
  odiDeletion: "cricket.odi.deletion.v1",
  /** JSON `{"match_id","file","line","raw","problem"}`; a line the feed could not map to columns, `raw` in base64. */
  odiUnreadable: "cricket.odi.unreadable.v1",
  /** The MongoDB document as relaxed Extended JSON without `_id`: `{match_id, innings, over, ball, team, delivery}`, and `edition` from the second on. */
  t20iDelivery: "cricket.t20i.delivery.v1",
  /** `{match_id, match: {meta, info, innings: [… without overs]}}`. */
  t20iMatch: "cricket.t20i.match.v1",
  /** `{match_id, innings, over, ball, edition, deleted: true}`: an edition of the file does not have this delivery any more. */
  t20iDeletion: "cricket.t20i.deletion.v1",
  /** A document of neither shape, or a file the feed could not read: as `odiUnreadable`. */
  t20iUnreadable: "cricket.t20i.unreadable.v1",
  /** The YAML object itself: one delivery, one match, or a delivery that is no more (its own keys say which). */
  testObject: "cricket.test.object.v1",
  /** An object that could not be taken as it was (too large, digest wrong): as `odiUnreadable`. */
  testUnreadable: "cricket.test.unreadable.v1",
} as const;
