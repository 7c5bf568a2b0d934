import { canonicalJson, type CanonicalValue } from "../domain/review/canonical.ts";
import { CRICKET_EVENT } from "../domain/cricket/topics.ts";
import { PoisonError } from "../domain/errors.ts";
import { headerOf, type InputRecord, type Topology } from "../processor/topology.ts";
import { cloudEventHeaders } from "../sources/kit/index.ts";
import type { Identity, RawFact, RowFact } from "./facts.ts";

/** Where the feeds put what they could not read; a row of another table became unreadable on its way. */
const UNREADABLE_TABLES: ReadonlySet<string> = new Set(["unreadable_rows", "unreadable"]);
const UNREADABLE_TYPES: ReadonlySet<string> = new Set([
  CRICKET_EVENT.odiUnreadable,
  CRICKET_EVENT.t20iUnreadable,
  CRICKET_EVENT.testUnreadable,
]);

/** Header of a record that was sent again from quarantine. */
const RETRY_HEADER = "tu_retry_of";

/** A raw record as the audit compares it. What the topology cannot read has no identity. */
export function rawFact<V>(topology: Topology<V>, record: InputRecord): RawFact {
  const row = rowOf(headerOf(record, "ce_rowid")?.toString());
  const isCut =
    row !== null &&
    !UNREADABLE_TABLES.has(row.table) &&
    UNREADABLE_TYPES.has(headerOf(record, "ce_type")?.toString() ?? "");
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    row,
    again: headerOf(record, RETRY_HEADER) !== undefined,
    payload: isCut || row === null ? null : payloadOf(record.value),
    ...reviewed(topology, record),
    key: record.key,
    value: record.value,
  };
}

/** A row as the audit compares it: what the source would send of it, read as the topology reads that. */
export function rowFact<V>(
  topology: Topology<V>,
  row: Pick<RowFact, "source" | "table" | "id"> & { readonly topic: string; readonly key: string },
  event: { readonly type: string; readonly contentType: string; readonly value: Buffer },
): RowFact {
  const { topic, key, source, table, id } = row;
  const headers = cloudEventHeaders({
    id: "row",
    source: "audit",
    type: event.type,
    subject: key,
    timeMs: 0,
    contentType: event.contentType,
    rowId: `${table}/${id}`,
  });
  const record = { topic, partition: 0, offset: 0, timestamp: 0, key: Buffer.from(key), value: event.value, headers };
  return { source, table, id, payload: payloadOf(event.value), ...reviewed(topology, record) };
}

/** JSON with member names sorted, so that the order of columns does not matter; bytes that are no JSON as they are. */
function payloadOf(value: Buffer | null): string {
  const text = value?.toString("utf8") ?? "";
  try {
    return canonicalJson(JSON.parse(text) as CanonicalValue);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return text;
    throw error;
  }
}

function rowOf(header: string | undefined): RawFact["row"] {
  const match = /^(?<table>[a-z0-9_]+)\/(?<id>.{1,200})$/u.exec(header ?? "");
  const id = match?.groups?.["id"] ?? "";
  return match === null ? null : { table: match.groups?.["table"] ?? "", id: /^\d{1,15}$/u.test(id) ? Number(id) : id };
}

/** What the review goes by: who the record speaks of, what it says, and its edition. */
function reviewed<V>(
  topology: Topology<V>,
  record: InputRecord,
): { readonly identity: Identity | null; readonly version?: number } {
  try {
    const fact = topology.decode(record);
    const { key, content, facets } = topology.identify(fact, record);
    if (topology.eventTime !== undefined && !Number.isFinite(topology.eventTime(fact, record)))
      return { identity: null };
    if (typeof key !== "string") return { identity: null };
    const version = topology.version?.(fact, record) ?? null;
    return {
      identity: { key, content, ...(facets === undefined ? {} : { facets }) },
      ...(version === null ? {} : { version }),
    };
  } catch (error) {
    if (error instanceof PoisonError || error instanceof RangeError) return { identity: null };
    throw error;
  }
}
