import { randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { confluentLog } from "../../../src/kafka/confluent/index.ts";
import type { GroupDescription, Log, LogAdmin } from "../../../src/kafka/log.ts";
import { defineTopology, type ProcessorStatus, runProcessor, type Topology } from "../../../src/processor/index.ts";
import { internalTopics } from "../../../src/processor/start-checks.ts";
import { eventually, Member, openProducer, partitionsOf, records, transact } from "../../contract/log-harness.ts";

const partitions = 4;
/** Far longer than the test may take: what it shows must not be the end of a session. */
const sessionTimeoutMs = 60_000;

let log: Log;
let admin: LogAdmin;
let topology: Topology<string>;
let groupId: string;
const processors: Processor[] = [];
/** "status", whenever a processor says something. */
const heard = new EventEmitter();

/** A processor of its own Log in this process, and what it says. */
class Processor {
  readonly messages: string[] = [];
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  status: ProcessorStatus | undefined;

  constructor(instanceId: string) {
    this.#ended = runProcessor({
      log: openLog(instanceId),
      topology,
      groupId,
      instanceId,
      sessionTimeoutMs,
      stateDir: "unused",
      skipProbe: true, // It has a test of its own, and takes a second.
      signal: this.#stop.signal,
      onStatus: (status) => {
        this.status = status;
        this.messages.push(status.message);
        heard.emit("status");
      },
    });
    this.#ended.catch(() => undefined); // stop() tells.
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}

function openLog(clientId: string): Log {
  return confluentLog({ brokers: process.env["TEST_BROKERS"] ?? inject("brokers"), clientId });
}

function start(instanceId: string): Processor {
  const processor = new Processor(instanceId);
  processors.push(processor);
  return processor;
}

/** Partitions of the input that the coordinator gave to nobody. */
function ownerless({ members }: GroupDescription): number[] {
  const owned = new Set(members.flatMap((member) => member.partitions.map(({ partition }) => partition)));
  return partitionsOf(topology.inputs[0]!, partitions).flatMap(({ partition }) =>
    owned.has(partition) ? [] : [partition],
  );
}

async function judged(): Promise<number[]> {
  const offsets = await admin.groupOffsets(groupId, partitionsOf(topology.inputs[0]!, partitions));
  return offsets.map((offset) => offset?.offset ?? 0);
}

beforeEach(async () => {
  const name = `processor.orphans.${randomBytes(5).toString("hex")}`;
  log = openLog("test");
  admin = log.admin();
  groupId = name;
  topology = defineTopology<string>({
    name,
    inputs: [`${name}.in`],
    outputs: [`${name}.out`],
    partitions,
    review: { retention: "unbounded" },
    decode: (record) => record.value!.toString(),
    identify: (value) => ({ key: value, content: value }),
    process: (value, _record, context) => context.emit(`${name}.out`, Buffer.from(value), Buffer.from(value)),
  });
  await admin.createTopics([
    ...[...topology.inputs, ...topology.outputs].map((topic) => ({
      name: topic,
      partitions,
      cleanup: "delete" as const,
    })),
    ...internalTopics(topology as Topology),
  ]);
});

afterEach(async () => {
  await Promise.all(processors.splice(0).map((processor) => processor.stop()));
  await admin.deleteTopics([
    ...topology.inputs,
    ...topology.outputs,
    ...internalTopics(topology as Topology).map(({ name }) => name),
  ]);
  await admin.close();
});

test("partitions that a member killed in a revocation left to nobody have an owner again within 10 s (EO-12)", async () => {
  // The member that will die: alone it has everything, then it is told to give two partitions to the second.
  const doomed = new Member(openLog("doomed"), {
    groupId,
    instanceId: "one",
    topics: topology.inputs,
    sessionTimeoutMs,
  });
  await doomed.join(partitions);
  const second = start("two");
  await eventually("it is told to give partitions up", async () => {
    const waiting = doomed.consumer.pendingRebalance();
    if (waiting?.kind === "revoke") return waiting;
    await doomed.turn();
    return undefined;
  });

  // It never answers. Its successor takes the seat without a round.
  const restartedAt = performance.now();
  const first = start("one");
  const orphans = await eventually("the successor has its seat", async () => {
    if (first.status?.state === "running") return ownerless(await admin.groupMembers(groupId));
    await once(heard, "status");
    return undefined;
  });
  expect(orphans).toHaveLength(2);

  await eventually("every partition has an owner that works on it", async () => {
    const working = [first, second].flatMap(({ status }) => (status?.state === "running" ? status.partitions : []));
    if (new Set(working).size === partitions) return true;
    await once(heard, "status");
    return undefined;
  });
  const tookMs = performance.now() - restartedAt;
  console.log(`owned again ${Math.round(tookMs)} ms after the restart`);
  expect(tookMs).toBeLessThan(10_000);
  expect(ownerless(await admin.groupMembers(groupId))).toEqual([]);
  expect(first.messages.filter((message) => message.includes("had no owner"))).not.toEqual([]);

  // And they are worked on: a record of each partition is judged and committed.
  const producer = await openProducer(log, `${groupId}.feeder`);
  for (let partition = 0; partition < partitions; partition++) {
    await transact(producer, records(topology.inputs[0]!, partition, [`record ${partition}`]), "commit");
  }
  await producer.close();
  await eventually("every record is committed", async () => {
    return (await judged()).every((offset) => offset >= 1) ? true : undefined;
  });
  await doomed.consumer.close();
});
