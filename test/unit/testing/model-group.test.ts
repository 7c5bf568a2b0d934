import { beforeEach, describe, expect, test } from "vitest";
import { FencedError } from "../../../src/domain/errors.ts";
import { ModelBroker, ModelKilledError, ModelLog } from "../../../src/testing/index.ts";
import { answerAll, openMember, openProducer, target, writes } from "./model-world.ts";

let broker: ModelBroker;
let a: ModelLog;
let b: ModelLog;

beforeEach(() => {
  broker = new ModelBroker();
  broker.createTopic({ name: "t", partitions: 4 });
  a = new ModelLog(broker, { clientId: "a" });
  b = new ModelLog(broker, { clientId: "b" });
});

/** Two members with two partitions each. */
async function twoMembers(): Promise<{ one: Awaited<ReturnType<typeof openMember>>; two: typeof one }> {
  const one = await openMember(a, "one");
  expect(answerAll(one)).toEqual(["assign 0,1,2,3"]);
  const two = await openMember(b, "two");
  expect(answerAll(two)).toEqual(["assign"]);
  expect(answerAll(one)).toEqual(["revoke 2,3", "assign"]);
  expect(answerAll(two)).toEqual(["assign 2,3"]);
  return { one, two };
}

describe("a rebalance", () => {
  test("takes a partition away before it gives it, and waits for the answer", async () => {
    const one = await openMember(a, "one");
    answerAll(one);
    const two = await openMember(b, "two");
    expect(answerAll(two)).toEqual(["assign"]);
    broker.clock.advance(60_000);
    expect(two.pendingRebalance()).toBeUndefined();
    expect(one.pendingRebalance()).toMatchObject({ kind: "revoke", lost: false });
    one.answerRebalance([]);
    expect(two.pendingRebalance()).toMatchObject({ kind: "assign", partitions: [{ partition: 2 }, { partition: 3 }] });
  });

  test("gives up on a member that does not answer for 300 s, and fences it (EO-7)", async () => {
    const one = await openMember(a, "one");
    answerAll(one);
    const two = await openMember(b, "two");
    answerAll(two);
    expect(one.pendingRebalance()).toMatchObject({ kind: "revoke" });
    await openMember(new ModelLog(broker), "three"); // starts a round that needs everyone
    broker.clock.advance(300_000);
    const producer = await openProducer(a);
    await producer.begin();
    await expect(producer.sendOffsets([{ ...target, offset: 1, metadata: "" }], one)).rejects.toBeInstanceOf(
      FencedError,
    );
    expect(answerAll(one).slice(0, 2)).toEqual(["lost 2,3", "lost 0,1"]);
  });

  test("returns a fetch early and empty", async () => {
    const one = await openMember(a, "one");
    answerAll(one);
    broker.append("t", 0, null, "v");
    await openMember(b, "two");
    const before = broker.clock.now();
    expect(await one.fetch(10, 1_000)).toEqual([]);
    expect(broker.clock.now()).toBe(before);
  });
});

describe("a killed process", () => {
  test("rejects what waits and all that follows", async () => {
    const one = await openMember(a, "one");
    answerAll(one);
    const producer = await openProducer(a);
    const waiting = one.fetch(10, 60_000);
    a.kill();
    await expect(waiting).rejects.toBeInstanceOf(ModelKilledError);
    await expect(producer.begin()).rejects.toBeInstanceOf(ModelKilledError);
    await expect(one.close()).rejects.toBeInstanceOf(ModelKilledError);
    expect(() => one.pendingRebalance()).toThrow(ModelKilledError);
    expect(() => a.admin()).toThrow(ModelKilledError);
  });

  test("leaves its transaction open and its partitions taken until the session runs out", async () => {
    const { one, two } = await twoMembers();
    const producer = await openProducer(a);
    await producer.begin();
    await producer.write(writes("open"));
    await producer.sendOffsets([{ ...target, offset: 1, metadata: "" }], one);
    a.kill();
    expect(broker.unresolvedTransactions()).toEqual(["p"]);
    const diedAt = broker.clock.now();
    while (two.pendingRebalance() === undefined) await two.fetch(10, 100);
    expect(broker.clock.now() - diedAt).toBe(3_000);
    expect(answerAll(two)).toEqual(["assign 0,1"]);
  });

  test("comes back as the same static member at once, and nobody else notices", async () => {
    const { two } = await twoMembers();
    a.kill();
    const before = broker.clock.now();
    const again = await openMember(new ModelLog(broker), "one");
    expect(answerAll(again)).toEqual(["assign 0,1"]);
    expect(broker.clock.now()).toBe(before);
    expect(two.pendingRebalance()).toBeUndefined();
    broker.clock.advance(10_000);
    expect(two.pendingRebalance()).toBeUndefined();
  });
});

