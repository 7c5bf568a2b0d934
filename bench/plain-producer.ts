import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { encodeRecordBatch, type PlainRecord } from "./record-batch.ts";

/** Produce, version 7: the last but one without flexible fields. Layout: kafka.apache.org/protocol. */
const API_KEY = 0;
const API_VERSION = 7;
const TIMEOUT_MS = 10_000;

/**
 * Writes records outside of transactions, at once. Only for measuring latency: the Log port writes in transactions
 * alone, and the commit of the input would count as latency of the program that reads it. Knows one broker, which must lead
 * every partition; requests are pipelined, and the first refusal is thrown by the next call.
 */
export class PlainProducer {
  readonly #socket: Socket;
  readonly #topic: string;
  #received: Buffer = Buffer.alloc(0);
  #failure: Error | undefined;
  #unanswered = 0;
  #idle: (() => void) | undefined;

  private constructor(socket: Socket, topic: string) {
    this.#socket = socket;
    this.#topic = topic;
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the broker closed the connection")));
  }

  static async open(brokers: string, topic: string): Promise<PlainProducer> {
    const address = brokers.split(",")[0]!;
    const colon = address.lastIndexOf(":");
    const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)), noDelay: true });
    await once(socket, "connect");
    return new PlainProducer(socket, topic);
  }

  /** One request with the records of each partition. */
  send(partitions: ReadonlyMap<number, readonly PlainRecord[]>): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (partitions.size === 0) return;
    const now = Date.now();
    const data = [...partitions].flatMap(([partition, records]) => {
      const batch = encodeRecordBatch(records, now);
      return [int32(partition), int32(batch.length), batch];
    });
    const body = Buffer.concat([
      ...[int16(API_KEY), int16(API_VERSION), int32(0), text("bench")],
      ...[int16(-1), int16(-1), int32(TIMEOUT_MS)], // no transaction, acknowledged by all replicas
      ...[int32(1), text(this.#topic), int32(partitions.size), ...data],
    ]);
    this.#unanswered++;
    this.#socket.write(Buffer.concat([int32(body.length), body]));
  }

  /** Resolves when everything sent has been acknowledged. */
  async flush(): Promise<void> {
    if (this.#unanswered > 0 && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  close(): void {
    this.#socket.removeAllListeners("close");
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 4 && this.#received.length >= 4 + this.#received.readInt32BE(0)) {
      const end = 4 + this.#received.readInt32BE(0);
      this.#check(this.#received.subarray(8, end));
      this.#received = this.#received.subarray(end);
      if (--this.#unanswered === 0) this.#idle?.();
    }
  }

  /** One topic; by partition: index, error, base offset, append time, start of the log. */
  #check(response: Buffer): void {
    let at = 4 + 2 + response.readInt16BE(4);
    for (let left = response.readInt32BE(at); left > 0; left--) {
      const error = response.readInt16BE(at + 4 + 4);
      if (error !== 0) this.#fail(new Error(`produce to ${this.#topic}: the broker answered error ${error}`));
      at += 4 + 2 + 8 + 8 + 8;
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#idle?.();
  }
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function text(value: string): Buffer {
  return Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);
}
