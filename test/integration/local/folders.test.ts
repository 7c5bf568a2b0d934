import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import pg from "pg";
import { expect, test } from "vitest";
import { confluentLog } from "../../../src/kafka/confluent/index.ts";
import { startServices } from "../../../src/local/services.ts";
import { localSupervisor } from "../../../src/local/index.ts";
import { kafkaDir, mongodbDir } from "../../../src/local/paths.ts";
import { postgresData } from "../../../src/local/postgres.ts";
import { openForReading } from "../../../src/loader/read.ts";
import { publishSnapshot } from "../../../src/loader/publish.ts";
import { Warehouse } from "../../../src/loader/warehouse.ts";
import { sharePrograms } from "../../support/cli.ts";
import { settingsOnFreePorts } from "../../support/stack.ts";

/* Folders have the names that people give them. */

test.each([["zoë, lab"], [`"O'Neil": 100% $HOME #1; ß\\n`]])(
  "every server keeps its data in the folder %s",
  async (name) => {
    const above = mkdtempSync(join(tmpdir(), "third-umpire-folders-"));
    const dir = join(above, name, ".local");
    mkdirSync(dir, { recursive: true });
    const settings = await settingsOnFreePorts(dir);
    await sharePrograms(settings);
    const supervisor = localSupervisor(settings);
    try {
      await startServices(supervisor, settings, ["kafka", "postgres", "mongodb", "lambda"], () => undefined);
      const log = confluentLog({ brokers: settings.brokers, clientId: "folders" });
      const admin = log.admin();
      await admin.createTopics([{ name: "here", partitions: 1, cleanup: "delete" }]);
      await admin.close();
      const sql = new pg.Client({ connectionString: settings.postgresUrl });
      await sql.connect();
      await sql.query("create schema odi");
      await sql.end();
      const mongo = new MongoClient(settings.mongodbUrl);
      await mongo.db().collection("c").insertOne({ n: 1 });
      await mongo.close();
      const warehouse = await Warehouse.open(settings.warehouseDir, 0);
      await warehouse.checkpoint();
      await publishSnapshot(settings.warehouseDir);
      warehouse.close();
      (await openForReading(settings.warehouseDir, { prefer: "snapshot" })).close();
      for (const path of [
        join(kafkaDir(settings), "data", "here-0"),
        join(postgresData(settings), "PG_VERSION"),
        join(mongodbDir(settings), "data", "WiredTiger"),
        settings.objectStore,
      ])
        expect([path, existsSync(path)]).toEqual([path, true]);
      expect(readdirSync(above)).toEqual([name]); // and nowhere else
      expect(readdirSync(join(above, name))).toEqual([".local"]);
    } finally {
      await supervisor.stopAll();
      rmSync(above, { recursive: true, force: true });
    }
  },
);
