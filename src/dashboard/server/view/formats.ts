import type { Match } from "../../../domain/cricket/types.ts";
import type { MatchFormat } from "../../api.ts";

/** In the order in which a page shows them. */
export const MATCH_FORMATS: readonly MatchFormat[] = ["odi", "t20i", "test"];

/** Where the sources keep their data, for people. */
export const STORES: Readonly<Record<MatchFormat, string>> = {
  odi: "Postgres",
  t20i: "MongoDB",
  test: "the object store",
};

/** Which source a raw topic belongs to: `<anything>.odi.raw`; null for a topic of none of the three. */
export function formatOfTopic(topic: string): MatchFormat | null {
  const name = /(?:^|\.)(odi|t20i|test)\.raw$/u.exec(topic)?.[1];
  return MATCH_FORMATS.find((format) => format === name) ?? null;
}

const BY_FILE: Readonly<Record<Match["format"], MatchFormat>> = {
  csv1: "odi",
  csv2: "odi",
  json: "t20i",
  yaml: "test",
};

/** Which source a match came from: each brings one form of file. `topic`: of a delivery, for a match without its own record. */
export function formatOfMatch(match: Match, hasRecord: boolean, topic: string | null): MatchFormat {
  const byTopic = topic === null ? null : formatOfTopic(topic);
  return hasRecord || byTopic === null ? BY_FILE[match.format] : byTopic;
}
