/**
 * The replication connection: `pg` with `pg-copy-streams` `both()`. Everything that speaks the walsender's protocol is here.
 */
import pg from "pg";
import { both } from "pg-copy-streams";
import type { CopyBothStream } from "./copy-both.ts";
import { classifyPostgresError } from "../../postgres/errors.ts";
import type { Lsn } from "./lsn.ts";
import { formatLsn, parseLsn } from "./lsn.ts";
import { toPostgresTime } from "./pgoutput.ts";

export type ServerMessage =
  /** One pgoutput message. */
  | { readonly kind: "data"; readonly walEnd: Lsn; readonly payload: Buffer }
  /** Everything that was committed before `walEnd` has been sent. `reply`: the server wants to hear from us now. */
  | { readonly kind: "keepalive"; readonly walEnd: Lsn; readonly reply: boolean };

export interface SystemIdentity {
  readonly systemId: string;
  readonly timeline: number;
  readonly flushedTo: Lsn;
  readonly database: string;
}

export interface NewSlot {
  readonly consistentPoint: Lsn;
  readonly snapshotName: string;
}

/** How values are printed: the same in the stream and in a copy, whatever a role or a database has set otherwise. */
export const PRINTING: string =
  "-c client_encoding=UTF8 -c bytea_output=hex -c datestyle=ISO -c intervalstyle=postgres -c timezone=UTC -c extra_float_digits=1";

const XLOG_DATA = 0x77; // 'w'
const KEEPALIVE = 0x6b; // 'k'
const STATUS_UPDATE = 0x72; // 'r'

export class ReplicationConnection {
  readonly #client: pg.Client;
  #stream: CopyBothStream | undefined;
  #failure: unknown;
  /** Called once with what ended the connection, when we did not end it. */
  onFailure: (error: unknown) => void = () => undefined;

  private constructor(client: pg.Client) {
    this.#client = client;
    // Without a listener the loss of an idle connection would end the process.
    client.on("error", (error) => this.#fail(error));
    client.on("end", () => this.#fail(Object.assign(new Error("connection ended"), { code: "CONNECTION_ENDED" })));
  }

  /** @throws RetryableError | FatalError */
  static async open(connection: string, applicationName: string): Promise<ReplicationConnection> {
    const config: pg.ClientConfig & { replication: string } = {
      connectionString: connection,
      replication: "database",
      application_name: applicationName,
      connectionTimeoutMillis: 5000,
      keepAlive: true,
      options: PRINTING,
    };
    const opened = new ReplicationConnection(new pg.Client(config));
    try {
      await opened.#client.connect();
    } catch (error) {
      await opened.close();
      throw classifyPostgresError(error, "opening the replication connection");
    }
    return opened;
  }

  async identify(): Promise<SystemIdentity> {
    const [row] = await this.#query("IDENTIFY_SYSTEM", "asking the server who it is");
    return {
      systemId: String(row?.["systemid"]),
      timeline: Number(row?.["timeline"]),
      flushedTo: parseLsn(String(row?.["xlogpos"])),
      database: String(row?.["dbname"]),
    };
  }

  /**
   * Creates the durable slot and exports the snapshot that ends exactly where the slot begins. The snapshot lives until this
   * connection runs its next command. Waits for transactions that are open on the server.
   */
  async createSlot(slot: string): Promise<NewSlot> {
    const [row] = await this.#query(
      `CREATE_REPLICATION_SLOT ${identifier(slot)} LOGICAL pgoutput EXPORT_SNAPSHOT`,
      `creating slot ${slot}`,
    );
    return {
      consistentPoint: parseLsn(String(row?.["consistent_point"])),
      snapshotName: String(row?.["snapshot_name"]),
    };
  }

  /**
   * Starts the stream at `from`. Messages are handed over one by one, synchronously; `pause` and `resume` stop the socket itself.
   * A refusal by the server arrives at `onFailure`, like any later end of the stream.
   */
  start(slot: string, publication: string, from: Lsn, onMessage: (message: ServerMessage) => void): void {
    const name = publication.replaceAll('"', '""').replaceAll("'", "''");
    const sql = `START_REPLICATION SLOT ${identifier(slot)} LOGICAL ${formatLsn(from)} (proto_version '1', publication_names '"${name}"', messages 'true')`;
    // Both options matter: a byte stream would glue messages together. Two messages of look-ahead, because one may hold 10 MB.
    const stream = both(sql, { alignOnCopyDataFrame: true, readableObjectMode: true, readableHighWaterMark: 2 });
    stream.on("data", (chunk: Buffer) => {
      try {
        onMessage(parseServerMessage(chunk));
      } catch (error) {
        this.#fail(error);
      }
    });
    stream.on("error", (error: Error) => this.#fail(error));
    stream.on("end", () =>
      this.#fail(Object.assign(new Error("the server ended the stream"), { code: "CONNECTION_ENDED" })),
    );
    this.#stream = stream;
    this.#client.query(stream);
  }

  /** Stops reading from the socket: the server then waits, and the memory of both sides stays bounded. */
  pause(): void {
    this.#stream?.pause();
  }

  resume(): void {
    this.#stream?.resume();
  }

  /** Tells the server that everything before `lsn` is safe with us. Only ever call it with a position that Kafka has committed. */
  acknowledge(lsn: Lsn, nowMs: number): void {
    if (this.#stream === undefined || this.#stream.destroyed || this.#failure !== undefined) return;
    const message = Buffer.alloc(34);
    message.writeUInt8(STATUS_UPDATE, 0);
    message.writeBigUInt64BE(lsn, 1); // written
    message.writeBigUInt64BE(lsn, 9); // flushed: this one moves the slot
    message.writeBigUInt64BE(lsn, 17); // applied
    message.writeBigInt64BE(toPostgresTime(nowMs), 25);
    this.#stream.write(message);
  }

  /** Ends the connection without ceremony; what the server did not hear of is sent again. Idempotent. */
  async close(): Promise<void> {
    this.#failure ??= CLOSED;
    this.#stream?.destroy();
    // While a query is active `end` destroys the socket; its promise is of no use to us, the server may never answer.
    const ended = this.#client.end().catch(() => undefined);
    const timeout = new Promise<void>((resolve) => setTimeout(resolve, 1000).unref());
    await Promise.race([ended, timeout]);
  }

  async #query(sql: string, doing: string): Promise<Record<string, unknown>[]> {
    try {
      const result = await this.#client.query<Record<string, unknown>>(sql);
      return result.rows;
    } catch (error) {
      throw classifyPostgresError(error, doing);
    }
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.onFailure(error);
  }
}

const CLOSED = new Error("closed by us");

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function parseServerMessage(chunk: Buffer): ServerMessage {
  const tag = chunk[0];
  if (tag === XLOG_DATA) return { kind: "data", walEnd: chunk.readBigUInt64BE(9), payload: chunk.subarray(25) };
  if (tag === KEEPALIVE) return { kind: "keepalive", walEnd: chunk.readBigUInt64BE(1), reply: chunk[17] === 1 };
  throw new Error(`the server sent a message of unknown type ${String(tag)}`);
}