describe("a static member replaced before it answered a revocation", () => {
  const replaceOne = async (): Promise<string[][]> => {
    const one = await openMember(a, "one");
    answerAll(one);
    const two = await openMember(b, "two");
    expect(answerAll(two)).toEqual(["assign"]);
    a.kill(); // partitions 2 and 3 are on their way to the other one
    const again = await openMember(new ModelLog(broker), "one");
    const events: string[][] = [answerAll(again), answerAll(two)];
    broker.clock.advance(60_000);
    return [...events, answerAll(again), answerAll(two)];
  };

  test("joins a new round, in which every partition finds an owner", async () => {
    expect(await replaceOne()).toEqual([["assign 0,2"], ["assign 1,3"], [], []]);
  });

  test("leaves those partitions to nobody where the broker does what Kafka does, until the next rebalance", async () => {
    broker = new ModelBroker({ orphansPartitions: true });
    broker.createTopic({ name: "t", partitions: 4 });
    a = new ModelLog(broker, { clientId: "a" });
    b = new ModelLog(broker, { clientId: "b" });
    expect(await replaceOne()).toEqual([["assign 0,1"], [], [], []]);
    const third = await openMember(new ModelLog(broker), "three");
    expect(answerAll(third)).not.toEqual([]);
  });
});

describe("a frozen process", () => {
  test("is a zombie after its session: it hears that all is lost, and cannot commit (EO-7)", async () => {
    const { one, two } = await twoMembers();
    const producer = await openProducer(a);
    await producer.begin();
    await producer.write(writes("zombie"));
    a.freeze();
    const sending = producer.sendOffsets([{ ...target, offset: 1, metadata: "" }], one);
    broker.clock.advance(3_000);
    expect(answerAll(two)).toEqual(["assign 0,1"]);
    a.thaw();
    await expect(sending).rejects.toBeInstanceOf(FencedError);
    expect(one.pendingRebalance()).toMatchObject({ kind: "revoke", lost: true });
    await producer.abort();
    expect(broker.committedOffset("g", target)).toBeUndefined();
    // It joins again once it has answered, and gets its share back the slow way.
    expect(answerAll(one)).toEqual(["lost 0,1", "assign"]);
    expect(answerAll(two)).toEqual(["revoke 0,1", "assign"].map((each) => expect.stringMatching(each.split(" ")[0]!)));
    expect(answerAll(one)[0]).toMatch(/^assign \d,\d$/);
  });

  test("that thaws in time has lost nothing", async () => {
    const { one, two } = await twoMembers();
    a.freeze();
    broker.clock.advance(2_999);
    a.thaw();
    broker.clock.advance(60_000);
    expect(one.pendingRebalance()).toBeUndefined();
    expect(two.pendingRebalance()).toBeUndefined();
  });
});

describe("faults", () => {
  test("kill a process between two records of a write", async () => {
    const producer = await openProducer(a);
    broker.faults.killNext("before", "append", { skip: 2 });
    await producer.begin();
    await expect(producer.write(writes("1", "2", "3"))).rejects.toBeInstanceOf(ModelKilledError);
    expect(broker.readUncommitted("t").map(({ value }) => value!.toString())).toEqual(["1", "2"]);
    expect(broker.readCommitted("t")).toEqual([]);
  });

  test("hit the client they are meant for, after the calls they skip", async () => {
    broker.faults.failNext("producer.open", new Error("scripted"), { clientId: "b", skip: 1 });
    await openProducer(a, "p1");
    await openProducer(b, "p2");
    await openProducer(a, "p3");
    await expect(openProducer(b, "p4")).rejects.toThrow("scripted");
    await openProducer(b, "p5");
  });

  test("hooks see each call, may wait, and can be removed", async () => {
    const seen: string[] = [];
    const remove = broker.faults.before("*", async ({ operation, nth, client }) => {
      await broker.clock.sleep(10);
      seen.push(`${client.clientId} ${operation} ${nth}`);
    });
    const producer = await openProducer(a);
    await producer.begin();
    remove();
    await producer.abort();
    expect(seen).toEqual(["a producer.open 1", "a begin 1"]);
  });
});
