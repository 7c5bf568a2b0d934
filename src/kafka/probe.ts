import { randomBytes } from "node:crypto";
import { FatalError, FencedError, RetryableError } from "../domain/errors.ts";
import { WriteBatch } from "./log.ts";
import type { CommittedOffset, GroupConsumer, Log, LogReader, TopicPartition, TransactionalProducer } from "./log.ts";

/** What the probe saw. Every field is true, or probeLog would have thrown. */
export interface ProbeReport {
  readonly abortedInvisible: true;
  readonly oldProducerFenced: true;
  readonly stableOffsetFetched: true;
  readonly highWatermarkCountsOpenTransactions: true;
  readonly tookMs: number;
}

export interface ProbeOptions {
  readonly prefix: string;
  readonly timeoutMs?: number;
  /** What the brokers allow; default 6,000 ms. */
  readonly sessionTimeoutMs?: number;
  /** What the brokers allow; default 10,000 ms. */
  readonly transactionTimeoutMs?: number;
}

/** How long a pending offset is asked for: the answer must be held back all this time. */
const pendingGlanceMs = 150;

const FILTER_REMEDY = "do not run exactly-once on this client: its read_committed filter is broken";

/**
 * Shows on the real broker, in about a second, what exactly-once rests on, through the Log port alone:
 *
 * 1. an open transaction counts in the high watermark, and a read_committed reader does not see it;
 * 2. an aborted record stays invisible, and the reader's position passes it;
 * 3. while a transaction that moves an offset is open nobody is told where the group stands, and the new offset after the commit;
 * 4. a newer producer of the same id fences the older one.
 *
 * Uses one topic and one group of its own, `<prefix>.probe.<random>`, and deletes the topic. Throws FatalError with a
 * remedy when client and broker together are not safe, RetryableError when the broker does not answer in time.
 */
export async function probeLog(log: Log, options: ProbeOptions): Promise<ProbeReport> {
  const startedAt = performance.now();
  const name = `${options.prefix}.probe.${randomBytes(6).toString("hex")}`;
  const probe = new Probe(log, name, startedAt + (options.timeoutMs ?? 15_000), options);
  try {
    await probe.open();
    await probe.openTransactionCounts();
    await probe.abortedIsInvisible();
    await probe.pendingOffsetIsNotTold();
    await probe.oldProducerIsFenced();
  } finally {
    await probe.close();
  }
  return {
    abortedInvisible: true,
    oldProducerFenced: true,
    stableOffsetFetched: true,
    highWatermarkCountsOpenTransactions: true,
    tookMs: Math.round(performance.now() - startedAt),
  };
}

class Probe {
  readonly #log: Log;
  readonly #name: string;
  readonly #deadline: number;
  readonly #partition: TopicPartition;
  readonly #producer: TransactionalProducer;
  readonly #successor: TransactionalProducer;
  readonly #consumer: GroupConsumer;
  readonly #reader: LogReader;
  readonly #seen: string[] = [];
  #created = false;

  constructor(log: Log, name: string, deadline: number, options: ProbeOptions) {
    this.#log = log;
    this.#name = name;
    this.#deadline = deadline;
    this.#partition = { topic: name, partition: 0 };
    const id = { transactionalId: name, transactionTimeoutMs: options.transactionTimeoutMs ?? 10_000 };
    this.#producer = log.producer(id);
    this.#successor = log.producer(id);
    const sessionTimeoutMs = Math.max(6_000, options.sessionTimeoutMs ?? 0);
    this.#consumer = log.consumer({ groupId: name, instanceId: "probe", topics: [name], sessionTimeoutMs });
    this.#reader = log.reader({ isolation: "read_committed" });
  }

