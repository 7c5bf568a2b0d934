/**
 * Rows of the schema `odi` as raw events: CloudEvents 1.0, binary mode. The value is the source's own payload; what it means is
 * for the review to say.
 */
import { isUtf8 } from "node:buffer";
import { CRICKET_EVENT } from "../../domain/cricket/topics.ts";
import { partitionFor } from "../../domain/partition.ts";
import type { WriteBatch } from "../../kafka/log.ts";
import { cloudEventHeaders, keyProblem, orUnreadable, oversize, unreadableValue } from "../kit/index.ts";
import type { Relation, Tuple } from "./pgoutput.ts";
import { UNCHANGED } from "./pgoutput.ts";

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
  readonly #columns: ReadonlyMap<string, ReadonlySet<string>>;
  /** Tables that are published and not ours, by name: counted by the caller, named in the status. */
  readonly foreign: Set<string> = new Set();

  constructor(options: {
    readonly topic: string;
    readonly partitions: number;
    readonly sourceId: string;
    /** Table → the columns that are sent. */
    readonly columns: Readonly<Record<string, readonly string[]>>;
  }) {
    this.#columns = new Map(Object.entries(options.columns).map(([table, names]) => [table, new Set(names)]));
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
    const columns = this.#columns.get(relation.name) ?? new Set<string>();
    const matchId = keyOf(relation, row);
    const payload = orUnreadable(
      () => payloadOf(relation, row, matchId, columns),
      (problem) => unreadable(relation, row, matchId, Buffer.alloc(0), problem),
    );
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
        rowId: `${relation.name}/${label(relation, row, "id")}`,
      }),
    );
    return true;
  }
}

type Columns = ReadonlySet<string>;

const PAYLOADS: Readonly<Record<string, (relation: Relation, row: Tuple, columns: Columns) => Payload>> = {
  deliveries: (...row) => ({ type: ballType(CRICKET_EVENT.odiDelivery, ...row), value: columnsOf(...row) }),
  match_info: (...row) => ({ type: CRICKET_EVENT.odiMatch, value: columnsOf(...row) }),
  csv1_deliveries: (...row) => ({ type: ballType(CRICKET_EVENT.odiCsv1Delivery, ...row), value: columnsOf(...row) }),
  csv1_match_info: (...row) => ({ type: CRICKET_EVENT.odiCsv1Match, value: columnsOf(...row) }),
  unreadable_rows: (relation, row) => ({
    type: CRICKET_EVENT.odiUnreadable,
    value: unreadableValue({
      matchId: text(relation, row, "match_id"),
      file: text(relation, row, "file"),
      line: numberOf(relation, row, "line"),
      // bytea comes as "\x" and hexadecimal digits.
      raw: Buffer.from(text(relation, row, "raw")?.slice(2) ?? "", "hex"),
      problem: text(relation, row, "problem"),
    }),
  }),
};

/** A row that says of its ball that an edition does not have it. */
function ballType(type: string, relation: Relation, row: Tuple, columns: Columns): string {
  const deleted = columns.has("deleted") ? text(relation, row, "deleted") : null;
  return deleted === null ? type : CRICKET_EVENT.odiDeletion;
}

function payloadOf(relation: Relation, row: Tuple, matchId: string, columns: Columns): Payload {
  const tooLong = keyProblem(bytesOf(relation, row, "match_id"));
  if (tooLong !== null) return unreadable(relation, row, matchId, Buffer.alloc(0), tooLong);
  const missing = relation.columns.filter((name, index) => row[index] === UNCHANGED && columns.has(name));
  if (missing.length > 0) {
    const problem = `an update left out the unchanged large column ${missing.join(", ")}; alter table ${relation.schema}.${relation.name} replica identity full`;
    return unreadable(relation, row, matchId, Buffer.alloc(0), problem);
  }
  const make = PAYLOADS[relation.name];
  if (make === undefined) throw new Error(`no payload for table ${relation.name}`);
  const payload = make(relation, row, columns);
  const excess = oversize(payload.value, "the row as JSON");
  return excess === null ? payload : unreadable(relation, row, matchId, excess.raw, excess.problem);
}

function unreadable(relation: Relation, row: Tuple, matchId: string, raw: Buffer, problem: string): Payload {
  const file = `${relation.schema}.${relation.name}`;
  const line = numberOf(relation, row, "id");
  return { type: CRICKET_EVENT.odiUnreadable, value: unreadableValue({ matchId, file, line, raw, problem }) };
}

/** In the order of the columns' names: the stream and a copy agree, however often a column was dropped and put back. */
function columnsOf(relation: Relation, row: Tuple, wanted: Columns): Buffer {
  const columns: Record<string, string> = {};
  for (const name of wanted) {
    const cell = text(relation, row, name);
    if (cell !== null) columns[name] = cell;
  }
  return Buffer.from(JSON.stringify(columns));
}

function text(relation: Relation, row: Tuple, column: string): string | null {
  const cell = row[relation.columns.indexOf(column)];
  if (!Buffer.isBuffer(cell)) return null;
  // A server without an encoding (SQL_ASCII) sends any bytes; a name with a replacement character in it would be another name.
  if (!isUtf8(cell)) throw new Error(`column ${column} is not UTF-8`);
  return cell.toString("utf8");
}

/** The match id as a key; "" for one that can be none. */
function keyOf(relation: Relation, row: Tuple): string {
  return keyProblem(bytesOf(relation, row, "match_id")) === null ? label(relation, row, "match_id") : "";
}

/** Of a name that is longer than any should be, what is enough to tell it from others. */
const LABEL_BYTES = 64 * 1024;

/** As `text`, of whatever there is: for names, where nothing may throw. */
function label(relation: Relation, row: Tuple, column: string): string {
  const cell = row[relation.columns.indexOf(column)];
  return Buffer.isBuffer(cell) ? cell.subarray(0, LABEL_BYTES).toString("utf8") : "";
}

/** 0 for what is no number that JSON keeps. */
function numberOf(relation: Relation, row: Tuple, column: string): number {
  const number = Number(label(relation, row, column));
  return Number.isSafeInteger(number) ? number : 0;
}

function bytesOf(relation: Relation, row: Tuple, column: string): number {
  const cell = row[relation.columns.indexOf(column)];
  return Buffer.isBuffer(cell) ? cell.length : 0;
}
