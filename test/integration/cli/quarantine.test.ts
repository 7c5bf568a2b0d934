import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { CRICKET_GROUP, CRICKET_TOPICS } from "../../../src/domain/cricket/topics.ts";
import { decodeVerdictBlock } from "../../../src/domain/review/verdict-block.ts";
import { totalCount, type Verdict, VERDICTS, zeroCounts } from "../../../src/domain/review/verdict.ts";
import { readTopic } from "../../../src/cli/read-topic.ts";
import { confluentLog } from "../../../src/kafka/confluent/index.ts";
import { ConfluentProducer } from "../../../src/kafka/confluent/producer.ts";
import { IndefiniteCommitError, type Log, WriteBatch } from "../../../src/kafka/log.ts";
import { cricketTopology } from "../../../src/pipelines/cricket/topology.ts";
import { ensureCricketTopics } from "../../../src/pipelines/cricket/topics.ts";
import { runProcessor } from "../../../src/processor/index.ts";
import { eventually } from "../../support/cli.ts";
import { command } from "../../support/command.ts";
import { rawCsv2 } from "../../support/raw-matches.ts";
import { remedyWorks } from "../../support/remedies/works.ts";
import { startTestStack, type TestStack } from "../../support/stack.ts";

/* `third-umpire quarantine retry` while the broker falls silent. It is stopped by this test, and so its own. */

const ONE = { partitions: 1, retentionHours: 168 };
let stack: TestStack;
let log: Log;
let folder: string;

beforeAll(async () => {
  stack = await startTestStack({ postgres: false });
  log = confluentLog({ brokers: stack.brokers, clientId: "quarantine-test" });
  folder = mkdtempSync(join(tmpdir(), "tu-quarantine-"));
  vi.stubEnv("TU_LOCAL_DIR", folder);
  vi.stubEnv("TU_KAFKA_BROKERS", stack.brokers);
  const admin = log.admin();
  await ensureCricketTopics(admin, ONE);
  await admin.close();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The committed records of a topic, each made into something. */
async function read<T>(topic: string, make: (value: Buffer) => T): Promise<T[]> {
  const made: T[] = [];
  await readTopic(log, topic, (batch) => {
    for (let index = 0; index < batch.length; index++) made.push(make(batch.value(index) ?? Buffer.alloc(0)));
  });
  return made;
}

const texts = (): Promise<string[]> => read(CRICKET_TOPICS.odiRaw, String);

/** Judges all that is in the input. */
async function judge(): Promise<Record<Verdict, number>> {
  const stop = new AbortController();
  const running = runProcessor({
    log: confluentLog({ brokers: stack.brokers, clientId: "processor" }),
    topology: cricketTopology(ONE),
    groupId: CRICKET_GROUP,
    instanceId: "one",
    stateDir: join(folder, "state"),
    signal: stop.signal,
    commitIntervalMs: 50,
  });
  const count = (await texts()).length;
  await eventually(
    async () => totalCount(await counts()) >= count,
    60_000,
    () => "not every record has a verdict",
  );
  stop.abort();
  await running;
  return await counts();
}

async function counts(): Promise<Record<Verdict, number>> {
  const sums = { ...zeroCounts() };
  for (const block of await read(CRICKET_TOPICS.verdicts, decodeVerdictBlock))
    for (const verdict of VERDICTS) sums[verdict] += block.counts[verdict];
  return sums;
}

test("a record whose commit the broker did not answer is sent once more, and judged once", async () => {
  const [match] = rawCsv2("660825");
  const batch = new WriteBatch();
  batch.append(match!.topic, 0, Buffer.from(match!.key), Buffer.from("{"), match!.headers);
  const producer = log.producer({ transactionalId: "poison", transactionTimeoutMs: 10_000 });
  await producer.open();
  await producer.begin();
  await producer.write(batch);
  await producer.commit();
  await producer.close();
  await judge();
  const repaired = join(folder, "repaired.json");
  writeFileSync(repaired, match!.value ?? "");

  const { commit } = ConfluentProducer.prototype;
  vi.spyOn(ConfluentProducer.prototype, "commit").mockImplementationOnce(async function (this: ConfluentProducer) {
    stack.supervisor.kill("kafka", "SIGSTOP");
    try {
      await commit.call(this);
    } catch (error) {
      expect(error).toBeInstanceOf(IndefiniteCommitError);
      throw error;
    } finally {
      stack.supervisor.kill("kafka", "SIGCONT");
    }
  });
  const id = `${CRICKET_TOPICS.odiRaw}/0/0`;
  const said = await remedyWorks("quarantine/no-answer", {
    attempt: () => command("quarantine", "retry", id, "--value", repaired),
    does: { "run it once more": () => undefined },
  });
  expect(said).toContain("was sent again");
  const copies = (await texts()).filter((value) => value === match!.value).length;
  expect([1, 2]).toContain(copies);
  expect(await judge()).toMatchObject({ poison: 1, accepted: 1, duplicate: copies - 1 });
}, 240_000);
