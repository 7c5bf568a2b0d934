import { blobValue, DuckDBDateValue, type DuckDBValue } from "@duckdb/node-api";
import type { CleanMatch, Provenance } from "../domain/cricket/types.ts";
import type { GapEvent } from "../domain/source-position.ts";
import type { VerdictBlock } from "../domain/review/verdict-block.ts";
import { VERDICTS } from "../domain/review/verdict.ts";
import type { RecordHeaders } from "../kafka/log.ts";
import type { RecordPlace } from "./decode.ts";

/**
 * The values of a row, in the order of the table's columns in `tables.ts`. Texts of 32 hexadecimal digits stand for a UUID,
 * whole numbers also for a BIGINT, and ms since the Unix epoch for a TIMESTAMP.
 */
export type Row = readonly DuckDBValue[];

export function matchRow({ match, ...provenance }: CleanMatch, place: RecordPlace): Row {
  const { outcome, toss, teams } = match;
  return [
    match.matchId,
    match.format,
    match.version,
    match.matchType,
    match.gender,
    match.teamType,
    teams[0],
    teams[1],
    match.season,
    dateValue(match.dates[0]),
    JSON.stringify(match.dates),
    match.venue,
    match.city,
    match.event,
    match.overs,
    match.ballsPerOver,
    toss?.winner ?? null,
    toss?.decision ?? null,
    outcome.winner ?? null,
    outcome.by?.runs ?? null,
    outcome.by?.wickets ?? null,
    outcome.by?.innings ?? null,
    outcome.result ?? null,
    outcome.method ?? null,
    outcome.eliminator ?? null,
    outcome.bowl_out ?? null,
    JSON.stringify(match.playersOfMatch),
    JSON.stringify(match),
    ...provenanceValues(provenance, place),
  ];
}

export function playerRows({ match }: CleanMatch): Row[] {
  return match.players.map((player) => [match.matchId, player.team, player.name, player.registryId]);
}

export function verdictCountRow(block: VerdictBlock, place: RecordPlace): Row {
  return [
    block.topic,
    block.partition,
    block.fromOffset,
    block.toOffset,
    ...VERDICTS.map((verdict) => block.counts[verdict]),
    block.streamTime,
    place.partition,
    place.offset,
    block.completing,
  ];
}

export function verdictRows(block: VerdictBlock, place: RecordPlace): Row[] {
  return block.entries.map((entry) => [
    block.topic,
    block.partition,
    entry.offset,
    entry.verdict,
    entry.eventId,
    entry.firstSeen?.inputIndex ?? null,
    entry.firstSeen?.offset ?? null,
    entry.reason,
    place.partition,
    place.offset,
  ]);
}

/** Headers that quarantine adds; all others are the record's own. */
const QUARANTINE_HEADERS = new Set(["tu_reason", "tu_topic", "tu_partition", "tu_offset", "tu_at"]);

export function quarantineRow(
  key: Buffer | null,
  value: Buffer | null,
  headers: RecordHeaders,
  place: RecordPlace,
): Row {
  const added = (name: string): string | undefined => {
    // The last one: should the original have had such a header, ours was appended behind it.
    for (const [key, bytes] of headers.toReversed()) if (key === name) return bytes.toString("utf8");
    return undefined;
  };
  const at = Date.parse(added("tu_at") ?? "");
  return [
    added("tu_topic") ?? null,
    integer(added("tu_partition")),
    bigint(added("tu_offset")),
    added("tu_reason") ?? null,
    Number.isNaN(at) ? null : at,
    key === null ? null : blobValue(key),
    value === null ? null : blobValue(value),
    JSON.stringify(
      headers.filter(([name]) => !QUARANTINE_HEADERS.has(name)).map(([name, bytes]) => [name, headerText(bytes)]),
    ),
    place.partition,
    place.offset,
  ];
}

export function gapRow(gap: GapEvent, place: RecordPlace | null): Row {
  return [
    gap.sourceId,
    gap.epoch,
    gap.from === null ? null : JSON.stringify(gap.from),
    JSON.stringify(gap.to),
    gap.reason,
    gap.action,
    Date.parse(gap.at),
    place?.partition ?? null,
    place?.offset ?? null,
  ];
}

function provenanceValues({ eventId, verdict, supersedes, source }: Provenance, place: RecordPlace): DuckDBValue[] {
  return [
    eventId,
    verdict,
    supersedes,
    source.topic,
    source.partition,
    source.offset,
    source.id,
    source.time,
    place.partition,
    place.offset,
  ];
}

const MS_PER_DAY = 86_400_000;

/** An ISO 8601 calendar date; null for what is none, since the record itself keeps the text. */
function dateValue(iso: string | undefined): DuckDBValue {
  const ms = iso === undefined || !/^\d{4}-\d{2}-\d{2}$/u.test(iso) ? Number.NaN : Date.parse(`${iso}T00:00:00Z`);
  return Number.isNaN(ms) ? null : new DuckDBDateValue(ms / MS_PER_DAY);
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function headerText(bytes: Buffer): string | { base64: string } {
  try {
    return decoder.decode(bytes);
  } catch {
    // Not UTF-8: kept as bytes, for a quarantined record is exactly what may hold such a thing.
    return { base64: bytes.toString("base64") };
  }
}

function integer(text: string | undefined): DuckDBValue {
  return text !== undefined && /^\d{1,9}$/u.test(text) ? Number(text) : null;
}

function bigint(text: string | undefined): DuckDBValue {
  return text !== undefined && /^\d{1,15}$/u.test(text) ? Number(text) : null;
}
