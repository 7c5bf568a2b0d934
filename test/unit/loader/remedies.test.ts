import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { exportParquet, rebuildWarehouse } from "../../../src/export/index.ts";
import { filesOf } from "../../../src/export/manifest.ts";
import { WriteBatch } from "../../../src/kafka/log.ts";
import { openForReading, runLoader } from "../../../src/loader/index.ts";
import { warehousePaths } from "../../../src/loader/paths.ts";
import { restoreDamaged } from "../../../src/loader/restore.ts";
import { Warehouse } from "../../../src/loader/warehouse.ts";
import { packageFile } from "../../../src/local/paths.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";
import { cleanDelivery, cleanMatch, delivery, json, match, topicsNamed } from "../../support/clean-records.ts";
import { remedyWorks } from "../../support/remedies/works.ts";

/* What stops the loader, an export and a rebuild for good: the remedy is done, and they go on. */

const topics = topicsNamed("t");
let root: string;
let broker: ModelBroker;
let log: ModelLog;
/** `TU_WAREHOUSE_DIR`. */
let warehouseDir: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tu-remedies-"));
  warehouseDir = join(root, "warehouse");
  [broker, log] = newBroker();
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

function newBroker(): [ModelBroker, ModelLog] {
  const made = new ModelBroker();
  for (const name of Object.values(topics) as string[]) made.createTopic({ name, partitions: 1 });
  return [made, new ModelLog(made, { clientId: "loader" })];
}

const another = (): void => void (warehouseDir = join(root, "another"));

let transactions = 0;

/** A match of ten balls. */
async function play(id: string): Promise<void> {
  const producer = log.producer({ transactionalId: `w-${transactions++}`, transactionTimeoutMs: 30_000 });
  await producer.open();
  await producer.begin();
  const batch = new WriteBatch();
  const at = Number(id.slice(1)) * 100;
  batch.append(topics.matches, 0, Buffer.from(id), json(cleanMatch(match(id), at)));
  for (let n = 0; n < 10; n++)
    batch.append(topics.deliveries, 0, Buffer.from(id), json(cleanDelivery(delivery(id, n), at + n)));
  await producer.write(batch);
  await producer.commit();
  await producer.close();
}

/** Loads what the topics hold; the balls that the warehouse has then. */
async function load(options: { readonly acceptGaps?: boolean } = {}): Promise<number> {
  const stop = new AbortController();
  await runLoader({
    log,
    warehouseDir,
    topics,
    groupId: "loader",
    signal: stop.signal,
    ...options,
    onStatus: ({ state, lag }) => {
      if (state === "running" && lag === 0) stop.abort();
    },
  });
  return balls();
}

async function select(sql: string): Promise<number> {
  const warehouse = await openForReading(warehouseDir);
  const reader = await warehouse.connection.runAndReadAll(sql);
  warehouse.close();
  return Number(reader.getRows()[0]?.[0]);
}

const balls = (): Promise<number> => select("SELECT count(*) FROM deliveries");
const truncate = (): void =>
  broker.truncate(topics.deliveries, 0, broker.watermarks({ topic: topics.deliveries, partition: 0 }).high - 3);

