import assert from "node:assert/strict";
import fc from "fast-check";
import { FencedError } from "../../../src/domain/errors.ts";
import { WriteBatch } from "../../../src/kafka/log.ts";
import type { GroupConsumer, LogReader, TransactionalProducer } from "../../../src/kafka/log.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";

const producers = 3;
const partitions = 2;
const transactionTimeoutMs = 10_000;
const groupId = "g";

const producer = fc.nat({ max: producers - 1 });
const partition = fc.nat({ max: partitions - 1 });

/** One step of a history of a few producers and one reader. */
export type Command =
  | { readonly kind: "write"; readonly producer: number; readonly partition: number; readonly count: number }
  | { readonly kind: "offsets"; readonly producer: number; readonly partition: number }
  | { readonly kind: "commit" | "abort" | "reopen" | "zombie"; readonly producer: number }
  | { readonly kind: "read"; readonly max: number }
  | { readonly kind: "pass"; readonly ms: number };

export const commandArbitrary: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      producer,
      partition,
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("offsets" as const), producer, partition }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom("commit" as const, "commit" as const, "abort" as const), producer }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("reopen" as const, "zombie" as const), producer }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("read" as const), max: fc.integer({ min: 1, max: 5 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.constantFrom(10, 300, 4_000, 11_000) }),
  },
);

/** What the history itself says of a transaction, from the answers the producers got. */
interface Fate {
  outcome: "open" | "committed" | "aborted";
  startedAt: number;
  readonly offsets: Map<number, number>;
}

interface Seat {
  producer: TransactionalProducer;
  fate: Fate | undefined;
  /** The coordinator timed its transaction out. */
  fenced: boolean;
  readonly predecessors: TransactionalProducer[];
}

/** Plays a history on the model and keeps books beside it, which must agree at every step and at the end. */
export async function runCommands(commands: readonly Command[], markerLateMs: number): Promise<void> {
  await new History(markerLateMs).play(commands);
}

class History {
  readonly #broker: ModelBroker;
  readonly #log: ModelLog;
  readonly #seats: Seat[] = [];
  /** Everything ever written, in order, by partition. */
  readonly #written: { value: string; fate: Fate }[][] = Array.from({ length: partitions }, () => []);
  /** Committed offsets sent, in order, by partition. */
  readonly #sent: { offset: number; fate: Fate }[][] = Array.from({ length: partitions }, () => []);
  readonly #seen: string[][] = Array.from({ length: partitions }, () => []);
  #values = 0;

