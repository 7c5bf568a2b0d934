/**
 * One connection's life: start, maybe a snapshot, then the stream. The numbered order is what makes it safe:
 *
 * 1. Own the producer and read the position: nobody else can write one any more.
 * 2. Ask the server who it is; decide.
 * 3. When continuity cannot be proved: open a stream right after the end of the log, and persist its token as the first position of
 *    the new epoch, with a gap event (EO-13); then copy the documents as they were at that end.
 * 4. Stream from the position.
 */
import type { Db, MongoClient } from "mongodb";
import { WriteBatch } from "../../kafka/log.ts";
import { closeMongo, openMongo } from "../../mongo/client.ts";
import { ensureCollections } from "../../mongo/collections.ts";
import { classifyMongoError } from "../../mongo/errors.ts";
import type { SourceSession, StoredPosition } from "../kit/index.ts";
import { gapEvent } from "../kit/index.ts";
import { ChangeCursor } from "./change-cursor.ts";
import { decideStart } from "./decide-start.ts";
import { DocumentWriter } from "./events.ts";
import type { MongoSourceOptions } from "./options.ts";
import { DEFAULTS } from "./options.ts";
import type { LogTime, MongoPosition } from "./position.ts";
import { positionCodec, tokenTimeText } from "./position.ts";
import type { ServerFacts } from "./server.ts";
import { readServer } from "./server.ts";
import { copySnapshot, countDocuments } from "./snapshot.ts";
import { stream } from "./stream.ts";

export async function runSession(options: MongoSourceOptions, session: SourceSession<MongoPosition>): Promise<void> {
  const { signal, connection, sourceId } = options;
  await session.ownership.acquire(); // step 1
  const client = openMongo(connection, { applicationName: `third-umpire ${sourceId}`, max: 4 });
  // Until the stream runs there is nothing to finish, and a server may keep us waiting.
  const stop = (): void => void closeMongo(client);
  signal.addEventListener("abort", stop);
  try {
    await new Session(options, session, client).run();
  } catch (error) {
    throw classifyMongoError(error, "reading MongoDB");
  } finally {
    signal.removeEventListener("abort", stop);
    await closeMongo(client);
  }
}

class Session {
  readonly #o: MongoSourceOptions;
  readonly #session: SourceSession<MongoPosition>;
  readonly #client: MongoClient;
  readonly #db: Db;
  readonly #events: DocumentWriter;
  readonly #now: () => number;

  constructor(options: MongoSourceOptions, session: SourceSession<MongoPosition>, client: MongoClient) {
    this.#o = options;
    this.#session = session;
    this.#client = client;
    this.#db = client.db();
    this.#events = new DocumentWriter(options.documents, options);
    this.#now = options.now ?? Date.now;
  }

  async run(): Promise<void> {
    const { ownership, distrust } = this.#session;
    await this.#ordinary("preparing", async () => this.#o.prepare?.());
    const server = await this.#ordinary("connecting to MongoDB", async () => {
      const { names } = this.#events;
      const facts = await readServer(this.#db, names);
      await ensureCollections(this.#db, names);
      return facts.collections.includes("=none") ? await readServer(this.#db, names) : facts;
    });
    const { database, replicaSet, collections, isRouter } = server;
    const logEnd = isRouter ? null : server.logEnd;
    const stored = ownership.position;
    const decision = decideStart({ stored, database, replicaSet, collections, logEnd, distrust }); // step 2
    const position =
      decision.kind === "resume" ? decision.from : await this.#snapshot(server, decision.epoch, decision.gap);
    if (position !== null && !this.#o.signal.aborted) await this.#stream(position); // step 4
  }

  /** Step 3. Null when asked to stop. */
  async #snapshot(
    { database, replicaSet, collections, logEnd }: ServerFacts,
    epoch: number,
    reason: string | null,
  ): Promise<StoredPosition<MongoPosition> | null> {
    const { ownership, status, onStreaming } = this.#session;
    const { signal, sourceId, at = () => undefined, maxEvents = DEFAULTS.maxEvents } = this.#o;
    const because = reason === null ? "" : ` (gap: ${reason})`;
    status.set({ state: "snapshot", message: `beginning a copy of what is there${because}`, epoch });
    const before = ownership.position;
    const token = await this.#ordinary("opening the change stream", () => this.#firstToken(logEnd));
    const documents = await this.#ordinary("counting documents", () => countDocuments(this.#db, this.#events.names));
    const first: MongoPosition = { phase: "snapshot", token, database, replicaSet, collections };
    let position: StoredPosition<MongoPosition> = { epoch, events: before?.events ?? 0, position: first };
    const action = `snapshot of ${documents} documents`;
    const gap =
      reason === null
        ? undefined
        : gapEvent({ sourceId, codec: positionCodec, from: before, to: position, reason, action, nowMs: this.#now() });
    await ownership.publish(new WriteBatch(), position, gap);
    onStreaming(); // the gap is told: a failure from here on begins no further epoch
    status.set({ message: `copying ${documents} documents that were there before${because}` });
    const isWhole = await this.#ordinary("copying the snapshot", () =>
      copySnapshot({
        db: this.#db,
        moment: logEnd,
        events: this.#events,
        maxEvents,
        signal,
        now: this.#now,
        onBatch: async (write) => {
          position = await this.#publish(write, position);
          await at("snapshot-rows");
        },
      }),
    );
    if (!isWhole) return null;
    return await this.#publish(new WriteBatch(), { ...position, position: { ...first, phase: "stream" } });
  }

  async #publish(write: WriteBatch, from: StoredPosition<MongoPosition>): Promise<StoredPosition<MongoPosition>> {
    const { ownership, status } = this.#session;
    const events = write.length;
    const position = { ...from, events: from.events + events };
    await ownership.publish(write, position);
    status.committed(events, 0, tokenTimeText(position.position.token), position.epoch, this.#now());
    return position;
  }

  /** A token that stands right behind a moment of the log. */
  async #firstToken({ seconds, increment }: LogTime): Promise<string> {
    const cursor = new ChangeCursor({
      client: this.#client,
      db: this.#db,
      collections: this.#events.names,
      start: { from: { seconds, increment: increment + 1 } },
      batchSize: 1,
      withDocuments: true,
      watchdogMs: this.#o.watchdogMs ?? DEFAULTS.watchdogMs,
    });
    try {
      return await cursor.open();
    } finally {
      await cursor.close();
    }
  }

  async #stream(position: StoredPosition<MongoPosition>): Promise<void> {
    const { ownership, status, onStreaming } = this.#session;
    const { signal, at = () => undefined } = this.#o;
    await stream({
      client: this.#client,
      db: this.#db,
      ownership,
      position,
      events: this.#events,
      status,
      maxEvents: this.#o.maxEvents ?? DEFAULTS.maxEvents,
      idlePositionMs: this.#o.idlePositionMs ?? DEFAULTS.idlePositionMs,
      watchdogMs: this.#o.watchdogMs ?? DEFAULTS.watchdogMs,
      signal,
      at,
      now: this.#now,
      onOpen: () => {
        const { database } = position.position;
        status.set({ state: "streaming", message: `streaming from database ${database}`, epoch: position.epoch });
        onStreaming();
      },
    });
  }

  async #ordinary<T>(doing: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw classifyMongoError(error, doing);
    }
  }
}
