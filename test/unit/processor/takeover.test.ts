import { beforeEach, describe, expect, it } from "vitest";
import { IdentityHasher } from "../../../src/domain/review/identity.ts";
import { decodeOffsetMetadata } from "../../../src/processor/offset-metadata.ts";
import { defineTopology, runProcessor } from "../../../src/processor/index.ts";
import { ModelBroker, ModelKilledError, ModelLog } from "../../../src/testing/index.ts";

const PARTITIONS = 2;
const SESSION_MS = 3_000;

const topology = defineTopology<string>({
  name: "shop",
  inputs: ["raw"],
  outputs: ["clean"],
  partitions: PARTITIONS,
  review: { retention: "unbounded" },
  decode: ({ value }) => value!.toString(),
  identify: (content) => ({ key: content, content }),
  process: (_, record, context) => context.emit("clean", record.key, record.value),
});

describe("partitions of a process that died (EO-12)", () => {
  let broker: ModelBroker;
  let stop: AbortController;
  beforeEach(async () => {
    await IdentityHasher.create();
    broker = new ModelBroker();
    stop = new AbortController();
    for (const name of ["raw", "clean"]) broker.createTopic({ name, partitions: PARTITIONS });
  });

  const start = (instanceId: string): { readonly log: ModelLog; readonly ended: Promise<unknown> } => {
    const log = new ModelLog(broker, { clientId: instanceId });
    const ended = runProcessor({
      log,
      topology,
      groupId: "shop",
      instanceId,
      stateDir: "unused",
      skipProbe: true,
      signal: stop.signal,
      clock: broker.clock,
    }).catch((error: unknown) => error);
    return { log, ended };
  };

  const owners = (): string[] =>
    Array.from({ length: PARTITIONS }, (_, partition) => {
      const offset = broker.committedOffset("shop", { topic: "raw", partition });
      return offset === undefined ? "" : decodeOffsetMetadata(offset.metadata)!.owner;
    });

  it.each(["sendOffsets", "commit"] as const)(
    "are taken over within its session when its first commit was pending: killed before %s",
    async (operation) => {
      const first = start("p0");
      await broker.clock.sleep(5_000);
      expect(owners()).toEqual(["shop.p0", "shop.p0"]);
      broker.append("raw", 0, "k", "a");
      broker.append("raw", 1, "k", "b");
      broker.faults.killNext("before", operation, { clientId: "p1" });
      const second = start("p1");
      while (!second.log.isKilled) await broker.clock.sleep(10);
      expect(await second.ended).toBeInstanceOf(ModelKilledError);
      const diedAt = broker.clock.now();
      broker.append("raw", 0, "k", "c");
      broker.append("raw", 1, "k", "d");
      const isDone = (): boolean => broker.readCommitted("clean").length === 4;
      while (!isDone() && broker.clock.now() - diedAt < 60_000) await broker.clock.sleep(50);
      // Not the transaction timeout of 10 s.
      expect(broker.clock.now() - diedAt).toBeLessThan(SESSION_MS + 1_500);
      stop.abort();
      await first.ended;
    },
  );
});
