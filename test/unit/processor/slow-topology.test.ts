import { expect, it } from "vitest";
import { IdentityHasher } from "../../../src/domain/review/identity.ts";
import { defineTopology, runProcessor } from "../../../src/processor/index.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";

const RAW = { topic: "raw", partition: 0 };
const RECORDS = 1_000;
const MS_A_RECORD = 5;
const INTERVAL_MS = 100;
/** The clock is looked at every 16 records; two transactions overlap. */
const LONGEST_MS = 2 * (INTERVAL_MS + 16 * MS_A_RECORD);

it("commits in time while every record takes 5 ms, and judges each once (EO-1, EO-12)", async () => {
  await IdentityHasher.create();
  const broker = new ModelBroker();
  broker.createTopic({ name: "raw", partitions: 1 });
  for (let number = 0; number < RECORDS; number++) broker.append("raw", 0, `k${number}`, "1");
  let busyMs = 0;
  const clock = { now: () => broker.clock.now() + busyMs, sleep: (ms: number) => broker.clock.sleep(ms) };
  const stop = new AbortController();
  const committedAt: number[] = [];
  await runProcessor({
    log: new ModelLog(broker, { clientId: "p" }),
    topology: defineTopology<string>({
      name: "shop",
      inputs: ["raw"],
      outputs: ["clean"],
      partitions: 1,
      review: { retention: "unbounded" },
      decode: (record) => record.value!.toString(),
      identify: (value, record) => ({ key: record.key!, content: value }),
      process: (_, record, context) => {
        busyMs += MS_A_RECORD;
        context.emit("clean", record.key, record.value);
      },
    }),
    groupId: "shop",
    instanceId: "p",
    stateDir: "unused",
    skipProbe: true,
    signal: stop.signal,
    clock,
    commitIntervalMs: INTERVAL_MS,
    onCommitted: (_, position) => {
      committedAt.push(clock.now());
      if (position >= RECORDS) stop.abort();
    },
  });
  const gaps = committedAt.slice(1).map((at, index) => at - committedAt[index]!);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(LONGEST_MS);
  expect(broker.readCommitted("clean").map(({ key }) => key!.toString())).toEqual(
    Array.from({ length: RECORDS }, (_, number) => `k${number}`),
  );
  expect(broker.committedOffset("shop", RAW)?.offset).toBe(RECORDS);
});
