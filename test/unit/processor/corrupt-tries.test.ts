import { beforeEach, describe, expect, it } from "vitest";
import { IdentityHasher } from "../../../src/domain/review/identity.ts";
import { IndefiniteCommitError, type Log } from "../../../src/kafka/log.ts";
import { defineTopology, runProcessor, type Topology } from "../../../src/processor/index.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";

const GROUP = "group";

const topology: Topology<string> = defineTopology<string>({
  name: "orders",
  inputs: ["raw"],
  outputs: ["clean"],
  partitions: 2,
  review: { retention: "unbounded" },
  decode: ({ value }) => value!.toString(),
  identify: (content) => ({ key: content, content }),
  process: (_, record, context) => context.emit("clean", record.key, record.value),
});

/**
 * Commits for which `isTorn` holds get no answer, and the group then tells that one of two partitions was committed only: what a processor
 * takes for corrupt state, after it has restored and begun to run.
 */
function torn(log: Log, isTorn: () => boolean): Log {
  let settling = false;
  return {
    reader: (options) => log.reader(options),
    admin: () => log.admin(),
    producer: (options) => {
      const producer = log.producer(options);
      const commit = producer.commit.bind(producer);
      const instead = async (): Promise<void> => {
        await commit();
        if (!isTorn()) return;
        settling = true;
        throw new IndefiniteCommitError("no answer");
      };
      return Object.assign(producer, { commit: instead });
    },
    consumer: (options) => {
      const consumer = log.consumer(options);
      const committed = consumer.committed.bind(consumer);
      const instead: typeof committed = async (partitions, timeoutMs) => {
        const found = await committed(partitions, timeoutMs);
        if (!settling) return found;
        settling = false;
        return found.map((each, index) => (index === 0 ? each : undefined));
      };
      return Object.assign(consumer, { committed: instead });
    },
  };
}

/** EO-4: state that proves to be corrupt is restored once; it is given up when that does not help. */
describe("state that is corrupt only when it is committed to", () => {
  let broker: ModelBroker;
  let commits: number;
  beforeEach(async () => {
    await IdentityHasher.create();
    broker = new ModelBroker();
    for (const name of ["raw", "clean"]) broker.createTopic({ name, partitions: 2 });
    commits = 0;
  });

  /** Commits with these numbers are torn. Runs until `isDone`, or until the processor gives up. */
  async function run(isTorn: (commit: number) => boolean, isDone: () => boolean): Promise<void> {
    const stop = new AbortController();
    const running = runProcessor({
      log: torn(new ModelLog(broker, { clientId: "p" }), () => isTorn(++commits)),
      topology,
      groupId: GROUP,
      instanceId: "p",
      stateDir: "unused",
      skipProbe: true,
      signal: stop.signal,
      clock: broker.clock,
    });
    const done = async (): Promise<void> => {
      while (!isDone()) await broker.clock.sleep(50);
      stop.abort();
    };
    await Promise.race([running, done()]);
    await running;
  }

  /** One record for each partition, in one commit: half of it can be torn off. */
  const append = (): void => {
    for (const partition of [0, 1]) broker.append("raw", partition, "k", `${broker.clock.now()}/${partition}`);
  };
  const judged = (): number => broker.readCommitted("clean").length;

  it("is given up when it is so again, though the processor ran in between", async () => {
    const isDone = (): boolean => commits > 10;
    await expect(run(() => true, isDone)).rejects.toThrow(
      "state is corrupt: a transaction was committed for some of its partitions only",
    );
    expect(commits).toBe(2);
  });

  it("is restored each time when it was sound in between", async () => {
    // Torn are the claim of the first life and the records of the second, whose claim was sound.
    const isTorn = (commit: number): boolean => commit === 1 || commit === 3;
    let appended = 0;
    const isDone = (): boolean => {
      const claims = [2, 4];
      if (commits === claims[appended]) {
        append();
        appended++;
      }
      return judged() === 4;
    };
    await run(isTorn, isDone);
    expect(commits).toBeGreaterThan(4);
  });
});
