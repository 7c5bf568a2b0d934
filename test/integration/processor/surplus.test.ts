import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { expect, inject, test } from "vitest";
import { partitionFor } from "../../../src/domain/partition.ts";
import { confluentLog } from "../../../src/kafka/confluent/index.ts";
import type { Log } from "../../../src/kafka/log.ts";
import { kafkaDir, kafkaVersion } from "../../../src/local/paths.ts";
import { findJava } from "../../../src/local/run-command.ts";
import { defineTopology, runProcessor } from "../../../src/processor/index.ts";
import { resendSurplus } from "../../../src/processor/surplus.ts";
import { loadSettings } from "../../../src/settings.ts";
import { createTopic, openProducer, readValues, records, transact } from "../../contract/log-harness.ts";
import { remedyWorks } from "../../support/remedies/works.ts";

const brokers = (): string => process.env["TEST_BROKERS"] ?? inject("brokers");
const openLog = (clientId: string): Log => confluentLog({ brokers: brokers(), clientId });

/** With Kafka's own tool, as a person does it. */
async function addPartitions(topic: string, count: number): Promise<void> {
  const jars = `${kafkaDir(loadSettings())}/${kafkaVersion}/*`;
  const args = ["--bootstrap-server", brokers(), "--alter", "--topic", topic, "--partitions", String(count)];
  await promisify(execFile)(findJava() ?? "java", ["-cp", jars, "org.apache.kafka.tools.TopicCommand", ...args]);
}

test(
  "records in partitions that were added to a real topic are sent again, and each is judged once",
  { timeout: 120_000 },
  async () => {
    const groupId = `processor.surplus.${randomBytes(5).toString("hex")}`;
    const log = openLog("test");
    const raw = await createTopic(log, `${groupId}.in`, 2);
    const clean = `${groupId}.out`;
    const topology = defineTopology<string>({
      name: groupId,
      inputs: [raw],
      outputs: [clean],
      partitions: 2,
      review: { retention: "unbounded" },
      decode: (record) => record.value!.toString(),
      identify: (value) => ({ key: value, content: value }),
      process: (value, record, context) => context.emit(clean, record.key, Buffer.from(value)),
    });
    const belongs = partitionFor(Buffer.from("k"), 2);

    /** Until so many values are in the output of that partition; throws what stops the processor. */
    async function judge(count: number): Promise<readonly (string | null)[]> {
      const stop = new AbortController();
      const running = runProcessor({
        log: openLog("processor"),
        topology,
        groupId,
        instanceId: "p",
        sessionTimeoutMs: 6_000,
        stateDir: "unused",
        skipProbe: true,
        signal: stop.signal,
      });
      try {
        const judged = readValues(log, "read_committed", { topic: clean, partition: belongs }, count);
        judged.catch(() => undefined); // When the processor is refused, nobody waits for it.
        return await Promise.race([judged, running.then(() => [])]);
      } finally {
        stop.abort();
        await running;
      }
    }

    const write = async (partition: number, ...values: readonly string[]): Promise<void> => {
      const producer = await openProducer(log, `${groupId}.source`);
      await transact(producer, records(raw, partition, values), "commit");
      await producer.close();
    };

    await write(belongs, "a");
    expect(await judge(1)).toEqual(["a"]);
    for (const topic of [raw, clean, topology.topics.verdicts, topology.topics.dedupe]) await addPartitions(topic, 4);
    await write(belongs, "b");
    expect(await judge(2)).toEqual(["a", "b"]);
    await write(3, "a", "c");
    const resend = (): Promise<number> =>
      resendSurplus({ log: openLog("resend"), topology, groupId, onProgress: () => undefined });
    const judged = await remedyWorks("start/surplus", {
      attempt: () => judge(3),
      does: {
        "let their writers use the first partitions only": () => undefined,
        "third-umpire resend": async () => expect(await resend()).toBe(2),
      },
    });
    expect(judged).toEqual(["a", "b", "c"]);
    expect(await resend()).toBe(0);
  },
);
