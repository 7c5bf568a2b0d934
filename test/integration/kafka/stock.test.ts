/**
 * A broker that nobody has tuned: of its properties only names, addresses, folders and the replication factors that one
 * node needs. What runs here runs on a stranger's Kafka.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { topology } from "../../../docs/examples/orders.ts";
import { confluentLog } from "../../../src/kafka/confluent/index.ts";
import { type Log, WriteBatch } from "../../../src/kafka/log.ts";
import { kafkaService, localSupervisor, type Supervisor } from "../../../src/local/index.ts";
import { kafkaDir } from "../../../src/local/paths.ts";
import { type ProcessorStatus, runProcessor } from "../../../src/processor/index.ts";
import { loadSettings, type Settings } from "../../../src/settings.ts";
import { logContract } from "../../contract/log.contract.ts";
import { settingsOnFreePorts } from "../../support/stack.ts";
import { unique } from "./harness.ts";

let dir: string;
let settings: Settings;
let supervisor: Supervisor;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "third-umpire-stock-"));
  settings = await settingsOnFreePorts(dir);
  supervisor = localSupervisor(settings);
  const service = kafkaService(settings, { jars: loadSettings() });
  const beforeStart = async (): Promise<void> => {
    await service.beforeStart?.();
    writeFileSync(join(kafkaDir(settings), "server.properties"), stockProperties());
  };
  await supervisor.start({ ...service, beforeStart });
});

afterAll(async () => {
  await supervisor.stopAll();
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

function stockProperties(): string {
  const controller = `127.0.0.1:${settings.kafkaControllerPort}`;
  return [
    "process.roles=broker,controller",
    "node.id=1",
    "controller.listener.names=CONTROLLER",
    `controller.quorum.voters=1@${controller}`,
    `listeners=PLAINTEXT://${settings.brokers},CONTROLLER://${controller}`,
    `advertised.listeners=PLAINTEXT://${settings.brokers}`,
    "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    `log.dirs=${join(kafkaDir(settings), "data")}`,
    "offsets.topic.replication.factor=1",
    "transaction.state.log.replication.factor=1",
    "transaction.state.log.min.isr=1",
  ].join("\n");
}

const open = (clientId: string): Log => confluentLog({ brokers: settings.brokers, clientId });

logContract("confluent, on a broker with untouched settings", () =>
  Promise.resolve({
    log: open("first"),
    secondLog: () => open("second"),
    unique,
    close: () => Promise.resolve(),
  }),
);

describe("the example of the README on a broker with untouched settings", () => {
  test("judges its orders with the defaults of the library, and says which session timeout it took", async () => {
    const log = open("shop");
    const admin = log.admin();
    await admin.createTopics([{ name: "shop.orders.raw", partitions: topology.partitions, cleanup: "delete" }]);
    await admin.close();
    const producer = log.producer({ transactionalId: unique("orders"), transactionTimeoutMs: 10_000 });
    await producer.open();
    const batch = new WriteBatch();
    const order = (cents: number): Buffer => Buffer.from(JSON.stringify({ id: "1", customer: "ada", cents }));
    for (const cents of [500, 500, 400]) batch.append("shop.orders.raw", 0, Buffer.from("1"), order(cents));
    await producer.begin();
    await producer.write(batch);
    await producer.commit();
    await producer.close();

    const stop = new AbortController();
    const statuses: ProcessorStatus[] = [];
    await runProcessor({
      log,
      topology,
      groupId: "shop",
      instanceId: "shop-1",
      stateDir: join(dir, "state"),
      signal: stop.signal,
      onStatus: (status) => statuses.push(status),
      onCommitted: (partition, position) => {
        if (partition === 0 && position >= batch.length) stop.abort();
      },
    });
    expect(statuses.at(-1)?.counts).toMatchObject({ accepted: 1, duplicate: 1, correction: 1 });
    expect(statuses.map(({ message }) => message)).toContain(
      "session timeout 6000 ms: the brokers allow no shorter one (group.min.session.timeout.ms)",
    );
  });
});
