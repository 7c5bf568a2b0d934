import { canonicalJson, type CanonicalValue } from "../domain/review/canonical.ts";
import { CRICKET_EVENT } from "../domain/cricket/topics.ts";
import { PoisonError } from "../domain/errors.ts";
import { headerOf, type InputRecord, type Topology } from "../processor/topology.ts";
import type { Identity, RawFact } from "./facts.ts";

/** Header of a record that was sent again from quarantine. */
const RETRY_HEADER = "tu_retry_of";

/** A raw record as the audit compares it. What the topology cannot read has no identity. */
export function rawFact<V>(topology: Topology<V>, record: InputRecord): RawFact {
  const row = rowOf(headerOf(record, "ce_rowid")?.toString());
  const isCut =
    row !== null &&
    row.table !== "unreadable_rows" &&
    headerOf(record, "ce_type")?.toString() === CRICKET_EVENT.odiUnreadable;
  return {
    partition: record.partition,
    offset: record.offset,
    row,
    again: headerOf(record, RETRY_HEADER) !== undefined,
    payload: isCut || row === null ? null : payloadOf(record.value),
    identity: identityOf(topology, record),
    key: record.key,
    value: record.value,
  };
}

/** Member names sorted, so that the order of columns does not matter; bytes that are no JSON as they are. */
export function payloadText(columns: Readonly<Record<string, string | number | null>>): string {
  return canonicalJson(columns);
}

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
  const match = /^(?<table>[a-z_]+)\/(?<id>\d{1,15})$/u.exec(header ?? "");
  return match === null ? null : { table: match.groups?.["table"] ?? "", id: Number(match.groups?.["id"]) };
}

function identityOf<V>(topology: Topology<V>, record: InputRecord): Identity | null {
  try {
    const fact = topology.decode(record);
    const { key, content } = topology.identify(fact, record);
    if (topology.eventTime !== undefined && !Number.isFinite(topology.eventTime(fact, record))) return null;
    return typeof key === "string" && typeof content === "string" ? { key, content } : null;
  } catch (error) {
    if (error instanceof PoisonError || error instanceof RangeError) return null;
    throw error;
  }
}
