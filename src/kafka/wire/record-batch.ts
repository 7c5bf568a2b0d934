import { FatalError, RetryableError } from "../../domain/errors.ts";
import type { RecordBatch, RecordHeaders, TopicPartition } from "../log.ts";
import { crc32c } from "./crc32c.ts";
import { inflate } from "./inflate.ts";

/**
 * A record batch as Kafka stores it, magic 2 (kafka.apache.org/documentation/#recordbatch):
 * base offset 8, length 4, leader epoch 4, magic 1, CRC 4, attributes 2, last offset delta 4, base timestamp 8, max timestamp 8,
 * producer id 8, producer epoch 2, base sequence 4, number of records 4; then the records, compressed as a whole.
 */
const HEADER_BYTES = 61;
const LENGTH_AT = 8;
/** What the length does not count. */
const BEFORE_LENGTH_BYTES = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const BASE_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const RECORDS_AT = 57;

const COMPRESSION = 0b111;
const LOG_APPEND_TIME = 1 << 3;
const TRANSACTIONAL = 1 << 4;
const CONTROL = 1 << 5;

/** What stands before the records, read when it is needed. */
export class StoredBatch {
  readonly #bytes: Buffer;
  readonly #start: number;
  /** Index of the first byte after the batch. */
  readonly end: number;

  /** null where the bytes from `start` on hold no whole batch: an answer may end in the middle of one. */
  static at(bytes: Buffer, start: number): StoredBatch | null {
    if (bytes.length - start < HEADER_BYTES) return null;
    const end = start + BEFORE_LENGTH_BYTES + bytes.readInt32BE(start + LENGTH_AT);
    return end > bytes.length ? null : new StoredBatch(bytes, start, end);
  }

