import { connect } from "node:net";
import { parseAddress } from "./address.ts";
import type { Socket } from "node:net";
import { encodeRequest, WireReader, type WireRequest } from "./codec.ts";

interface Waiting {
  readonly resolve: (answer: WireReader) => void;
  readonly reject: (error: Error) => void;
}

/** Of a response: its length, and the correlation id before its body. */
const LENGTH_BYTES = 4;
const CORRELATION_BYTES = 4;
/** More than any broker sends; what another kind of server says first reads as a length of a gigabyte. */
const ANSWER_MAX = 256 * 1024 * 1024;

/**
 * A connection to one broker (PLAINTEXT) that is kept. Requests may overlap: a broker answers them in the order in which
 * they came. When it fails, everything that waits is rejected with the reason, and it is done with.
 */
export class BrokerConnection {
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];
  readonly #length = Buffer.alloc(LENGTH_BYTES);
  #lengthFilled = 0;
  #frame: Buffer | undefined;
  #frameFilled = 0;
  #correlationId = 0;
  #failure: Error | undefined;

  private constructor(socket: Socket, silenceMs: number) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    socket.setTimeout(silenceMs, () => {
      if (this.#waiting.length > 0) this.#fail(new Error(`no answer within ${silenceMs} ms`));
    });
    socket.on("error", (error) => {
      this.#fail(error);
    });
    socket.on("close", () => {
      this.#fail(new Error("the connection was closed"));
    });
    socket.on("data", (chunk) => {
      this.#receive(chunk);
    });
  }

  /** Connects to host:port, or [IPv6]:port. `silenceMs` bounds the wait for it, and later for any answer. Rejects with a plain Error. */
  static async open(address: string, silenceMs: number): Promise<BrokerConnection> {
    const socket = connect(parseAddress(address));
    await new Promise<void>((resolve, reject) => {
      const fail = (error: Error): void => {
        socket.destroy();
        reject(error);
      };
      socket.setTimeout(silenceMs, () => {
        fail(new Error(`no connection within ${silenceMs} ms`));
      });
      socket.once("error", fail);
      socket.once("connect", () => {
        socket.removeAllListeners();
        resolve();
      });
    });
    return new BrokerConnection(socket, silenceMs);
  }

  /** Reads the body of the answer. Rejects with a plain Error. */
  request(request: WireRequest): Promise<WireReader> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#socket.write(encodeRequest(request, this.#correlationId));
      this.#correlationId = (this.#correlationId + 1) & 0x7fffffff;
    });
  }

  close(): void {
    this.#fail(new Error("this side closed the connection"));
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#socket.destroy();
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  #receive(chunk: Buffer): void {
    for (let at = 0; at < chunk.length && this.#failure === undefined;) {
      if (this.#frame === undefined) {
        const copied = chunk.copy(this.#length, this.#lengthFilled, at);
        at += copied;
        this.#lengthFilled += copied;
        if (this.#lengthFilled < LENGTH_BYTES) return;
        const length = this.#length.readInt32BE(0);
        if (length < CORRELATION_BYTES || length > ANSWER_MAX) {
          this.#fail(new Error("what answers there is no Kafka broker"));
          return;
        }
        // Of its own memory, not of Node's shared pool: what is read of it stays referenced for long.
        this.#frame = Buffer.allocUnsafeSlow(length);
        this.#frameFilled = 0;
      }
      const copied = chunk.copy(this.#frame, this.#frameFilled, at);
      at += copied;
      this.#frameFilled += copied;
      if (this.#frameFilled < this.#frame.length) return;
      const answer = new WireReader(this.#frame.subarray(CORRELATION_BYTES));
      this.#frame = undefined;
      this.#lengthFilled = 0;
      this.#waiting.shift()?.resolve(answer);
    }
  }
}