  async open(): Promise<void> {
    const admin = this.#log.admin();
    try {
      await admin.createTopics([{ name: this.#name, partitions: 1, cleanup: "delete", retentionMs: 3_600_000 }]);
      this.#created = true;
    } finally {
      await admin.close();
    }
    await Promise.all([this.#producer.open(), this.#reader.open(), this.#join()]);
    this.#reader.assign([{ ...this.#partition, offset: 0 }]);
  }

  /** Check 1. Leaves the transaction open, its record written, at offset 0. */
  async openTransactionCounts(): Promise<void> {
    await this.#producer.begin();
    await this.#write("aborted");
    const high = async (): Promise<number> => (await this.#reader.watermarks(this.#partition, this.#left())).high;
    const plain = this.#log.reader({ isolation: "read_uncommitted" });
    try {
      // The record is sent in the background: wait until it can be read at all, then ask for the watermark.
      await plain.open();
      plain.assign([{ ...this.#partition, offset: 0 }]);
      await this.#until("an open transaction is read by a read_uncommitted reader", async () => {
        return (await plain.fetch(10, 100)).length > 0;
      });
    } finally {
      await plain.close();
    }
    if ((await high()) < 1) {
      throw unsafe(
        "the high watermark leaves out an open transaction, so a restore would stop too early",
        "ask for watermarks with a read_uncommitted client",
      );
    }
    await this.#collect(100);
    this.#mustNotHaveSeen("aborted", "a record of an open transaction was read with read_committed");
  }

  /** Check 2. Ends the open transaction: abort marker at offset 1, then a committed record at 2 and its marker at 3. */
  async abortedIsInvisible(): Promise<void> {
    await this.#producer.abort();
    await this.#producer.begin();
    await this.#write("committed");
    await this.#producer.commit();
    const { high } = await this.#reader.watermarks(this.#partition, this.#left());
    await this.#until("the position of a reader comes to the high watermark", async () => {
      await this.#collect(100);
      return this.#reader.position(this.#partition) >= high;
    });
    this.#mustNotHaveSeen("aborted", "a record of an aborted transaction was read with read_committed");
    if (!this.#seen.includes("committed")) {
      throw unsafe("a committed record was not read with read_committed", FILTER_REMEDY);
    }
  }

  /** Check 3. */
  async pendingOffsetIsNotTold(): Promise<void> {
    const offset = { ...this.#partition, offset: 3, metadata: "probe" };
    await this.#producer.begin();
    await this.#producer.sendOffsets([offset], this.#consumer);
    if ((await this.#committed(pendingGlanceMs)) !== "held back") {
      throw unsafe(
        "the offset of a group was told while a transaction that moves it was open, so a takeover would process records twice",
        "use a broker of version 2.5 or later and a client that asks for stable offsets (KIP-447)",
      );
    }
    await this.#producer.commit();
    await this.#until("a committed offset is told", async () => {
      const told = await this.#committed(this.#left());
      return told !== "held back" && told?.offset === offset.offset && told.metadata === offset.metadata;
    });
  }

  /** Check 4. */
  async oldProducerIsFenced(): Promise<void> {
    await this.#producer.begin();
    await this.#write("from the older producer");
    await this.#successor.open();
    try {
      await this.#producer.commit();
    } catch (error) {
      if (error instanceof FencedError) return;
      throw error;
    }
    throw unsafe(
      "a producer committed after a newer one had opened its transactional id, so a zombie could write",
      "use a broker that fences older producers, and a client that opens the transactional id that it is given",
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.#consumer.close(), this.#reader.close(), this.#producer.close(), this.#successor.close()]);
    if (!this.#created) return;
    const admin = this.#log.admin();
    try {
      await admin.deleteTopics([this.#name]);
    } catch (error) {
      // The checks have their result; a topic of a few bytes that stays behind expires by itself.
      if (!(error instanceof RetryableError)) throw error;
    } finally {
      await admin.close();
    }
  }

  async #join(): Promise<void> {
    await this.#consumer.open();
    let owned = 0;
    await this.#until("the probe's group assigns its partition", async () => {
      await this.#consumer.fetch(1, 50);
      const rebalance = this.#consumer.pendingRebalance();
      if (rebalance) {
        this.#consumer.answerRebalance(rebalance.partitions.map((partition) => ({ ...partition, offset: 0 })));
        owned += rebalance.kind === "assign" ? rebalance.partitions.length : 0;
      }
      return owned > 0;
    });
  }

  async #write(value: string): Promise<void> {
    const batch = new WriteBatch();
    batch.append(this.#name, 0, null, Buffer.from(value));
    await this.#producer.write(batch);
  }

  async #collect(timeoutMs: number): Promise<void> {
    for (const batch of await this.#reader.fetch(10, timeoutMs)) {
      for (let index = 0; index < batch.length; index++) this.#seen.push(batch.value(index)?.toString() ?? "");
    }
  }

  /** Undefined: the group has none. */
  async #committed(timeoutMs: number): Promise<CommittedOffset | undefined | "held back"> {
    try {
      return (await this.#consumer.committed([this.#partition], timeoutMs))[0];
    } catch (error) {
      if (error instanceof RetryableError) return "held back";
      throw error;
    }
  }

  #mustNotHaveSeen(value: string, what: string): void {
    if (this.#seen.includes(value)) {
      throw unsafe(what, FILTER_REMEDY);
    }
  }

  async #until(what: string, holds: () => Promise<boolean>): Promise<void> {
    while (!(await holds())) this.#left(what);
  }

  /** Time left, ms. */
  #left(what: string = "the broker answered"): number {
    const left = this.#deadline - performance.now();
    if (left <= 0) throw new RetryableError(`probe: waited in vain until ${what}`);
    return left;
  }
}

function unsafe(what: string, remedy: string): FatalError {
  return new FatalError(`probe: ${what}`, { remedy });
}
