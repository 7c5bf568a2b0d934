/**
 * Rows of the schema `odi` as raw events: CloudEvents 1.0, binary mode. The value is the source's own payload; what it means is
 * for the review to say.
 */
import { CRICKET_EVENT } from "../../domain/cricket/topics.ts";
import { partitionFor } from "../../domain/partition.ts";
import type { WriteBatch } from "../../kafka/log.ts";
import { cloudEventHeaders, oversize, unreadableValue } from "../kit/index.ts";
import type { Relation, Tuple } from "./pgoutput.ts";
import { UNCHANGED } from "./pgoutput.ts";

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
  readonly #source: string;
  /** Tables that are published and not ours, by name: counted by the caller, named in the status. */
  readonly foreign: Set<string> = new Set();

  constructor(options: { readonly topic: string; readonly partitions: number; readonly sourceId: string }) {
    this.#topic = options.topic;
    this.#partitions = options.partitions;
    this.#source = `postgres/${options.sourceId}`;
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
      cloudEventHeaders({
        id: context.id,
        source: this.#source,
        type: payload.type,
        subject: matchId,
        timeMs: context.timeMs,
        contentType: "application/json",
        rowId: `${relation.name}/${text(relation, row, "id") ?? ""}`,
      }),
    );
    return true;
  }
}

const PAYLOADS: Readonly<Record<string, (relation: Relation, row: Tuple) => Payload>> = {
  deliveries: (relation, row) => ({ type: CRICKET_EVENT.odiDelivery, value: columnsOf(relation, row) }),
  match_info: (relation, row) => ({ type: CRICKET_EVENT.odiMatch, value: columnsOf(relation, row) }),
  csv1_deliveries: (relation, row) => ({ type: CRICKET_EVENT.odiCsv1Delivery, value: columnsOf(relation, row) }),
  csv1_match_info: (relation, row) => ({ type: CRICKET_EVENT.odiCsv1Match, value: columnsOf(relation, row) }),
  unreadable_rows: (relation, row) => ({
    type: CRICKET_EVENT.odiUnreadable,
    value: unreadableValue({
      matchId: text(relation, row, "match_id"),
      file: text(relation, row, "file"),
      line: Number(text(relation, row, "line") ?? 0),
      // bytea comes as "\x" and hexadecimal digits.
      raw: Buffer.from(text(relation, row, "raw")?.slice(2) ?? "", "hex"),
      problem: text(relation, row, "problem"),
    }),
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
  const payload = make(relation, row);
  const excess = oversize(payload.value, "the row as JSON");
  return excess === null ? payload : unreadable(relation, row, matchId, excess.raw, excess.problem);
}

function unreadable(relation: Relation, row: Tuple, matchId: string, raw: Buffer, problem: string): Payload {
  const file = `${relation.schema}.${relation.name}`;
  const line = Number(text(relation, row, "id") ?? 0);
  return { type: CRICKET_EVENT.odiUnreadable, value: unreadableValue({ matchId, file, line, raw, problem }) };
}

function columnsOf(relation: Relation, row: Tuple): Buffer {
  const columns: Record<string, string> = {};
  for (const [index, name] of relation.columns.entries()) {
    const cell = row[index];
    if (Buffer.isBuffer(cell) && !OWN_COLUMNS.has(name)) columns[name] = cell.toString("utf8");
  }
  return Buffer.from(JSON.stringify(columns));
}

function text(relation: Relation, row: Tuple, column: string): string | null {
  const cell = row[relation.columns.indexOf(column)];
  return Buffer.isBuffer(cell) ? cell.toString("utf8") : null;
}