  private constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.end = end;
  }

  get baseOffset(): number {
    return Number(this.#bytes.readBigInt64BE(this.#start));
  }

  /** Also where compaction has taken the last record away. */
  get lastOffset(): number {
    return this.baseOffset + this.#bytes.readInt32BE(this.#start + LAST_OFFSET_DELTA_AT);
  }

  get transactional(): boolean {
    return (this.#attributes & TRANSACTIONAL) !== 0;
  }

  /** A marker: the end of a transaction. */
  get control(): boolean {
    return (this.#attributes & CONTROL) !== 0;
  }

  get producerId(): number {
    return Number(this.#bytes.readBigInt64BE(this.#start + PRODUCER_ID_AT));
  }

  /**
   * The records, inflated. Throws a RetryableError when they are not what was written (they are right in the log, as a rule),
   * and a FatalError for a format or a compression that is not read here.
   */
  records({ topic, partition }: TopicPartition): DecodedBatch {
    const where = `${topic}/${partition} offset ${this.baseOffset}`;
    const magic = this.#bytes.readInt8(this.#start + MAGIC_AT);
    if (magic !== 2) {
      throw new FatalError(`${where} has message format ${magic}`, {
        remedy: "read it with a broker and a topic of Kafka 0.11 or later",
      });
    }
    const checked = this.#bytes.subarray(this.#start + ATTRIBUTES_AT, this.end);
    if (crc32c(checked) !== this.#bytes.readUInt32BE(this.#start + CRC_AT)) {
      throw new RetryableError(`fetch: ${where} was damaged on its way: its checksum is wrong`);
    }
    const stored = this.#bytes.subarray(this.#start + HEADER_BYTES, this.end);
    const appended = (this.#attributes & LOG_APPEND_TIME) !== 0;
    return new DecodedBatch(inflate(this.#attributes & COMPRESSION, stored, where), {
      topic,
      partition,
      count: this.#bytes.readInt32BE(this.#start + RECORDS_AT),
      baseOffset: this.baseOffset,
      baseTimestamp: Number(this.#bytes.readBigInt64BE(this.#start + BASE_TIMESTAMP_AT)),
      appendTimestamp: appended ? Number(this.#bytes.readBigInt64BE(this.#start + MAX_TIMESTAMP_AT)) : null,
    });
  }

  get #attributes(): number {
    return this.#bytes.readInt16BE(this.#start + ATTRIBUTES_AT);
  }
}

interface BatchInfo extends TopicPartition {
  readonly count: number;
  readonly baseOffset: number;
  /** ms since the Unix epoch. */
  readonly baseTimestamp: number;
  /** Of all records, where the broker gives the time; else null. */
  readonly appendTimestamp: number | null;
}

/** Of each record: where its key, value and headers stand; a length of −1 is a null. */
const FIELDS = 6;
const [KEY_AT, KEY_LENGTH, VALUE_AT, VALUE_LENGTH, HEADERS_AT, OFFSET_DELTA] = [0, 1, 2, 3, 4, 5];

/** The records of a batch where they stand: keys, values and headers are views, made when they are asked for. */
export class DecodedBatch {
  readonly info: BatchInfo;
  readonly bytes: Buffer;
  readonly #fields: Int32Array;
  readonly #timestamps: Float64Array;

  constructor(bytes: Buffer, info: BatchInfo) {
    this.info = info;
    this.bytes = bytes;
    this.#fields = new Int32Array(info.count * FIELDS);
    this.#timestamps = new Float64Array(info.count);
    const reader = new Varints(bytes);
    for (let n = 0; n < info.count; n++) {
      const length = reader.next();
      const end = reader.at + length;
      reader.at++; // attributes, unused
      this.#timestamps[n] = info.baseTimestamp + reader.next();
      const at = n * FIELDS;
      this.#fields[at + OFFSET_DELTA] = reader.next();
      this.#field(at + KEY_AT, reader);
      this.#field(at + VALUE_AT, reader);
      this.#fields[at + HEADERS_AT] = reader.at;
      reader.at = end;
    }
    if (reader.at > bytes.length) {
      throw new RetryableError(
        `fetch: the batch at offset ${info.baseOffset} of ${info.topic}/${info.partition} is cut short`,
      );
    }
  }

  get length(): number {
    return this.info.count;
  }

  offset(index: number): number {
    return this.info.baseOffset + this.#fields[index * FIELDS + OFFSET_DELTA]!;
  }

  timestamp(index: number): number {
    return this.info.appendTimestamp ?? this.#timestamps[index]!;
  }

  key(index: number): Buffer | null {
    return this.#view(index * FIELDS + KEY_AT, index * FIELDS + KEY_LENGTH);
  }

  value(index: number): Buffer | null {
    return this.#view(index * FIELDS + VALUE_AT, index * FIELDS + VALUE_LENGTH);
  }

  headers(index: number): RecordHeaders | undefined {
    const reader = new Varints(this.bytes);
    reader.at = this.#fields[index * FIELDS + HEADERS_AT]!;
    const count = reader.next();
    if (count === 0) return undefined;
    return Array.from({ length: count }, () => {
      const name = this.bytes.toString("utf8", ...reader.range());
      return [name, this.bytes.subarray(...reader.range())] as const;
    });
  }

  #field(at: number, reader: Varints): void {
    const length = reader.next();
    this.#fields[at] = reader.at;
    this.#fields[at + 1] = length;
    if (length > 0) reader.at += length;
  }

  #view(start: number, length: number): Buffer | null {
    const bytes = this.#fields[length]!;
    if (bytes < 0) return null;
    const from = this.#fields[start]!;
    return this.bytes.subarray(from, from + bytes);
  }
}

/** Numbers of variable length, zigzag encoded, as Kafka and Protocol Buffers have them. */
class Varints {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Exact up to 2^53. */
  next(): number {
    const first = this.#bytes[this.at++]!;
    if (first < 0x80) return (first >>> 1) ^ -(first & 1);
    let value = first & 0x7f;
    for (let factor = 0x80; ; factor *= 0x80) {
      const byte = this.#bytes[this.at++];
      // Beyond the end: whoever reads on finds out.
      if (byte === undefined) return 0;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Bytes after their length; none for a null. */
  range(): [from: number, to: number] {
    const length = Math.max(0, this.next());
    const from = this.at;
    this.at += length;
    return [from, this.at];
  }
}

/** Neighbouring records of a batch, `from` up to but not including `to`. */
export class BatchSlice implements RecordBatch {
  readonly topic: string;
  readonly partition: number;
  readonly length: number;
  readonly #batch: DecodedBatch;
  readonly #from: number;

  constructor(batch: DecodedBatch, from: number, to: number) {
    this.topic = batch.info.topic;
    this.partition = batch.info.partition;
    this.length = to - from;
    this.#batch = batch;
    this.#from = from;
  }

  offset(index: number): number {
    return this.#batch.offset(this.#from + index);
  }

  timestamp(index: number): number {
    return this.#batch.timestamp(this.#from + index);
  }

  key(index: number): Buffer | null {
    return this.#batch.key(this.#from + index);
  }

  value(index: number): Buffer | null {
    return this.#batch.value(this.#from + index);
  }

  headers(index: number): RecordHeaders | undefined {
    return this.#batch.headers(this.#from + index);
  }
}
