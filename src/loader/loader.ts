import { setTimeout as sleep } from "node:timers/promises";
import type { Delivery, Match } from "../domain/cricket/types.ts";
import { liveLine } from "../domain/cricket/card.ts";
import { RetryableError } from "../domain/errors.ts";
import type { Log, LogAdmin, LogReader, TopicPartition } from "../kafka/log.ts";
import { gather } from "./gather.ts";
import type { TouchedMatch } from "./marts.ts";
import { loadedEvent, type LoaderObserver } from "./observer.ts";
import type { LoaderTopics, LoadPlan } from "./plan.ts";
import type { PreparedLoad } from "./prepared-load.ts";
import { currentSnapshot, publishSnapshot } from "./publish.ts";
import { checkpoint, Session } from "./session.ts";
import { PlannedDeliveries } from "./planned-deliveries.ts";
import { SharedTexts } from "./shared-texts.ts";
import { decideStart, refuseRecreated } from "./start-offsets.ts";
import { type LiveMatch, type LoaderStatus, RecentDurations } from "./status.ts";
import { Warehouse } from "./warehouse.ts";

export interface LoaderOptions {
  readonly log: Log;
  readonly warehouseDir: string;
  readonly topics: LoaderTopics;
  /** Group that gets our offsets as a hint for lag tools; the loader never reads them. */
  readonly groupId: string;
  readonly signal: AbortSignal;
  readonly onStatus: (status: LoaderStatus) => void;
  /** Is told what each transaction brought, right after its commit. */
  readonly observer?: LoaderObserver;
  /** Records of one transaction, at most (default 10,000). */
  readonly batchMaxRecords?: number;
  /** Time between two published snapshots, at least, in ms (default 5,000). */
  readonly publishIntervalMs?: number;
  /** Go on where records were deleted from Kafka before they were loaded; a row in the table gaps says so. */
  readonly acceptGaps?: boolean;
  /** ms since the Unix epoch. */
  readonly now?: () => number;
  /** From 0 to 1, for the jitter of the back-off. */
  readonly random?: () => number;
}

const BATCH_MAX_RECORDS = 10_000;
/** Of one transaction: three times what 10,000 deliveries take. Quarantined records may have 1 MB each. */
const GATHERED_BYTES_MAX = 32 * 1024 * 1024;
/** About one transaction ahead; compressed batches count as they come and are several times that in memory. */
const QUEUED_BYTES_MAX = 4 * 1024 * 1024;
const PUBLISH_INTERVAL_MS = 5000;
/** The same while a lot is still to be loaded: a snapshot copies the whole file, and will be old at once. */
const PUBLISH_CATCHING_UP_MS = 30_000;
const CATCHING_UP_LAG = 50_000;
/** About 150 bytes each; every men's international there is has some 20,000. */
const NAMES_MAX = 100_000;
const WORTH_QUEUEING_RECORDS = 1000;
const KAFKA_MS = 10_000;
const LAG_EVERY_MS = 1000;
const ACKNOWLEDGE_EVERY_MS = 2000;
const STATUS_EVERY_MS = 100;
const BACK_OFF_MS = { first: 100, max: 5000 } as const;

/**
 * Loads the clean topics into the warehouse until `signal` aborts: one writer, rows and next offset in one
 * DuckDB transaction (EO-9), so that it can be killed at any instant. Where to go on is read from DuckDB,
 * never from the consumer group.
 *
 * Retries what may pass by itself (Kafka or the disk gone) with back-off and says so in its status. Throws a
 * FatalError where a person has to decide; nothing is lost then, for the offsets stay where the rows are.
 */
export async function runLoader(options: LoaderOptions): Promise<void> {
  await new Loader(options).run();
}

class Loader {
  readonly #options: LoaderOptions;
  readonly #now: () => number;
  readonly #durations = new RecentDurations();
  #status: LoaderStatus;
  #reportedAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  /** Of each raw topic the delivery last loaded, of whichever match. */
  readonly #last = new Map<string, Delivery>();
  #names = new SharedTexts();
  readonly #spare: PlannedDeliveries[] = [];

