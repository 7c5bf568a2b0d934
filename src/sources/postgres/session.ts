/**
 * One connection's life: start, maybe a snapshot, then the stream. The numbered order is what makes it safe:
 *
 * 1. Own the producer: opening it fences every older incarnation and ends its open transaction.
 * 2. Read the position. Nobody else can write one any more.
 * 3. Ask the server who it is and what our slot is; decide.
 * 4. Snapshot when continuity cannot be proved, with a gap event in the transaction of the new epoch's first position (EO-13).
 * 5. Stream from the position.
 */
import { backoffMs } from "../../domain/backoff.ts";
import { FatalError } from "../../domain/errors.ts";
import { WriteBatch } from "../../kafka/log.ts";
import { classifyPostgresError } from "../../postgres/errors.ts";
import type { Sql } from "../../postgres/sql.ts";
import { closeSql, openSql } from "../../postgres/sql.ts";
import { pause } from "../../pause.ts";
import type { SourceSession, StoredPosition } from "../kit/index.ts";
import { ContinuityLostError, gapEvent } from "../kit/index.ts";
import type { SlotState } from "./checks.ts";
import { checkServer, endOlderSession, readSlot } from "./checks.ts";
import { decideStart } from "./decide-start.ts";
import { RowWriter } from "./events.ts";
import { formatLsn } from "./lsn.ts";
import type { PostgresSourceOptions } from "./options.ts";
import { DEFAULTS } from "./options.ts";
import type { PostgresPosition } from "./position.ts";
import { POSTGRES_POSITION } from "./position.ts";
import type { Published } from "./published.ts";
import { publishedChange, readPublished } from "./published.ts";
import type { SystemIdentity } from "./replication.ts";
import { ReplicationConnection } from "./replication.ts";
import { copySnapshot } from "./snapshot.ts";
import { stream } from "./stream.ts";

/** How long an older incarnation may keep the slot before its session is ended for it: it may be stopped and not notice. */
const SLOT_PATIENCE_MS = 2000;
const LAG_EVERY_MS = 5000;

interface ServerIdentity extends SystemIdentity {
  readonly published: Published;
}

export interface SessionOptions extends SourceSession<PostgresPosition> {
  readonly options: PostgresSourceOptions;
}

export async function runSession(session: SessionOptions): Promise<void> {
  await new Session(session).run();
}

class Session {
  readonly #session: SessionOptions;
  readonly #o: PostgresSourceOptions;
  readonly #sql: Sql;
  readonly #name: string;
  readonly #events: RowWriter;
  readonly #now: () => number;

  constructor(session: SessionOptions) {
    this.#session = session;
    this.#o = session.options;
    this.#name = `third-umpire ${this.#o.sourceId}`.slice(0, 63);
    this.#sql = openSql(this.#o.connection, { applicationName: this.#name, max: 2 });
    this.#events = new RowWriter(this.#o.rows, this.#o);
    this.#now = this.#o.now ?? Date.now;
  }

