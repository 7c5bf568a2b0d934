import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FencedError, RetryableError } from "../../src/domain/errors.ts";
import type { Log, LogAdmin, TransactionalProducer } from "../../src/kafka/log.ts";
import {
  Member,
  abortWritten,
  createTopic,
  eventually,
  nextOffset,
  openProducer,
  partitionsOf,
  records,
  transact,
  turnUntil,
  untilWritten,
} from "./log-harness.ts";
import type { LogUnderTest } from "./log-harness.ts";

export function groupContract(factory: () => Promise<LogUnderTest>): void {
  describe("consumer groups", () => {
    let under: LogUnderTest;
    let log: Log;
    let topic: string;
    let groupId: string;
    let shortestSessionMs: number;
    let producer: TransactionalProducer;
    const members: Member[] = [];

    beforeEach(async () => {
      under = await factory();
      log = under.log;
      topic = await createTopic(log, under.unique("group"), 4);
      groupId = under.unique("members");
      const admin = log.admin();
      shortestSessionMs = Math.max(3_000, (await admin.brokerLimits())!.minSessionTimeoutMs);
      await admin.close();
      producer = await openProducer(log, under.unique("producer"));
    });

    afterEach(async () => {
      await Promise.all(members.splice(0).map(({ consumer }) => consumer.close()));
      await producer.close();
      await under.close();
    });

    const memberOf = (on: Log, instanceId: string, sessionTimeoutMs = shortestSessionMs): Member => {
      const member = new Member(on, { groupId, instanceId, topics: [topic], sessionTimeoutMs });
      members.push(member);
      return member;
    };

    /** Waits for the end of the round that goes on. */
    const settled = async (admin: LogAdmin, turning: readonly Member[]): Promise<void> => {
      await eventually("the group is stable", async () => {
        for (const member of turning) await member.turn();
        return (await admin.groupMembers(groupId)).state === "Stable" ? true : undefined;
      });
    };

    const offsetsOf = async (): Promise<(readonly [number, string] | undefined)[]> => {
      const admin = log.admin();
      const offsets = await admin.groupOffsets(groupId, partitionsOf(topic, 4));
      await admin.close();
      return offsets.map((offset) => offset && ([offset.offset, offset.metadata] as const));
    };

    test("the first member is assigned every partition, and reads from the offsets of its answer", async () => {
      await transact(producer, records(topic, 2, ["a", "b", "c"]), "commit");
      const member = memberOf(log, "one");
      member.start = ({ partition }): number => (partition === 2 ? 1 : 0);
      await member.join(4);
      expect(member.owned).toEqual(new Set(partitionsOf(topic, 4).map(({ partition }) => `${topic}:${partition}`)));
      expect(member.rebalances.every(({ kind, lost }) => kind === "assign" && !lost)).toBe(true);
      await turnUntil("two records were read", [member], () => member.records.length >= 2);
      expect(member.records.map(({ value }) => value)).toEqual(["b", "c"]);
    });

    test("a member's position passes the markers and aborted records behind the last record, again after a seek, and no record", async () => {
      const tail = { topic, partition: 1 };
      await transact(producer, records(topic, 1, ["a", "b"]), "commit");
      await abortWritten(log, producer, records(topic, 1, ["gone"]), 4);
      const member = memberOf(log, "one");
      await member.join(4);
      const stands = async (at: number): Promise<void> =>
        turnUntil(`it stands at ${at}`, [member], () => member.consumer.position(tail) === at);
      await stands(5); // two records, a marker, an aborted record, a marker
      expect(member.records.map(({ value }) => value)).toEqual(["a", "b"]);
      await member.consumer.seek(tail, 1);
      expect(member.consumer.position(tail)).toBe(1);
      await stands(5);
      expect(member.records.map(({ value }) => value)).toEqual(["a", "b", "b"]);
      expect(member.consumer.position({ topic, partition: 3 })).toBe(0);
      await transact(producer, records(topic, 1, ["open"]), "leave open");
      await untilWritten(log, tail, 6);
      const other = await openProducer(under.secondLog(), under.unique("other"));
      await transact(other, records(topic, 1, ["c"]), "commit");
      await other.close();
      await member.turn();
      expect(member.consumer.position(tail)).toBe(5);
      await producer.commit();
      await stands(9);
      expect(member.records.map(({ value }) => value).slice(3)).toEqual(["open", "c"]);
    });

    test("there is no committed offset before the first commit", async () => {
      const member = memberOf(log, "one");
      await member.join(4);
      expect(await member.consumer.committed(partitionsOf(topic, 4), 5_000)).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
      expect(await offsetsOf()).toEqual([undefined, undefined, undefined, undefined]);
    });

    test("offsets and their metadata come with the transaction, and not without it", async () => {
      const member = memberOf(log, "one");
      await member.join(4);
      const [p0, p1] = partitionsOf(topic, 4);
      await producer.begin();
      await producer.write(records(topic, 3, ["out"]));
      await producer.sendOffsets([nextOffset(p0!, 7, "seven ✓"), nextOffset(p1!, 8)], member.consumer);
      await producer.commit();
      await producer.begin();
      await producer.sendOffsets([nextOffset(p0!, 70, "seventy")], member.consumer);
      await producer.abort();
      expect(await member.consumer.committed([p1!, p0!], 5_000)).toEqual([
        nextOffset(p1!, 8),
        nextOffset(p0!, 7, "seven ✓"),
      ]);
      expect(await offsetsOf()).toEqual([[7, "seven ✓"], [8, ""], undefined, undefined]); // prettier-ignore
    });

    test("the committed offset is not told while a transaction that holds it is open", async () => {
      const member = memberOf(log, "one");
      await member.join(4);
      const [p0, p1] = partitionsOf(topic, 4);
      await producer.begin();
      await producer.sendOffsets([nextOffset(p0!, 5)], member.consumer);
      await expect(member.consumer.committed([p0!], 500)).rejects.toBeInstanceOf(RetryableError);
      expect(await member.consumer.committed([p1!], 5_000)).toEqual([undefined]);
      await producer.commit();
      expect(await member.consumer.committed([p0!], 5_000)).toEqual([nextOffset(p0!, 5)]);
    });

    test("what a dead producer left pending is resolved by a new one with its id", async () => {
      const member = memberOf(log, "one");
      await member.join(4);
      const [p0] = partitionsOf(topic, 4);
      const id = under.unique("dead");
      const dead = await openProducer(log, id);
      await dead.begin();
      await dead.sendOffsets([nextOffset(p0!, 5)], member.consumer);
      await dead.close();
      const heir = await openProducer(under.secondLog(), id);
      expect(await member.consumer.committed([p0!], 5_000)).toEqual([undefined]);
      await heir.close();
    });

    test("a member whose instance id was taken over cannot commit (EO-7)", async () => {
      const old = memberOf(log, "one");
      await old.join(4);
      const young = memberOf(under.secondLog(), "one");
      await young.join(4);
      await producer.begin();
      await expect(producer.sendOffsets([nextOffset({ topic, partition: 0 }, 9)], old.consumer)).rejects.toBeInstanceOf(
        FencedError,
      );
      await producer.abort();
      await producer.begin();
      await producer.sendOffsets([nextOffset({ topic, partition: 0 }, 3)], young.consumer);
      await producer.commit();
      expect((await offsetsOf())[0]).toEqual([3, ""]);
    });

    test("a closed member cannot commit (EO-7)", async () => {
      const member = memberOf(log, "one");
      await member.join(4);
      await member.consumer.close();
      await producer.begin();
      await expect(
        producer.sendOffsets([nextOffset({ topic, partition: 0 }, 9)], member.consumer),
      ).rejects.toBeInstanceOf(FencedError);
      await producer.abort();
      expect(await offsetsOf()).toEqual([undefined, undefined, undefined, undefined]);
    });

    test("a second member gets its share, each partition only after the first one gave it up", async () => {
      const first = memberOf(log, "one");
      await first.join(4);
      const second = memberOf(under.secondLog(), "two");
      await second.consumer.open();
      await turnUntil("both have two partitions", [first, second], () => {
        for (const key of second.owned) expect(first.owned.has(key)).toBe(false);
        return first.owned.size === 2 && second.owned.size === 2;
      });
      expect(new Set([...first.owned, ...second.owned]).size).toBe(4);
      const revoked = first.rebalances.filter(({ kind }) => kind === "revoke").flatMap(({ partitions }) => partitions);
      expect(revoked.length).toBe(2);
      expect(first.rebalances.every(({ lost }) => !lost)).toBe(true);
    });

    test("the new owner goes on at the committed offset of the old one", async () => {
      for (let partition = 0; partition < 4; partition += 1) {
        await transact(producer, records(topic, partition, ["a", "b", "c"]), "commit");
      }
      const first = memberOf(log, "one");
      await first.join(4);
      await producer.begin();
      await producer.sendOffsets(
        partitionsOf(topic, 4).map((partition) => nextOffset(partition, 2)),
        first.consumer,
      );
      await producer.commit();
      const second = memberOf(under.secondLog(), "two");
      await second.consumer.open();
      await turnUntil("the second has read its partitions", [first, second], () => second.records.length === 2);
      expect(second.records.map(({ value }) => value)).toEqual(["c", "c"]);
    });

    test("the partitions of a member that went away come to the other one", async () => {
      const first = memberOf(log, "one");
      await first.join(4);
      const second = memberOf(under.secondLog(), "two");
      await second.consumer.open();
      await turnUntil("both have two", [first, second], () => first.owned.size === 2 && second.owned.size === 2);
      await first.consumer.close();
      await turnUntil("the second has all", [second], () => second.owned.size === 4);
    });

    test("a restarted static member gets its partitions back, and the other one keeps its own", async () => {
      const first = memberOf(log, "one", 20_000);
      await first.join(4);
      const second = memberOf(under.secondLog(), "two", 20_000);
      await second.consumer.open();
      await turnUntil("both have two", [first, second], () => first.owned.size === 2 && second.owned.size === 2);
      const before = [...first.owned].sort();
      const events = second.rebalances.length;
      await first.consumer.close();
      const again = memberOf(log, "one", 20_000);
      await again.consumer.open();
      await turnUntil("it has two again", [again, second], () => again.owned.size === 2);
      expect([...again.owned].sort()).toEqual(before);
      expect(second.rebalances.slice(events).flatMap(({ partitions }) => partitions)).toEqual([]);
    });

    test("the coordinator tells who is in a group and which partitions it gave to whom", async () => {
      const admin = log.admin();
      expect(await admin.groupMembers(groupId)).toEqual({ state: "Empty", members: [] });
      const first = memberOf(log, "one");
      await first.join(4);
      const second = memberOf(under.secondLog(), "two");
      await second.consumer.open();
      await turnUntil("both have two", [first, second], () => first.owned.size === 2 && second.owned.size === 2);
      await settled(admin, [first, second]);
      const { members: found } = await admin.groupMembers(groupId);
      expect(new Set(found.map(({ instanceId }) => instanceId))).toEqual(new Set(["one", "two"]));
      expect(new Set(found.map(({ clientId }) => clientId)).size).toBe(2);
      for (const { memberId, instanceId, partitions } of found) {
        expect(memberId).not.toBe("");
        const keys = partitions.map(({ topic: name, partition }) => `${name}:${partition}`);
        expect(new Set(keys)).toEqual((instanceId === "one" ? first : second).owned);
      }
      await admin.close();
    });

    test("a round that was asked for takes nothing from anyone, and ends with the same members", async () => {
      const admin = log.admin();
      await admin.requestRound(groupId); // A group without members: nothing happens.
      const first = memberOf(log, "one");
      await first.join(4);
      const second = memberOf(under.secondLog(), "two");
      await second.consumer.open();
      await turnUntil("both have two", [first, second], () => first.owned.size === 2 && second.owned.size === 2);
      await settled(admin, [first, second]);
      const before = [first.rebalances.length, second.rebalances.length];
      await admin.requestRound(groupId);
      await turnUntil("both heard of it", [first, second], () =>
        [first, second].every(({ rebalances }, index) => rebalances.length > before[index]!),
      );
      await settled(admin, [first, second]);
      const news = [...first.rebalances.slice(before[0]), ...second.rebalances.slice(before[1])];
      expect(news.flatMap(({ partitions }) => partitions)).toEqual([]);
      const { members: staying } = await admin.groupMembers(groupId);
      expect(new Set(staying.map(({ instanceId }) => instanceId))).toEqual(new Set(["one", "two"]));
      await admin.close();
    });

    test("partitions left to nobody by a member that was replaced in a revocation have owners after a round", async () => {
      const admin = log.admin();
      const first = memberOf(log, "one", 20_000);
      await first.join(4);
      const second = memberOf(under.secondLog(), "two", 20_000);
      await second.consumer.open();
      await eventually("the first is to give two up", async () => {
        const waiting = first.consumer.pendingRebalance();
        if (waiting?.kind === "revoke") return waiting;
        await first.turn();
        await second.turn();
        return undefined;
      });
      const again = memberOf(log, "one", 20_000);
      await again.consumer.open();
      await turnUntil("it has what the first was to keep", [again, second], () => again.owned.size === 2);
      await settled(admin, [again, second]);
      await admin.requestRound(groupId);
      await turnUntil("all are owned", [again, second], () => again.owned.size === 2 && second.owned.size === 2);
      expect(new Set([...again.owned, ...second.owned]).size).toBe(4);
      await admin.close();
    });

    test("seek goes back and reads again", async () => {
      await transact(producer, records(topic, 0, ["a", "b", "c"]), "commit");
      const member = memberOf(log, "one");
      await member.join(4);
      await turnUntil("three were read", [member], () => member.records.length === 3);
      await member.consumer.seek({ topic, partition: 0 }, 1);
      await turnUntil("two were read again", [member], () => member.records.length === 5);
      expect(member.records.map(({ value }) => value)).toEqual(["a", "b", "c", "b", "c"]);
    });

    test("a paused partition gives nothing until it is resumed, and then misses nothing", async () => {
      const member = memberOf(log, "one");
      await member.join(4);
      member.consumer.pause([{ topic, partition: 0 }]);
      await transact(producer, records(topic, 0, ["paused", "paused too"]), "commit");
      await transact(producer, records(topic, 1, ["flows"]), "commit");
      await turnUntil("the other partition was read", [member], () => member.records.length > 0);
      for (let turn = 0; turn < 5; turn += 1) await member.turn();
      expect(member.records.map(({ value }) => value)).toEqual(["flows"]);
      member.consumer.resume([{ topic, partition: 0 }]);
      await turnUntil("the paused one was read", [member], () => member.records.length === 3);
      expect(member.records.map(({ value }) => value)).toEqual(["flows", "paused", "paused too"]);
    });

    test("an answer may name further partitions, which are read together with the assigned ones", async () => {
      const beside = await createTopic(log, under.unique("beside"), 4);
      await transact(producer, records(beside, 1, ["beside"]), "commit");
      await transact(producer, records(topic, 1, ["assigned"]), "commit");
      const member = memberOf(log, "one");
      member.companion = beside;
      await member.join(4);
      await turnUntil("both were read", [member], () => member.records.length >= 2);
      expect(new Set(member.records.map(({ value }) => value))).toEqual(new Set(["assigned", "beside"]));
    });

    test("a consumer tells the watermarks as they are without transactions", async () => {
      await transact(producer, records(topic, 0, ["a"]), "commit");
      const member = memberOf(log, "one");
      await member.join(4);
      expect(await member.consumer.watermarks({ topic, partition: 0 }, 5_000)).toEqual({ low: 0, high: 2 });
    });

    test("closing a member twice is harmless", async () => {
      const member = memberOf(log, "one");
      await member.join(4);
      await member.consumer.close();
      await member.consumer.close();
    });

    test("offsets of a group without members can be acknowledged and read back", async () => {
      const admin = log.admin();
      const acknowledged = [nextOffset({ topic, partition: 0 }, 4, "loaded"), nextOffset({ topic, partition: 3 }, 1)];
      await admin.acknowledge(groupId, acknowledged);
      await admin.acknowledge(groupId, [nextOffset({ topic, partition: 0 }, 6, "loaded")]);
      expect(await offsetsOf()).toEqual([[6, "loaded"], undefined, undefined, [1, ""]]); // prettier-ignore
      await admin.close();
    });
  });
}
