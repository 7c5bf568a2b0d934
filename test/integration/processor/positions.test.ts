import { randomBytes } from "node:crypto";
import { AdminClient } from "../../../src/kafka/confluent/binding.ts";
import { beforeEach, describe, expect, inject, test } from "vitest";
import { decodeVerdictBlock } from "../../../src/domain/review/verdict-block.ts";
import { totalCount } from "../../../src/domain/review/verdict.ts";
import { confluentLog } from "../../../src/kafka/confluent/index.ts";
import type { Log } from "../../../src/kafka/log.ts";
import { defineTopology, runProcessor, type Topology } from "../../../src/processor/index.ts";
import { rebuildState } from "../../../src/processor/rebuild.ts";
import { createTopic, eventually, openProducer, readValues, records, transact } from "../../contract/log-harness.ts";

const brokers = (): string => process.env["TEST_BROKERS"] ?? inject("brokers");

describe("offsets of a real group (EO-1, EO-2)", () => {
  let log: Log;
  let topology: Topology<string>;
  let groupId: string;
  let raw: { readonly topic: string; readonly partition: 0 };

  beforeEach(async () => {
    groupId = `processor.positions.${randomBytes(5).toString("hex")}`;
    log = confluentLog({ brokers: brokers(), clientId: "test" });
    raw = { topic: await createTopic(log, `${groupId}.in`, 1), partition: 0 };
    topology = defineTopology<string>({
      name: groupId,
      inputs: [raw.topic],
      outputs: [`${groupId}.out`],
      partitions: 1,
      review: { retention: "unbounded" },
      decode: (record) => record.value!.toString(),
      identify: (value) => ({ key: value, content: value }),
      process: (value, _record, context) => context.emit(`${groupId}.out`, Buffer.from(value), Buffer.from(value)),
    });
  });

  async function order(...values: readonly string[]): Promise<void> {
    const producer = await openProducer(log, `${groupId}.source`);
    await transact(producer, records(raw.topic, 0, values), "commit");
    await producer.close();
  }

  /** Runs a processor until everything before this offset is judged; the marker behind it may be passed later. */
  async function judge(position: number): Promise<void> {
    const stop = new AbortController();
    const running = runProcessor({
      log: confluentLog({ brokers: brokers(), clientId: "processor" }),
      topology,
      groupId,
      instanceId: "p",
      sessionTimeoutMs: 6_000,
      stateDir: "unused",
      skipProbe: true,
      signal: stop.signal,
    });
    const admin = log.admin();
    const done = eventually(`position ${position} is committed`, async () => {
      const [offset] = await admin.groupOffsets(groupId, [raw]);
      return (offset?.offset ?? 0) >= position ? true : undefined;
    });
    try {
      await Promise.race([done, running]);
    } finally {
      stop.abort();
      await Promise.all([running, admin.close()]);
    }
  }

  /** When nobody is in it any more: a static member keeps its seat until its session ends. */
  async function deleteGroup(): Promise<void> {
    const admin = log.admin();
    await eventually("the group is empty", async () =>
      (await admin.groupMembers(groupId)).state === "Empty" ? true : undefined,
    );
    await admin.close();
    const client = AdminClient.create({ "bootstrap.servers": brokers() });
    await new Promise<void>((resolve, reject) => {
      client.deleteGroups([groupId], { timeout: 10_000 }, (error) => (error ? reject(error) : resolve()));
    });
    client.disconnect();
  }

  test(
    "that were deleted with it are refused, and put back by the rebuild: no record is judged twice",
    { timeout: 120_000 },
    async () => {
      await order("a", "b");
      await judge(2);
      await deleteGroup();
      await expect(judge(2)).rejects.toMatchObject({
        message: expect.stringContaining("has state but no committed offset"),
        remedy: "stop all processors of the group and run: third-umpire state rebuild",
      });
      await rebuildState({ log, topology, groupId, onProgress: () => undefined });
      await order("b", "c");
      await judge(5);
      const blocks = await readBlocks(4);
      blocks.forEach(({ continuesFrom }, index) => expect(continuesFrom).toBe(blocks[index - 1]?.toOffset ?? 0));
      expect(blocks.reduce((sum, { counts }) => sum + counts.accepted, 0)).toBe(3);
      expect(blocks.reduce((sum, { counts }) => sum + totalCount(counts), 0)).toBe(4);
      const out = await readValues(log, "read_committed", { topic: `${groupId}.out`, partition: 0 }, 3);
      expect(out).toEqual(["a", "b", "c"]);
    },
  );

  /** Verdict blocks, until they hold so many verdicts. */
  async function readBlocks(verdicts: number): Promise<ReturnType<typeof decodeVerdictBlock>[]> {
    const reader = log.reader({ isolation: "read_committed" });
    await reader.open();
    reader.assign([{ topic: `${groupId}.verdicts`, partition: 0, offset: 0 }]);
    const blocks: ReturnType<typeof decodeVerdictBlock>[] = [];
    await eventually(`${verdicts} verdicts`, async () => {
      for (const batch of await reader.fetch(100, 100))
        for (let index = 0; index < batch.length; index++) blocks.push(decodeVerdictBlock(batch.value(index)!));
      return blocks.reduce((sum, { counts }) => sum + totalCount(counts), 0) >= verdicts ? true : undefined;
    });
    await reader.close();
    return blocks;
  }
});