  constructor(markerLateMs: number) {
    this.#broker = new ModelBroker({
      markerDelayMs: (target) => ("topic" in target ? target.partition * markerLateMs : markerLateMs / 2),
    });
    this.#log = new ModelLog(this.#broker, { clientId: "history" });
    this.#broker.createTopic({ name: "t", partitions });
    this.#broker.createTopic({ name: "in", partitions });
  }

  async play(commands: readonly Command[]): Promise<void> {
    for (let index = 0; index < producers; index += 1) {
      this.#seats.push({ producer: await this.#newProducer(index), fate: undefined, fenced: false, predecessors: [] });
    }
    const reader = this.#log.reader({ isolation: "read_committed" });
    await reader.open();
    reader.assign([0, 1].map((each) => ({ topic: "t", partition: each, offset: 0 })));
    const consumer = this.#log.consumer({ groupId, instanceId: "member", topics: ["in"], sessionTimeoutMs: 3_000 });
    await consumer.open();
    for (const command of commands) {
      await this.#step(command, reader, consumer);
      this.#timeOut();
      this.#compareReader();
    }
    await this.#end(reader);
  }

  async #step(command: Command, reader: LogReader, consumer: GroupConsumer): Promise<void> {
    switch (command.kind) {
      case "pass":
        this.#broker.clock.advance(command.ms);
        return;
      case "read":
        await this.#read(reader, command.max);
        return;
      case "write":
        await this.#write(this.#seats[command.producer]!, command.partition, command.count);
        return;
      case "offsets":
        await this.#sendOffset(this.#seats[command.producer]!, command.partition, consumer);
        return;
      case "commit":
      case "abort":
        await this.#finish(this.#seats[command.producer]!, command.kind);
        return;
      case "reopen":
        await this.#reopen(command.producer);
        return;
      case "zombie":
        for (const zombie of this.#seats[command.producer]!.predecessors) {
          await assert.rejects(zombie.commit(), FencedError);
        }
        return;
      default:
        command satisfies never;
    }
  }

  async #begin(seat: Seat): Promise<Fate | undefined> {
    if (seat.fenced) return undefined;
    if (seat.fate === undefined) {
      await seat.producer.begin();
      seat.fate = { outcome: "open", startedAt: Infinity, offsets: new Map() };
    }
    return seat.fate;
  }

  async #write(seat: Seat, target: number, count: number): Promise<void> {
    const fate = await this.#begin(seat);
    if (fate === undefined) return;
    const batch = new WriteBatch();
    for (let index = 0; index < count; index += 1) {
      const value = `${(this.#values += 1)}`;
      batch.append("t", target, null, Buffer.from(value));
      this.#written[target]!.push({ value, fate });
    }
    await seat.producer.write(batch);
    fate.startedAt = Math.min(fate.startedAt, this.#broker.clock.now());
  }

  async #sendOffset(seat: Seat, target: number, consumer: GroupConsumer): Promise<void> {
    const fate = await this.#begin(seat);
    if (fate === undefined) return;
    const offset = (this.#values += 1);
    await seat.producer.sendOffsets([{ topic: "in", partition: target, offset, metadata: `m${offset}` }], consumer);
    fate.startedAt = Math.min(fate.startedAt, this.#broker.clock.now());
    this.#sent[target]!.push({ offset, fate });
  }

  async #finish(seat: Seat, how: "commit" | "abort"): Promise<void> {
    if (seat.fenced) {
      await assert.rejects(seat.producer[how](), FencedError);
      return;
    }
    if (seat.fate === undefined) return;
    await seat.producer[how]();
    seat.fate.outcome = how === "commit" ? "committed" : "aborted";
    seat.fate = undefined;
  }

  async #reopen(index: number): Promise<void> {
    const seat = this.#seats[index]!;
    if (seat.fate !== undefined) seat.fate.outcome = "aborted";
    // A zombie shows only by what it tries; one without a transaction has nothing to commit.
    if (seat.fate !== undefined) seat.predecessors.push(seat.producer);
    seat.fate = undefined;
    seat.fenced = false;
    seat.producer = await this.#newProducer(index);
  }

  /** The transactions whose time has come by now. */
  #timeOut(): void {
    for (const seat of this.#seats) {
      if (seat.fate === undefined || this.#broker.clock.now() < seat.fate.startedAt + transactionTimeoutMs) continue;
      seat.fate.outcome = "aborted";
      seat.fate = undefined;
      seat.fenced = true;
    }
  }

  async #read(reader: LogReader, max: number): Promise<void> {
    for (const batch of await reader.fetch(max, 20)) {
      for (let index = 0; index < batch.length; index += 1) {
        this.#seen[batch.partition]!.push(batch.value(index)!.toString());
      }
    }
  }

  #compareReader(): void {
    for (const [index, seen] of this.#seen.entries()) {
      const committed = this.#committedValues(index);
      assert.deepEqual(seen, committed.slice(0, seen.length));
    }
  }

  #committedValues(index: number): string[] {
    return this.#written[index]!.filter(({ fate }) => fate.outcome === "committed").map(({ value }) => value);
  }

  /** Ends every transaction, and compares what is left to see. */
  async #end(reader: LogReader): Promise<void> {
    for (let index = 0; index < producers; index += 1) await this.#reopen(index);
    this.#timeOut();
    this.#broker.deliverMarkers();
    assert.deepEqual(this.#broker.unresolvedTransactions(), []);
    for (let index = 0; index < partitions; index += 1) {
      const target = { topic: "t", partition: index };
      const { high } = await reader.watermarks(target, 1_000);
      assert.equal(this.#broker.lastStableOffset(target), high);
      for (let tries = 0; reader.position(target) < high && tries < 1_000; tries += 1) await this.#read(reader, 3);
      assert.deepEqual(this.#seen[index], this.#committedValues(index));
      const last = this.#sent[index]!.findLast(({ fate }) => fate.outcome === "committed");
      assert.deepEqual(
        this.#broker.committedOffset(groupId, { topic: "in", partition: index }),
        last && { topic: "in", partition: index, offset: last.offset, metadata: `m${last.offset}` },
      );
    }
  }

  async #newProducer(index: number): Promise<TransactionalProducer> {
    const opened = this.#log.producer({ transactionalId: `p${index}`, transactionTimeoutMs });
    await opened.open();
    return opened;
  }
}