describe("a loader that stops for good goes on when the remedy was done:", () => {
  test("records deleted before they were loaded are passed over when that is accepted, and noted", async () => {
    await play("m1");
    await load();
    await play("m2");
    truncate();
    let acceptGaps = false;
    const loaded = await remedyWorks("loader/records-deleted", {
      attempt: () => load({ acceptGaps }),
      does: {
        "go on without them, noted in the table gaps: `third-umpire loader --accept-gaps`": () => (acceptGaps = true),
      },
    });
    expect(loaded).toBeGreaterThan(10);
    expect(await select("SELECT count(*) FROM gaps")).toBe(1);
  });

  test("a warehouse that has the deleted records is put in its place", async () => {
    await play("m1");
    await load();
    const old = join(root, "old");
    cpSync(warehouseDir, old, { recursive: true });
    await play("m2");
    await load();
    truncate();
    const newer = warehouseDir;
    warehouseDir = old;
    const restore = (): void => {
      rmSync(old, { recursive: true });
      cpSync(newer, old, { recursive: true });
    };
    const attempt = (): Promise<number> => load();
    expect(
      await remedyWorks("loader/records-deleted", {
        attempt,
        does: { "restore a warehouse that has them": restore },
      }),
    ).toBe(20);
  });

  test("topics that were made again are loaded into another warehouse", async () => {
    await play("m1");
    await play("m2");
    await load();
    [broker, log] = newBroker();
    await play("m3");
    const loaded = await remedyWorks("loader/topic-made-again", {
      attempt: () => load(),
      does: { "set TU_WAREHOUSE_DIR to a new directory": another },
    });
    expect(loaded).toBe(10);
  });

  /** A loader in a process of its own that holds the warehouse. */
  async function otherLoader(): Promise<{ readonly kill: () => Promise<void> }> {
    const script = `import { Warehouse } from ${JSON.stringify(packageFile("src/loader/warehouse.ts"))};
      await Warehouse.open(${JSON.stringify(warehouseDir)}, 0);
      console.log("open");
      setInterval(() => undefined, 1000);`;
    const args = ["--import", "tsx", "--input-type=module", "-e", script];
    const child = spawn(process.execPath, args, { cwd: packageFile(), stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    return {
      kill: async () => {
        const ended = once(child, "exit");
        child.kill();
        await ended;
      },
    };
  }

  test("a second loader waits for the end of the first, or has another folder", async () => {
    await play("m1");
    const { kill } = await otherLoader();
    const first = warehouseDir;
    const attempt = (): Promise<number> => load();
    expect(
      await remedyWorks("loader/second-loader", {
        attempt,
        does: { "set TU_WAREHOUSE_DIR to another directory": another },
      }),
    ).toBe(10);
    warehouseDir = first;
    expect(await remedyWorks("loader/second-loader", { attempt, does: { "`kill ": kill } })).toBe(10);
  });

  test("a folder that cannot be made is another one", async () => {
    await play("m1");
    writeFileSync(join(root, "file"), "");
    warehouseDir = join(root, "file", "warehouse");
    const attempt = (): Promise<number> => load();
    expect(await remedyWorks("loader/folder", { attempt, does: { "set TU_WAREHOUSE_DIR": another } })).toBe(10);
  });

  test("a damaged file is set aside, and the snapshot goes on", async () => {
    await play("m1");
    await load();
    await play("m2");
    const { hot } = warehousePaths(warehouseDir);
    writeFileSync(hot, readFileSync(hot).subarray(0, 6000));
    const loaded = await remedyWorks("loader/damaged", {
      attempt: () => load(),
      does: { "`third-umpire loader --restore`": () => restoreDamaged(warehouseDir) },
    });
    expect(loaded).toBe(20);
  });

  test("a warehouse of a newer program is left alone", async () => {
    await play("m1");
    const newer = await Warehouse.open(warehouseDir, 0);
    await newer.connection.run("INSERT INTO schema_version VALUES (999, 'later', '2030-01-01')");
    newer.close();
    const attempt = (): Promise<number> => load();
    expect(
      await remedyWorks("loader/newer-program", {
        attempt,
        does: { "set TU_WAREHOUSE_DIR to another directory": another },
      }),
    ).toBe(10);
  });
});

describe("an export and a rebuild that are refused go on when the remedy was done:", () => {
  let dir: string;
  beforeEach(async () => {
    dir = join(root, "archive");
    await play("m1");
    await load();
  });

  const exportTo = async (): Promise<void> =>
    void (await exportParquet({ warehouseDir, dir, closedAfterMs: 0, now: 2_000_000_000_000 }));

  async function rebuild(options: { readonly log?: ModelLog | null } = {}): Promise<number> {
    await rebuildWarehouse({
      warehouseDir,
      dir,
      log,
      topics,
      groupId: "loader",
      signal: new AbortController().signal,
      onProgress: () => undefined,
      now: () => 0,
      ...options,
    });
    return balls();
  }

  const newFolder = (): void => void (dir = join(root, "new"));
  const lose = (): void => rmSync(warehouseDir, { recursive: true, force: true });

  test("a folder with other files is another one", async () => {
    dir = root;
    await remedyWorks("export/other-files", {
      attempt: exportTo,
      does: { "name an empty or a new folder": newFolder },
    });
  });

  test("an export of another warehouse is kept", async () => {
    await exportTo();
    another();
    const later = await Warehouse.open(warehouseDir, 0);
    await later.start(new Map([[`${topics.deliveries}/0`, 1]]), []);
    later.close();
    await remedyWorks("export/another-warehouse", {
      attempt: exportTo,
      does: { "export into a new folder": newFolder },
    });
  });

  test("a damaged manifest is that of another folder", async () => {
    await exportTo();
    const copy = join(root, "copy");
    cpSync(dir, copy, { recursive: true });
    appendFileSync(join(dir, "manifest.json"), "}");
    lose();
    const takeCopy = (): void => void (dir = copy);
    expect(
      await remedyWorks("export/manifest-damaged", {
        attempt: () => rebuild(),
        does: { "take the folder of another export": takeCopy },
      }),
    ).toBe(10);
  });

  test("a damaged manifest is left, and the export goes into a new folder", async () => {
    await exportTo();
    appendFileSync(join(dir, "manifest.json"), "}");
    await remedyWorks("export/manifest-damaged", {
      attempt: exportTo,
      does: { "export again into a new one": newFolder },
    });
    lose();
    expect(await rebuild()).toBe(10);
  });

  test("a damaged file is that of a copy", async () => {
    await exportTo();
    const copy = join(root, "copy");
    cpSync(dir, copy, { recursive: true });
    const { manifest } = await exportParquet({ warehouseDir, dir, closedAfterMs: 0, now: 2_000_000_000_000 });
    appendFileSync(join(dir, filesOf(manifest)[0]!.path), "x");
    lose();
    const restore = (): void => cpSync(copy, dir, { recursive: true });
    expect(
      await remedyWorks("export/file-damaged", {
        attempt: () => rebuild(),
        does: { "restore the folder from a copy": restore },
      }),
    ).toBe(10);
  });

  test("a folder without an export is that of one", async () => {
    await exportTo();
    const right = dir;
    dir = join(root, "nothing");
    lose();
    const name = (): void => void (dir = right);
    expect(
      await remedyWorks("export/none-there", {
        attempt: () => rebuild(),
        does: { "name the folder that `third-umpire export` wrote": name },
      }),
    ).toBe(10);
  });

  test("a warehouse that is there is moved away", async () => {
    await exportTo();
    expect(
      await remedyWorks("export/warehouse-there", {
        attempt: () => rebuild(),
        does: { "else move its folder away first": lose },
      }),
    ).toBe(10);
  });

  test("a warehouse that is there and damaged is mended, and needs no rebuild", async () => {
    await exportTo();
    const { hot } = warehousePaths(warehouseDir);
    writeFileSync(hot, readFileSync(hot).subarray(0, 6000));
    let isMended = false;
    const attempt = (): Promise<number> => (isMended ? load() : rebuild());
    const mend = async (): Promise<void> => {
      await restoreDamaged(warehouseDir);
      isMended = true;
    };
    expect(
      await remedyWorks("export/warehouse-there", {
        attempt,
        does: { "if it is damaged, `third-umpire loader --restore` keeps more": mend },
      }),
    ).toBe(10);
  });

  test("an export that was changed by hand is another copy of it", async () => {
    await exportTo();
    const copy = join(root, "copy");
    cpSync(dir, copy, { recursive: true });
    const path = join(dir, "manifest.json");
    const manifest = JSON.parse(readFileSync(path, "utf8")) as { partitions: { files: unknown[] }[] };
    manifest.partitions[0]!.files.push(...manifest.partitions[0]!.files);
    writeFileSync(path, JSON.stringify(manifest));
    lose();
    const takeCopy = (): void => void (dir = copy);
    expect(
      await remedyWorks("export/doubles", { attempt: () => rebuild(), does: { "take another copy of it": takeCopy } }),
    ).toBe(10);
  });

  test("topics of other brokers are left out, or the right brokers named", async () => {
    await exportTo();
    const right = log;
    const [, wrong] = newBroker();
    lose();
    let given: ModelLog | null = wrong;
    const attempt = (): Promise<number> => rebuild({ log: given });
    const without = (): void => void (given = null);
    expect(
      await remedyWorks("export/other-brokers", { attempt, does: { "rebuild with --without-topics": without } }),
    ).toBe(10);
    lose();
    given = wrong;
    const name = (): void => void (given = right);
    expect(
      await remedyWorks("export/other-brokers", {
        attempt,
        does: { "name the brokers that the export was made from": name },
      }),
    ).toBe(10);
  });
});
