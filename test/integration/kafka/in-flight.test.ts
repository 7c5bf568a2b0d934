import { afterEach, beforeEach, expect, test } from "vitest";
import type { GroupConsumer, Log, TopicPartition } from "../../../src/kafka/log.ts";
import { WriteBatch } from "../../../src/kafka/log.ts";
import { createTopic, openProducer } from "../../contract/log-harness.ts";
import { openLog, unique } from "./harness.ts";

const partitions = 4;
/** Enough that a fetch is always in flight and never idle. */
const recordsEach = 30_000;

let log: Log;
let topic: string;

beforeEach(async () => {
  log = openLog();
  topic = await createTopic(log, unique("in-flight"), partitions);
  const producer = await openProducer(log, unique("in-flight"));
  const batch = new WriteBatch();
  for (let index = 0; index < recordsEach * partitions; index++) {
    batch.append(topic, index % partitions, null, Buffer.from("0123456789"));
  }
  // One transaction: offsets without gaps, so that a gap in what is read is a record lost.
  await producer.begin();
  await producer.write(batch);
  await producer.commit();
  await producer.close();
});

afterEach(async () => {
  const admin = log.admin();
  await admin.deleteTopics([topic]);
  await admin.close();
});

/** A member that checks every record: of a partition it owns, and exactly the next one of it. */
class CheckingMember {
  readonly consumer: GroupConsumer;
  readonly next = new Map<number, number>();
  readonly done: Map<number, number>;
  delivered = 0;

  constructor(instanceId: string, groupId: string, done: Map<number, number>) {
    this.consumer = log.consumer({ groupId, instanceId, topics: [topic], sessionTimeoutMs: 6_000 });
    this.done = done;
  }

  async turn(): Promise<void> {
    for (const batch of await this.consumer.fetch(1_000, 20)) {
      for (let index = 0; index < batch.length; index++) {
        if (batch.offset(index) !== this.next.get(batch.partition)) {
          throw new Error(
            `partition ${batch.partition}: offset ${batch.offset(index)} came, ${this.next.get(batch.partition) ?? "no record"} was due`,
          );
        }
        this.next.set(batch.partition, batch.offset(index) + 1);
        this.delivered++;
      }
    }
    const rebalance = this.consumer.pendingRebalance();
    if (rebalance === undefined) return;
    if (rebalance.kind === "revoke") {
      for (const { partition } of rebalance.partitions) {
        this.done.set(partition, this.next.get(partition)!);
        this.next.delete(partition);
      }
      this.consumer.answerRebalance([]);
      return;
    }
    const start = rebalance.partitions.map((each) => ({ ...each, offset: this.done.get(each.partition) ?? 0 }));
    for (const { partition, offset } of start) this.next.set(partition, offset);
    this.consumer.answerRebalance(start);
  }
}

test("records in flight of a revoked partition are never delivered, and its next owner misses none", async () => {
  const groupId = unique("in-flight");
  const done = new Map<number, number>();
  const first = new CheckingMember("one", groupId, done);
  const second = new CheckingMember("two", groupId, done);
  await first.consumer.open();
  while (first.next.size < partitions) await first.turn();
  await second.consumer.open();
  while (second.next.size < 2) await Promise.all([first.turn(), second.turn()]);
  expect(first.next.size).toBe(2);
  const ends = (): number[] => [...first.next.values(), ...second.next.values()];
  while (!ends().every((offset) => offset === recordsEach)) await Promise.all([first.turn(), second.turn()]);
  expect(first.delivered + second.delivered).toBe(recordsEach * partitions);
  await Promise.all([first.consumer.close(), second.consumer.close()]);
});

test("after a seek the next record is the one sought, whatever was in flight", async () => {
  const member = new CheckingMember("one", unique("in-flight"), new Map());
  await member.consumer.open();
  while (member.next.size < partitions) await member.turn();
  for (let round = 0; round < 25; round++) {
    for (let turn = 0; turn < 3; turn++) await member.turn();
    for (let partition = 0; partition < partitions; partition++) {
      const offset = (round * 7_919 + partition * 104_729) % recordsEach;
      await member.consumer.seek({ topic, partition }, offset);
      member.next.set(partition, offset);
    }
  }
  while (![...member.next.values()].every((offset) => offset === recordsEach)) await member.turn();
  expect(member.delivered).toBeGreaterThan(recordsEach);
  await member.consumer.close();
});

test("pausing and resuming in full flight loses and repeats nothing", async () => {
  const member = new CheckingMember("one", unique("in-flight"), new Map());
  await member.consumer.open();
  while (member.next.size < partitions) await member.turn();
  const pausable: TopicPartition[] = [
    { topic, partition: 1 },
    { topic, partition: 3 },
  ];
  for (let round = 0; round < 20; round++) {
    await member.turn();
    member.consumer.pause(pausable);
    const before = pausable.map(({ partition }) => member.next.get(partition));
    for (let turn = 0; turn < 2; turn++) await member.turn();
    expect(pausable.map(({ partition }) => member.next.get(partition))).toEqual(before);
    member.consumer.resume(pausable);
  }
  while (![...member.next.values()].every((offset) => offset === recordsEach)) await member.turn();
  expect(member.delivered).toBe(recordsEach * partitions);
  await member.consumer.close();
});
