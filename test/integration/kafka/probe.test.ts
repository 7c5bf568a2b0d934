import { expect, test } from "vitest";
import { FatalError, RetryableError } from "../../../src/domain/errors.ts";
import { confluentLog } from "../../../src/kafka/confluent/index.ts";
import type { Log, Watermarks } from "../../../src/kafka/log.ts";
import { probeLog } from "../../../src/kafka/probe.ts";
import { openLog, unique } from "./harness.ts";

test("the probe passes on a real broker in a few seconds and deletes its topic", async () => {
  const log = openLog();
  const created: string[] = [];
  const watched: Log = {
    ...log,
    admin: () => {
      const admin = log.admin();
      return Object.assign(Object.create(admin) as typeof admin, {
        createTopics: (specs: Parameters<typeof admin.createTopics>[0]) => {
          created.push(...specs.map(({ name }) => name));
          return admin.createTopics(specs);
        },
        describeTopics: admin.describeTopics.bind(admin),
        deleteTopics: admin.deleteTopics.bind(admin),
        close: admin.close.bind(admin),
      });
    },
  };
  const report = await probeLog(watched, { prefix: unique("probe") });
  expect(report).toMatchObject({
    abortedInvisible: true,
    oldProducerFenced: true,
    stableOffsetFetched: true,
    highWatermarkCountsOpenTransactions: true,
  });
  expect(report.tookMs).toBeLessThan(10_000);
  expect(created).toHaveLength(1);
  const admin = log.admin();
  expect((await admin.describeTopics(created)).size).toBe(0);
  await admin.close();
});

test("a client that takes the last stable offset for the high watermark is refused with a remedy", async () => {
  const log = openLog();
  const broken: Log = {
    ...log,
    reader: (options) => {
      const reader = log.reader(options);
      return {
        open: () => reader.open(),
        assign: (start) => {
          reader.assign(start);
        },
        fetch: (records, timeoutMs) => reader.fetch(records, timeoutMs),
        position: (partition) => reader.position(partition),
        watermarks: (): Promise<Watermarks> => Promise.resolve({ low: 0, high: 0 }),
        close: () => reader.close(),
      };
    },
  };
  const refusal = await probeLog(broken, { prefix: unique("probe") }).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(FatalError);
  expect((refusal as FatalError).message).toContain("high watermark");
  expect((refusal as FatalError).remedy).toBeTruthy();
});

test("a client that shows aborted records is refused", async () => {
  const log = openLog();
  const broken: Log = { ...log, reader: (options) => log.reader({ ...options, isolation: "read_uncommitted" }) };
  const refusal = await probeLog(broken, { prefix: unique("probe") }).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(FatalError);
});

test("the probe of a broker that is not there ends with a retryable error that names the address", async () => {
  const log = confluentLog({ brokers: "127.0.0.1:1" });
  const failure = await probeLog(log, { prefix: "kafka.probe", timeoutMs: 1_000 }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RetryableError);
  expect((failure as Error).message).toContain("127.0.0.1:1");
});
