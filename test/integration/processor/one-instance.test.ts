import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, inject, test } from "vitest";
import { confluentLog } from "../../../src/kafka/confluent/index.ts";
import { defineTopology, type ProcessorStatus, runProcessor } from "../../../src/processor/index.ts";

/** EO-7, EO-12: `third-umpire run`, and then `third-umpire processor` by hand. */
test("of two processes with one instance id the newer goes on, and the older ends for good", async () => {
  const name = `processor.twins.${randomBytes(5).toString("hex")}`;
  const open = (clientId: string): ReturnType<typeof confluentLog> =>
    confluentLog({ brokers: process.env["TEST_BROKERS"] ?? inject("brokers"), clientId });
  const admin = open("test").admin();
  await admin.createTopics([{ name: `${name}.in`, partitions: 2, cleanup: "delete" }]);
  await admin.close();
  const topology = defineTopology<string>({
    name,
    inputs: [`${name}.in`],
    outputs: [],
    partitions: 2,
    review: { retention: "unbounded" },
    decode: (record) => record.value!.toString(),
    identify: (value) => ({ key: value, content: value }),
    process: () => undefined,
  });
  const stop = new AbortController();
  const statuses: Record<string, ProcessorStatus[]> = { older: [], newer: [] };
  const start = (clientId: string): Promise<void> =>
    runProcessor({
      log: open(clientId),
      topology,
      groupId: name,
      instanceId: "one",
      stateDir: "unused",
      skipProbe: true,
      signal: stop.signal,
      onStatus: (status) => statuses[clientId]!.push(status),
    });
  const hasCommitted = async (clientId: string): Promise<void> => {
    while (!statuses[clientId]!.some(({ commits, partitions }) => commits > 0 && partitions.length === 2))
      await sleep(20);
  };
  const older = start("older");
  older.catch(() => undefined); // The expectation below hears of it.
  await hasCommitted("older");
  const newer = start("newer");
  await expect(older).rejects.toMatchObject({
    name: "ReplacedError",
    message: `another process runs as instance "one" of group ${name} and has taken over`,
  });
  await hasCommitted("newer");
  expect(statuses["newer"]!.filter(({ state }) => state === "retrying").map(({ message }) => message)).toEqual([]);
  stop.abort();
  await newer;
});
