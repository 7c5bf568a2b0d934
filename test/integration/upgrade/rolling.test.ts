import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { decodeVerdictBlock } from "../../../src/domain/review/verdict-block.ts";
import { type VerdictCounts, VERDICTS, zeroCounts } from "../../../src/domain/review/verdict.ts";
import { type Log, type TransactionalProducer, WriteBatch } from "../../../src/kafka/log.ts";
import { defineTopology, stringCodec, type Topology } from "../../../src/processor/index.ts";
import { describeState } from "../../../src/processor/inspect.ts";
import { createTopic, eventually, openProducer, openReader, partitionsOf } from "../../contract/log-harness.ts";
import { brokers, openLog, unique } from "../kafka/harness.ts";
import type { ShopOptions } from "./shop.child.ts";

const partitions = 4;
const inputs = ["one", "two"] as const;

let log: Log;
let feeder: TransactionalProducer;
let name: string;
const processors = new Set<ChildProcess>();
/** What the processors said, in order. */
let said: { readonly state: string; readonly message: string }[];
/** Records fed so far, by input partition. */
let fed: number;

function start(engine: ShopOptions["engine"], instanceId: string): ChildProcess {
  const options: ShopOptions = { engine, brokers: brokers(), name, instanceId, partitions };
  const child = fork(fileURLToPath(new URL("./shop.child.ts", import.meta.url)), [JSON.stringify(options)], {
    execArgv: ["--import", "tsx"],
  });
  child.on("message", (message) => said.push(message as (typeof said)[number]));
  processors.add(child);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  processors.delete(child);
  if (child.exitCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** Six records for each partition of each input: two new keys, and of the wave before a repeat, a correction, and the corrected word again. */
function wave(number: number, input: string): string[] {
  const key = (of: number, index: number): string => `${input}-${of}-${index}`;
  const before = number - 1;
  const news = [`${key(number, 0)} first`, `${key(number, 1)} first`];
  if (before < 1) return news;
  return [...news, `${key(before, 0)} first`, `${key(before, 1)} second`, `${key(before, 1)} first`];
}

async function feed(number: number): Promise<void> {
  for (const input of inputs) {
    const batch = new WriteBatch();
    for (const { partition } of partitionsOf("any", partitions)) {
      for (const value of wave(number, input))
        batch.append(`${name}.${input}`, partition, null, Buffer.from(`${partition}-${value}`));
    }
    fed += batch.length;
    await feeder.begin();
    await feeder.write(batch);
    await feeder.commit();
  }
}

/** Everything that the verdicts topic says, added up; waits until it speaks of all records fed. */
async function verdicts(): Promise<VerdictCounts> {
  const reader = await openReader(
    log,
    "read_committed",
    partitionsOf(`${name}.verdicts`, partitions).map((partition) => ({ ...partition, offset: 0 })),
  );
  const counts = zeroCounts();
  let judged = 0;
  try {
    await eventually(`${fed} records are judged`, async () => {
      for (const batch of await reader.fetch(100, 100)) {
        for (let index = 0; index < batch.length; index++) {
          const block = decodeVerdictBlock(batch.value(index)!);
          for (const verdict of VERDICTS) {
            counts[verdict] += block.counts[verdict];
            judged += block.counts[verdict];
          }
        }
      }
      return judged >= fed ? true : undefined;
    });
  } finally {
    await reader.close();
  }
  return counts;
}

/** The counts that waves 1 to `last` must give. */
function expected(last: number): VerdictCounts {
  const places = inputs.length * partitions;
  const later = (last - 1) * places;
  return { ...zeroCounts(), accepted: 2 * last * places, duplicate: later, correction: later, stale: later };
}

beforeEach(async () => {
  name = unique("upgrade");
  log = openLog("upgrade-test");
  said = [];
  fed = 0;
  for (const input of inputs) await createTopic(log, `${name}.${input}`, partitions);
  feeder = await openProducer(log, `${name}.feeder`);
});

afterEach(async () => {
  await Promise.all([...processors].map(kill));
  await feeder.close();
});

test("processors of the version before are replaced one by one, and every record has one verdict", async () => {
  const oldOne = start("before", "p1");
  const oldTwo = start("before", "p2");
  await feed(1);
  expect(await verdicts()).toEqual(expected(1));

  // The first is replaced while the other goes on: killed, as an upgrade may do, and with work waiting.
  await feed(2);
  await kill(oldOne);
  const one = start("now", "p1");
  await feed(3);
  expect(await verdicts()).toEqual(expected(3));

  await kill(oldTwo);
  const two = start("now", "p2");
  await feed(4);
  expect(await verdicts()).toEqual(expected(4));

  // What the new version wrote, it reads.
  await kill(one);
  await kill(two);
  start("now", "p1");
  await feed(5);
  expect(await verdicts()).toEqual(expected(5));

  expect(said.filter(({ message }) => /corrupt|rebuild/iu.test(message))).toEqual([]);
  const states = await describeState(log, shop(), name, [...Array(partitions).keys()]);
  expect(states.map(({ sound }) => sound)).toEqual(Array.from({ length: partitions }, () => true));
});

/** The shape of the children's topology: enough to read its state. */
function shop(): Topology {
  return defineTopology<string>({
    name,
    inputs: inputs.map((input) => `${name}.${input}`),
    outputs: [`${name}.clean`],
    partitions,
    review: { retention: "unbounded" },
    stores: [{ name: "latest", value: stringCodec }],
    decode: () => "",
    identify: () => ({ key: "", content: "" }),
    process: () => undefined,
  }) as Topology;
}