  constructor(options: LoaderOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#status = {
      state: "opening",
      message: "opening the warehouse",
      rows: 0,
      batches: 0,
      lag: null,
      offsets: {},
      lastCommitAt: null,
      batchMs: { p50: 0, p99: 0 },
      published: null,
      live: {},
    };
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      try {
        this.#report({ state: "opening", message: "opening the warehouse" });
        await this.#session();
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error;
        await this.#backOff(error);
      }
    }
    this.#report({ state: "stopped", message: "stopped" });
  }

  /** From opening to closing, at most one at a time. Ends when asked to; throws what ends it otherwise. */
  async #session(): Promise<void> {
    const { log, warehouseDir, signal } = this.#options;
    const warehouse = await Warehouse.open(warehouseDir, this.#now());
    const admin = log.admin();
    const reader = log.reader({ isolation: "read_committed", maxQueuedBytes: QUEUED_BYTES_MAX });
    let session: Session | undefined;
    try {
      await reader.open();
      const partitions = await this.#start(warehouse, admin, reader);
      session = new Session(warehouse, reader, admin, partitions, this.#options.acceptGaps ?? false);
      this.#report({ state: "running", message: "loading", published: await currentSnapshot(warehouseDir) });
      session.dirty = true;
      this.#options.observer?.opened(() => warehouse.connect());
      while (!signal.aborted) await this.#turn(session);
      await this.#finish(session);
    } finally {
      // Its error, should it have one, is not the first one.
      await session?.settled().catch(() => undefined);
      await this.#options.observer?.closing();
      // The file first: it is what others wait for. Closing twice or after a failure must not hide the first error.
      warehouse.close();
      await Promise.allSettled([reader.close(), admin.close()]);
    }
  }

  /** Decides where each partition goes on, and reads from there. */
  async #start(warehouse: Warehouse, admin: LogAdmin, reader: LogReader): Promise<TopicPartition[]> {
    const { topics, acceptGaps = false } = this.#options;
    const names = Object.values(topics) as string[];
    const described = await admin.describeTopics(names);
    const missing = names.filter((name) => !described.has(name));
    if (missing.length > 0) throw new RetryableError(`waiting for the topics ${missing.join(", ")}`);
    const ids = new Map([...described].flatMap(([name, { id }]) => (id === undefined ? [] : [[name, id] as const])));
    refuseRecreated(await warehouse.topicIds(), ids);
    const partitions = names.flatMap((topic) =>
      Array.from({ length: described.get(topic)?.partitions ?? 0 }, (_, partition) => ({ topic, partition })),
    );
    const states = await Promise.all(
      partitions.map(async (partition) => ({ ...partition, watermarks: await reader.watermarks(partition, KAFKA_MS) })),
    );
    const decision = decideStart(states, warehouse.progress.next, {
      acceptGaps,
      now: this.#now(),
      retry: "`third-umpire loader --accept-gaps`",
    });
    await warehouse.start(decision.stored, decision.gaps);
    await warehouse.noteTopicIds(ids);
    reader.assign(decision.from);
    return partitions;
  }

  /** The next transactions are gathered and worked out while one is under way; they never overlap. */
  async #turn(session: Session): Promise<void> {
    const { topics, batchMaxRecords = BATCH_MAX_RECORDS } = this.#options;
    const plan = await gather(session.reader, session.ahead, {
      topics,
      maxRecords: batchMaxRecords,
      maxBytes: GATHERED_BYTES_MAX,
      busy: () => session.busy,
      deliveries: this.#planned(),
    });
    if (plan.records > 0) {
      await session.room();
      // A few balls wait, and what comes meanwhile goes into one transaction: each of them costs some milliseconds.
      if (plan.records < WORTH_QUEUEING_RECORDS) await session.settled();
      let preparedMs = 0;
      const prepare = async (before: () => Promise<void>): Promise<PreparedLoad> => {
        const startedAt = performance.now();
        const prepared = await session.warehouse.prepare(plan, before);
        preparedMs = performance.now() - startedAt;
        return prepared;
      };
      session.begin(plan, prepare, (prepared) => this.#load(session, prepared, preparedMs));
    } else this.#spared(plan);
    const now = this.#now();
    if (session.dirty && now - session.publishedAt >= this.#publishEveryMs(session)) await this.#publish(session);
    if (now - session.lagAt >= LAG_EVERY_MS) await this.#measureLag(session);
    if (now - session.acknowledgedAt >= ACKNOWLEDGE_EVERY_MS) this.#acknowledge(session);
    if (now - this.#reportedAt >= STATUS_EVERY_MS) this.#report({ offsets: offsetsOf(session) });
    if (plan.records === 0) await session.settled();
  }

  /** They take turns, and keep their memory. All have the same names, until those are too many: then the matches in memory are read again. */
  #planned(): PlannedDeliveries {
    if (this.#names.size > NAMES_MAX) {
      this.#names = new SharedTexts();
      this.#spare.length = 0;
    }
    return this.#spare.pop() ?? new PlannedDeliveries(this.#names);
  }

  #spared({ deliveries }: LoadPlan): void {
    if (deliveries.names === this.#names) this.#spare.push(deliveries);
  }

  async #load(session: Session, prepared: PreparedLoad, preparedMs: number): Promise<void> {
    const { plan, touched } = prepared;
    const startedAt = performance.now();
    await session.warehouse.load(prepared);
    this.#durations.add(preparedMs + performance.now() - startedAt);
    this.#failures = 0;
    session.dirty = true;
    for (const [topic, { delivery }] of plan.deliveries.last()) this.#last.set(topic, delivery);
    this.#loaded(session, plan.records, touched);
    this.#options.observer?.loaded(loadedEvent(plan, touched, this.#now()));
    this.#spared(plan);
  }

  #publishEveryMs({ lag }: Session): number {
    const { publishIntervalMs = PUBLISH_INTERVAL_MS } = this.#options;
    return lag > CATCHING_UP_LAG ? Math.max(publishIntervalMs, PUBLISH_CATCHING_UP_MS) : publishIntervalMs;
  }

  /** A clean end leaves a complete file without a log beside it, and a snapshot that is as new. */
  async #finish(session: Session): Promise<void> {
    await session.settled();
    await session.warehouse.advance(session.passedMarkers());
    if (session.dirty) await this.#publish(session);
    else await checkpoint(session.warehouse);
    this.#acknowledge(session);
    await session.acknowledging;
    this.#report({ offsets: offsetsOf(session) });
  }

  #loaded({ lag }: Session, records: number, touched: ReadonlyMap<string, TouchedMatch>): void {
    const live = { ...this.#status.live };
    for (const [topic, last] of this.#last) {
      const shown = touched.get(last.matchId);
      if (shown !== undefined) live[topic] = liveMatch(last, shown);
    }
    this.#status = {
      ...this.#status,
      message:
        lag > CATCHING_UP_LAG
          ? `catching up: a snapshot every ${PUBLISH_CATCHING_UP_MS / 1000} s meanwhile`
          : "loading",
      rows: this.#status.rows + records,
      batches: this.#status.batches + 1,
      lastCommitAt: this.#now(),
      batchMs: { p50: this.#durations.percentile(0.5), p99: this.#durations.percentile(0.99) },
      live,
    };
  }

  async #publish(session: Session): Promise<void> {
    const { warehouseDir } = this.#options;
    await session.settled();
    if (!(await checkpoint(session.warehouse))) {
      session.publishedAt = this.#now();
      this.#report({ message: "no snapshot this time: a long query of this process reads the warehouse" });
      return;
    }
    try {
      const snapshot = await publishSnapshot(warehouseDir);
      session.dirty = false;
      this.#status = { ...this.#status, published: { at: this.#now(), snapshot } };
    } catch (error) {
      // Readers go on with the snapshot they have; loading must not stop because publishing does.
      if (!(error instanceof RetryableError)) throw error;
      this.#report({ message: error.message });
    } finally {
      session.publishedAt = this.#now();
    }
  }

  async #measureLag(session: Session): Promise<void> {
    const marks = await Promise.all(
      session.partitions.map(async (partition) => {
        const { low, high } = await session.reader.watermarks(partition, KAFKA_MS);
        return { ...partition, low, behind: Math.max(0, high - session.reader.position(partition)) };
      }),
    );
    for (const { topic, partition, low } of marks) {
      const position = session.reader.position({ topic, partition });
      // Deleted faster than we load: the start decides what is to be said of it.
      if (low > position)
        throw new RetryableError(`offsets ${position} to ${low - 1} of ${topic}/${partition} were deleted`);
    }
    session.lagAt = this.#now();
    const lag = marks.reduce((sum, { behind }) => sum + behind, session.underWay);
    // Without this, a topic that is empty again after its retention would look as if records had been missed.
    if (lag === 0) await session.warehouse.advance(session.passedMarkers());
    session.lag = lag;
    this.#report({ lag, offsets: offsetsOf(session) });
  }

  /** A hint for lag tools, never awaited while loading: what counts is in DuckDB. */
  #acknowledge(session: Session): void {
    session.acknowledgedAt = this.#now();
    const offsets = session.unacknowledged();
    if (offsets.length === 0 || session.acknowledging !== null) return;
    session.acknowledging = session.admin
      .acknowledge(this.#options.groupId, offsets)
      .then(() => session.acknowledged(offsets))
      .catch((error: unknown) => {
        // Tried again with newer offsets in two seconds; the next fetch meets the same broker and reports it.
        if (!(error instanceof Error)) throw error;
      })
      .finally(() => {
        session.acknowledging = null;
      });
  }

  async #backOff(error: RetryableError): Promise<void> {
    const { signal, random = Math.random } = this.#options;
    const ceiling = Math.min(BACK_OFF_MS.max, BACK_OFF_MS.first * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 16);
    const waitMs = Math.round(ceiling * (0.5 + random() / 2));
    this.#report({ state: "retrying", message: error.message, lag: null });
    try {
      await sleep(waitMs, undefined, { signal });
    } catch {
      // Asked to stop: the loop above sees it.
    }
  }

  #report(change: Partial<LoaderStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#reportedAt = this.#now();
    this.#options.onStatus(this.#status);
  }
}

function offsetsOf({ warehouse }: Session): LoaderStatus["offsets"] {
  return Object.fromEntries(warehouse.progress.next);
}

function liveMatch(last: Delivery, { match, scored }: TouchedMatch): LiveMatch {
  return { matchId: last.matchId, title: title(match), line: liveLine(scored, match, last) };
}

/** "Zimbabwe v West Indies, Bulawayo, 2016-11-25": who, where, when, as far as it is known. */
function title(match: Match): string {
  const parts = [
    match.teams.filter((team) => team !== "").join(" v "),
    match.city ?? match.venue ?? "",
    match.dates[0] ?? "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}
