import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type AuditReport, auditCricket } from "../../../src/audit/index.ts";
import { readStoreRows } from "../../../src/audit/rows/object-store.ts";
import { CRICKET_TOPICS } from "../../../src/domain/cricket/topics.ts";
import { VerdictBlockBuilder } from "../../../src/domain/review/verdict-block.ts";
import { type TransactionalProducer, WriteBatch } from "../../../src/kafka/log.ts";
import { runLoader } from "../../../src/loader/index.ts";
import { ENTRY_BYTES } from "../../../src/object-store/file-index.ts";
import { storeFiles } from "../../../src/object-store/file-layout.ts";
import { ensureStore } from "../../../src/object-store/open.ts";
import { cricketTopology } from "../../../src/pipelines/cricket/topology.ts";
import { type ModelBroker, ModelLog } from "../../../src/testing/index.ts";
import { CricketPipeline } from "../../support/cricket-pipeline.ts";
import { rawCsv2 } from "../../support/raw-matches.ts";
import { remedyWorks, Told } from "../../support/remedies/works.ts";

/* What the audit and the loader say of topics in which something is wrong: it is done, and both are content. */

const { deliveries, matches, verdicts, quarantine, gaps } = CRICKET_TOPICS;
const RECORDS = rawCsv2("660825");
const [MATCH, MORE] = [RECORDS.slice(0, 40), RECORDS.slice(40, 50)];
let warehouseDir: string;
let broker: ModelBroker;
let pipeline: CricketPipeline;

beforeEach(begin);
afterEach(async () => {
  vi.restoreAllMocks();
  await pipeline.stop();
  rmSync(warehouseDir, { recursive: true });
});

/** A match, judged, on topics of its own. */
async function begin(): Promise<void> {
  warehouseDir = mkdtempSync(join(tmpdir(), "tu-audit-"));
  pipeline = await CricketPipeline.start();
  ({ broker } = pipeline);
  pipeline.append(MATCH);
  await pipeline.judged();
}

const log = (clientId: string): ModelLog => new ModelLog(broker, { clientId });

/** Loads what the topics hold. */
async function load(): Promise<void> {
  const stop = new AbortController();
  await runLoader({
    log: log("loader"),
    warehouseDir,
    topics: { deliveries, matches, verdicts, quarantine, gaps },
    groupId: "cricket-loader",
    signal: stop.signal,
    onStatus: ({ state, lag }) => {
      if (state === "running" && lag === 0) stop.abort();
    },
  });
}

async function audit(): Promise<AuditReport> {
  return await auditCricket({
    log: log("audit"),
    brokers: "model",
    postgresUrl: "",
    mongodbUrl: "",
    objectStore: "",
    warehouseDir,
    signal: new AbortController().signal,
    patienceMs: 0,
  });
}

/** `third-umpire reset`, and the match again. */
async function anew(): Promise<void> {
  await pipeline.stop();
  rmSync(warehouseDir, { recursive: true });
  await begin();
}

/** A transaction that stays open. */
async function writeAs(transactionalId: string, topic: string, value: Buffer): Promise<TransactionalProducer> {
  const producer = log("other").producer({ transactionalId, transactionTimeoutMs: 1e9 });
  await producer.open();
  await producer.begin();
  const batch = new WriteBatch();
  batch.append(topic, 0, Buffer.from("660825"), value);
  await producer.write(batch);
  return producer;
}

async function write(topic: string, value: Buffer): Promise<void> {
  const producer = await writeAs("another", topic, value);
  await producer.commit();
  await producer.close();
}

describe("another writer", () => {
  test("of a clean topic: loader and audit are content after a reset", async () => {
    await load();
    await write(deliveries, Buffer.from("mine"));
    const nobody = (): void => undefined;
    await remedyWorks("audit/another-writer", {
      attempt: audit,
      does: { "end what else does": nobody, "then `third-umpire reset` and play again": () => anew().then(load) },
    });
    await write(deliveries, Buffer.from("mine"));
    await remedyWorks("decode/only-processor", {
      attempt: load,
      does: { "else `third-umpire reset` and play again": anew },
    });
    expect((await audit()).differences).toEqual([]);
  });

  test("of verdicts: the audit shows what was judged twice, and a reset starts over", async () => {
    await load();
    const block = new VerdictBlockBuilder(CRICKET_TOPICS.odiRaw, 0, 4, 4);
    for (let offset = 4; offset < 8; offset++) block.accept(offset);
    await write(verdicts, Buffer.from(block.encode(null)));
    const show = async (): Promise<void> => {
      const { differences } = await audit();
      expect(differences.map(({ text }) => text)).toContainEqual(expect.stringMatching(/overlap at offsets 4 to 8/u));
    };
    await remedyWorks("plan/processor-s", {
      attempt: load,
      does: {
        "`third-umpire audit` shows what was judged twice": show,
        "`third-umpire reset` starts over": anew,
      },
    });
    expect((await audit()).differences).toEqual([]);
  });
});

describe("the audit", () => {
  test("of a transaction that does not end goes on when its process was started again", async () => {
    await load();
    await writeAs("gone", deliveries, Buffer.from("mine"));
    // Half a minute is over soon.
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => (now += 1000));
    const again = async (): Promise<void> => {
      const producer = log("again").producer({ transactionalId: "gone", transactionTimeoutMs: 1e9 });
      await producer.open();
      await producer.close();
    };
    const report = await remedyWorks("topics/open-transaction", {
      attempt: audit,
      does: { "start the process that began it again": again },
    });
    expect(report.differences).toEqual([]);
  });

  test("names what is not loaded, until a loader has loaded it", async () => {
    await load();
    pipeline.append(MORE);
    await pipeline.judged();
    const report = await remedyWorks("audit/not-loaded", {
      attempt: async () => {
        const said = await audit();
        const left = said.unchecked.find((each) => each.includes("not been loaded"));
        if (left !== undefined) throw new Told(left);
        return said;
      },
      does: { "`third-umpire loader` goes on": load },
    });
    expect(report.differences).toEqual([]);
  });

  test("reads the store that the settings name", async () => {
    let store = join(warehouseDir, "half a copy");
    await ensureStore(store);
    writeFileSync(storeFiles(store).index, Buffer.alloc(ENTRY_BYTES));
    writeFileSync(storeFiles(store).log, "");
    const attempt = (): Promise<void> =>
      readStoreRows(store, cricketTopology({ partitions: 1 }), new AbortController().signal, () => undefined);
    const name = (): void => void (store = join(warehouseDir, "store"));
    await remedyWorks("audit/object-store", {
      attempt,
      does: { "name its folder or bucket in TU_OBJECT_STORE": name },
    });
  });
});
