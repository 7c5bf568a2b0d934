/**
 * Requests and responses as they go over the wire, for what the client library of src/kafka/confluent has no call for, or a slow one.
 * Only versions without flexible fields; layouts: kafka.apache.org/protocol.
 */
export interface WireRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly clientId: string;
  /** Made of `int16`, `int32`, `string`, `bytes`. */
  readonly body: readonly Buffer[];
}

/** The request as it is sent, its length first. */
export function encodeRequest({ apiKey, apiVersion, clientId, body }: WireRequest, correlationId: number): Buffer {
  const message = Buffer.concat([int16(apiKey), int16(apiVersion), int32(correlationId), string(clientId), ...body]);
  return bytes(message);
}

/** Reads a response field by field, in its order. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int8(): number {
    const value = this.#bytes.readInt8(this.#at);
    this.#at += 1;
    return value;
  }

  int16(): number {
    const value = this.#bytes.readInt16BE(this.#at);
    this.#at += 2;
    return value;
  }

  int32(): number {
    const value = this.#bytes.readInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  /** Exact up to 2^53. */
  int64(): number {
    const value = this.#bytes.readBigInt64BE(this.#at);
    this.#at += 8;
    return Number(value);
  }

  /** A view of the response. */
  nullableBytes(): Buffer | null {
    const length = this.int32();
    if (length < 0) return null;
    const value = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return value;
  }

  /** As many as its length says; none when it is null. */
  array<T>(item: () => T): T[] {
    return Array.from({ length: Math.max(0, this.int32()) }, item);
  }

  nullableString(): string | null {
    const length = this.int16();
    if (length < 0) return null;
    const value = this.#bytes.toString("utf8", this.#at, this.#at + length);
    this.#at += length;
    return value;
  }
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

export function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

export function string(value: string): Buffer {
  const text = Buffer.from(value, "utf8");
  return Buffer.concat([int16(text.length), text]);
}

/** Bytes after their length. */
export function bytes(value: Buffer): Buffer {
  return Buffer.concat([int32(value.length), value]);
}
