/**
 * Rows of the schema `odi` as raw events: CloudEvents 1.0, binary mode. The value is the source's own payload; what it means is
 * for the review to say.
 */
import { createHash } from "node:crypto";
import { CRICKET_EVENT } from "../../domain/cricket/topics.ts";
import { partitionFor } from "../../domain/partition.ts";
import type { RecordHeaders, WriteBatch } from "../../kafka/log.ts";
import type { Relation, Tuple } from "./pgoutput.ts";
import { UNCHANGED } from "./pgoutput.ts";

/**
 * The largest value of an event, bytes. Topics take records of 20 MiB; the rest is for headers and for the quarantine, which adds its own.
 */
export const MAX_EVENT_BYTES: number = 18 * 1024 * 1024;
/** What is kept of a row that is too large. */
const KEPT_BYTES = 64 * 1024;

/** Columns of ours and not of the file. */
const OWN_COLUMNS = new Set(["id", "inserted_at"]);

export interface EventContext {
  /** CloudEvents id: the source's own position. */
  readonly id: string;
  /** ms since the Unix epoch: commit time, or for a snapshot the time of insertion. */
  readonly timeMs: number;
}

interface Payload {
  readonly type: string;
  readonly value: Buffer;
}

export class EventWriter {
  readonly #topic: string;
  readonly #partitions: number;
  readonly #source: Buffer;
  /** Tables that are published and not ours, by name: counted by the caller, named in the status. */
  readonly foreign: Set<string> = new Set();

  constructor(options: { readonly topic: string; readonly partitions: number; readonly sourceId: string }) {
    this.#topic = options.topic;
    this.#partitions = options.partitions;
    this.#source = Buffer.from(`postgres/${options.sourceId}`);
  }

  /** Appends the event of one row. False when the row belongs to no table of ours. */
  append(batch: WriteBatch, relation: Relation, row: Tuple, context: EventContext): boolean {
    if (relation.schema !== "odi" || !(relation.name in PAYLOADS)) {
      this.foreign.add(`${relation.schema}.${relation.name}`);
      return false;
    }
    const matchId = text(relation, row, "match_id") ?? "";
    const payload = payloadOf(relation, row, matchId);
    const key = Buffer.from(matchId);
    batch.append(
      this.#topic,
      partitionFor(key, this.#partitions),
      key,
      payload.value,
      this.#headers(relation, row, payload.type, key, context),
    );
    return true;
  }

  #headers(relation: Relation, row: Tuple, type: string, key: Buffer, context: EventContext): RecordHeaders {
    const headers: [string, Buffer][] = [
      ["ce_specversion", SPEC_VERSION],
      ["ce_id", Buffer.from(context.id)],
      ["ce_source", this.#source],
      ["ce_type", Buffer.from(type)],
      ["ce_time", Buffer.from(new Date(context.timeMs).toISOString())],
      // Which row of which table: what an audit compares the database with.
      ["ce_rowid", Buffer.from(`${relation.name}/${text(relation, row, "id") ?? ""}`)],
      ["content-type", JSON_TYPE],
    ];
    // CloudEvents forbids an empty subject.
    if (key.length > 0) headers.push(["ce_subject", key]);
    return headers;
  }
}

const SPEC_VERSION = Buffer.from("1.0");
const JSON_TYPE = Buffer.from("application/json");

const PAYLOADS: Readonly<Record<string, (relation: Relation, row: Tuple) => { type: string; json: object }>> = {
  deliveries: (relation, row) => ({ type: CRICKET_EVENT.odiDelivery, json: columnsOf(relation, row) }),
  match_info: (relation, row) => ({ type: CRICKET_EVENT.odiMatch, json: columnsOf(relation, row) }),
  unreadable_rows: (relation, row) => ({
    type: CRICKET_EVENT.odiUnreadable,
    json: {
      match_id: text(relation, row, "match_id"),
      file: text(relation, row, "file"),
      line: Number(text(relation, row, "line") ?? 0),
      // bytea comes as "\x" and hexadecimal digits.
      raw: Buffer.from(text(relation, row, "raw")?.slice(2) ?? "", "hex").toString("base64"),
      problem: text(relation, row, "problem"),
    },
  }),
};

function payloadOf(relation: Relation, row: Tuple, matchId: string): Payload {
  const missing = relation.columns.filter((_, index) => row[index] === UNCHANGED);
  if (missing.length > 0) {
    const problem = `an update left out the unchanged large column ${missing.join(", ")}; alter table ${relation.schema}.${relation.name} replica identity full`;
    return unreadable(relation, row, matchId, Buffer.alloc(0), problem);
  }
  const make = PAYLOADS[relation.name];
  if (make === undefined) throw new Error(`no payload for table ${relation.name}`);
  const { type, json } = make(relation, row);
  const value = Buffer.from(JSON.stringify(json));
  if (value.length <= MAX_EVENT_BYTES) return { type, value };
  const digest = createHash("sha256").update(value).digest("hex");
  const problem = `the row is ${value.length} bytes as JSON, over the limit of ${MAX_EVENT_BYTES}; sha256 ${digest}`;
  return unreadable(relation, row, matchId, value.subarray(0, KEPT_BYTES), problem);
}

/** A row that cannot go out as it is goes out as what it is: something for the quarantine, with the reason. */
function unreadable(relation: Relation, row: Tuple, matchId: string, raw: Buffer, problem: string): Payload {
  const json = {
    match_id: matchId,
    file: `${relation.schema}.${relation.name}`,
    line: Number(text(relation, row, "id") ?? 0),
    raw: raw.toString("base64"),
    problem,
  };
  return { type: CRICKET_EVENT.odiUnreadable, value: Buffer.from(JSON.stringify(json)) };
}

function columnsOf(relation: Relation, row: Tuple): Record<string, string> {
  const columns: Record<string, string> = {};
  for (const [index, name] of relation.columns.entries()) {
    const cell = row[index];
    if (Buffer.isBuffer(cell) && !OWN_COLUMNS.has(name)) columns[name] = cell.toString("utf8");
  }
  return columns;
}

function text(relation: Relation, row: Tuple, column: string): string | null {
  const cell = row[relation.columns.indexOf(column)];
  return Buffer.isBuffer(cell) ? cell.toString("utf8") : null;
}
