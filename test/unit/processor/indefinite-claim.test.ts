import { beforeEach, describe, expect, it } from "vitest";
import { IdentityHasher } from "../../../src/domain/review/identity.ts";
import { defineTopology, runProcessor, type Topology } from "../../../src/processor/index.ts";
import { describeState } from "../../../src/processor/inspect.ts";
import { decodeOffsetMetadata } from "../../../src/processor/offset-metadata.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";

interface Reading {
  readonly id: string;
  readonly at: number;
}

const GROUP = "readings";
const RAW = { topic: "raw", partition: 0 };

const topology: Topology<Reading> = defineTopology<Reading>({
  name: "readings",
  inputs: ["raw"],
  outputs: ["clean"],
  partitions: 1,
  review: { retention: { ms: 1_000 } },
  decode: (record) => JSON.parse(record.value!.toString()),
  identify: ({ id }) => ({ key: id, content: "" }),
  eventTime: ({ at }) => at,
  process: (_, record, context) => context.emit("clean", record.key, record.value),
});

/** EO-4, EO-5: the claim after a restart moves no offset, and whether it was committed must be told all the same. */
describe("a claim that gets no definite answer", () => {
  let broker: ModelBroker;
  let sent = 0;
  beforeEach(async () => {
    await IdentityHasher.create();
    broker = new ModelBroker();
    broker.createTopic({ name: "raw", partitions: 1 });
    sent = 0;
  });

  /** One life of the processor: takes `count` new records, each in a transaction of its own. */
  async function live(incarnation: string, count: number): Promise<void> {
    const stop = new AbortController();
    const running = runProcessor({
      log: new ModelLog(broker, { clientId: incarnation }),
      topology,
      groupId: GROUP,
      instanceId: "p",
      incarnation,
      stateDir: "unused",
      skipProbe: true,
      signal: stop.signal,
      clock: broker.clock,
      commitMaxRecords: 1,
    });
    const feed = async (): Promise<void> => {
      for (let index = 0; index < count; index++) {
        sent++;
        broker.append("raw", 0, `k${sent}`, JSON.stringify({ id: `k${sent}`, at: 10_000 + sent * 100 }));
        while ((broker.committedOffset(GROUP, RAW)?.offset ?? 0) < sent) await broker.clock.sleep(20);
      }
    };
    await Promise.race([running, feed()]);
    stop.abort();
    await running;
  }

  const sound = async (): Promise<boolean | null> => {
    const log = new ModelLog(broker, { clientId: "look" });
    const [state] = await describeState(log, topology as Topology, GROUP, [0], broker.clock);
    return state!.sound;
  };

  it.each(["not committed", "committed"] as const)("is taken for what it was: %s", async (outcome) => {
    // Eight segments of one size: the claim merges them, although it brings nothing new.
    await live("a", 8);
    broker.faults.indefiniteCommit(outcome, { clientId: "b" });
    await live("b", 60);
    expect(await sound()).toBe(true);
    await live("c", 1);
    expect(await sound()).toBe(true);
  });

  it("is a commit with a number of its own", async () => {
    const metadata = (): unknown => decodeOffsetMetadata(broker.committedOffset(GROUP, RAW)!.metadata);
    await live("a", 2);
    expect(metadata()).toMatchObject({ incarnation: "a", commit: 3 });
    await live("b", 1);
    expect(metadata()).toMatchObject({ incarnation: "b", commit: 5 });
  });
});