  async run(): Promise<void> {
    const { ownership } = this.#session;
    let replication: ReplicationConnection | undefined;
    const { signal } = this.#o;
    // Until the stream runs there is nothing to finish: creating a slot may wait for open transactions of others for ever.
    const stop = (): void => void replication?.close();
    signal.addEventListener("abort", stop);
    try {
      await ownership.acquire(); // steps 1 and 2
      await this.#ordinary("preparing", async () => this.#o.prepare?.());
      const published = await this.#ordinary("checking the server", () => this.#check());
      replication = await ReplicationConnection.open(this.#o.connection, this.#name);
      const system = await replication.identify();
      const slot = await this.#freeSlot();
      if (signal.aborted) return;
      const position = await this.#start(replication, { ...system, published }, slot);
      signal.removeEventListener("abort", stop);
      if (signal.aborted) return;
      await this.#stream(replication, position);
    } finally {
      signal.removeEventListener("abort", stop);
      await replication?.close();
      await closeSql(this.#sql);
    }
  }

  /** What is published is read after whatever prepares it, so that a table that was put back now is another one than before. */
  async #check(): Promise<Published> {
    const { publication, rows } = this.#o;
    await checkServer(this.#sql, publication, rows);
    return readPublished(this.#sql, publication, rows);
  }

  /** Step 3: waits until nobody else uses the slot. */
  async #freeSlot(): Promise<SlotState | null> {
    const { status, ownership } = this.#session;
    const since = this.#now();
    for (let attempt = 0; ; attempt += 1) {
      const slot = await this.#ordinary("reading the slot", () => readSlot(this.#sql, this.#o.slot));
      const pid = slot?.activePid ?? null;
      if (pid === null || this.#o.signal.aborted) return slot;
      status.set({
        state: "starting",
        message: `slot ${this.#o.slot} is in use by Postgres process ${pid}; waiting for it`,
      });
      if (this.#now() - since > SLOT_PATIENCE_MS) {
        await ownership.prove();
        await this.#ordinary("ending the older session", () => endOlderSession(this.#sql, pid, this.#name));
      }
      await pause(backoffMs(attempt, (this.#o.random ?? Math.random)(), 50, 500), this.#o.signal);
    }
  }

  /** Steps 3 and 4. Returns the position to stream from. */
  async #start(
    replication: ReplicationConnection,
    system: ServerIdentity,
    slot: SlotState | null,
  ): Promise<StoredPosition<PostgresPosition>> {
    const { ownership, distrust } = this.#session;
    const stored = ownership.position;
    const { slot: slotName, publication: publicationName, rows } = this.#o;
    const { schema } = rows;
    const decision = decideStart({ ...system, stored, slotName, publicationName, schema, slot });
    if (decision.kind === "refuse") throw new FatalError(decision.message, { remedy: decision.remedy });
    if (decision.kind === "resume" && distrust === null) {
      const { from } = decision;
      return { ...from, position: { ...from.position, published: system.published } };
    }
    const epoch = decision.kind === "snapshot" ? decision.epoch : decision.from.epoch + 1;
    const reason = decision.kind === "snapshot" ? decision.gap : distrust;
    if (slot !== null) {
      await this.#ordinary("dropping the old slot", () => this.#sql`select pg_drop_replication_slot(${this.#o.slot})`);
    }
    return this.#snapshot(replication, system, { epoch, reason, before: stored });
  }

  async #snapshot(
    replication: ReplicationConnection,
    { systemId, timeline, published }: ServerIdentity,
    {
      epoch,
      reason,
      before,
    }: { epoch: number; reason: string | null; before: StoredPosition<PostgresPosition> | null },
  ): Promise<StoredPosition<PostgresPosition>> {
    const { ownership, status } = this.#session;
    const at = this.#o.at ?? (() => undefined);
    status.set({
      state: "snapshot",
      message: `creating slot ${this.#o.slot}${reason === null ? "" : `: ${reason}`}`,
      epoch,
    });
    const { consistentPoint, snapshotName } = await replication.createSlot(this.#o.slot);
    await at("slot-created");
    const first: StoredPosition<PostgresPosition> = {
      epoch,
      events: before?.events ?? 0,
      position: { phase: "snapshot", lsn: consistentPoint, slot: this.#o.slot, systemId, timeline, published },
    };
    let position = first;
    let copied = 0;
    const copy = copySnapshot({
      connection: this.#o.connection,
      applicationName: `${this.#name} snapshot`.slice(0, 63),
      signal: this.#o.signal,
      snapshotName,
      slot: this.#o.slot,
      events: this.#events,
      limits: this.#limits,
      now: this.#now,
      onCount: async (rows) => {
        const gap =
          reason === null
            ? undefined
            : gapEvent({
                sourceId: this.#o.sourceId,
                codec: POSTGRES_POSITION,
                from: before,
                to: first,
                reason,
                action: `snapshot of ${rows} rows`,
                nowMs: this.#now(),
              });
        await ownership.publish(new WriteBatch(), first, gap);
        status.set({
          message: `copying ${rows} rows that were there before${reason === null ? "" : ` (gap: ${reason})`}`,
        });
      },
      onBatch: async ({ write, last }) => {
        const events = write.length;
        const phase = last ? "stream" : "snapshot";
        position = { epoch, events: position.events + events, position: { ...first.position, phase } };
        await ownership.publish(write, position);
        copied += events;
        status.committed(events, 0, formatLsn(consistentPoint), epoch, this.#now());
        await at("snapshot-rows");
      },
    });
    try {
      await copy;
    } catch (error) {
      throw classifyPostgresError(error, `copying the snapshot (after ${copied} rows)`);
    }
    return position;
  }

  /** Step 5. */
  async #stream(replication: ReplicationConnection, position: StoredPosition<PostgresPosition>): Promise<void> {
    const { ownership, status, onStreaming } = this.#session;
    status.set({ state: "streaming", message: `streaming from slot ${this.#o.slot}`, epoch: position.epoch });
    onStreaming();
    const lag = setInterval(() => void this.#measureLag(), LAG_EVERY_MS);
    try {
      await stream({
        replication,
        publisher: ownership,
        events: this.#events,
        slot: this.#o.slot,
        publication: this.#o.publication,
        startFrom: this.#o.startFrom === "slot" ? 0n : position.position.lsn,
        position,
        limits: this.#limits,
        lingerMs: this.#o.lingerMs ?? DEFAULTS.lingerMs,
        signal: this.#o.signal,
        status,
        at: this.#o.at ?? (() => undefined),
        now: this.#now,
        check: () => this.#stillPublished(position.position.published),
      });
    } finally {
      clearInterval(lag);
    }
  }

  /** @throws ContinuityLostError when rows may be missing from the stream: nothing in it says so. */
  async #stillPublished(before: Published | undefined): Promise<void> {
    if (before === undefined) return;
    const { publication, rows } = this.#o;
    const now = await this.#ordinary("looking at the publication", () => readPublished(this.#sql, publication, rows));
    const change = publishedChange(before, now, publication, rows.schema);
    if (change !== null) throw new ContinuityLostError(change);
  }

  async #measureLag(): Promise<void> {
    const { ownership, status } = this.#session;
    const { position } = ownership;
    if (position === null) return;
    try {
      const [row] = await this.#sql<
        { lag: string }[]
      >`select pg_wal_lsn_diff(pg_current_wal_flush_lsn(), ${formatLsn(position.position.lsn)}::pg_lsn) as lag`;
      status.set({ lag: { amount: Math.max(0, Number(row?.lag)), unit: "bytes" } });
    } catch {
      // Only a figure on the screen: what is wrong with the server is the stream's to say.
      status.set({ lag: null });
    }
  }

  get #limits(): { maxEvents: number; maxBytes: number } {
    return { maxEvents: this.#o.maxEvents ?? DEFAULTS.maxEvents, maxBytes: this.#o.maxBytes ?? DEFAULTS.maxBytes };
  }

  async #ordinary<T>(doing: string, call: () => PromiseLike<T> | Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw classifyPostgresError(error, doing);
    }
  }
}
