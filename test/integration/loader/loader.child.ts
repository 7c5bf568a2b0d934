import { wireReadingLog } from "../../../src/kafka/confluent/index.ts";
import { runLoader } from "../../../src/loader/index.ts";
import { topicsNamed } from "../../support/clean-records.ts";

/** A loader process that a test may kill. Arguments: brokers, topic prefix, warehouse directory. */
const [brokers = "", prefix = "", warehouseDir = ""] = process.argv.slice(2);
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());

try {
  await runLoader({
    log: wireReadingLog({ brokers, clientId: prefix }),
    warehouseDir,
    topics: topicsNamed(prefix),
    groupId: `${prefix}-group`,
    signal: stop.signal,
    // Small and often, so that a kill meets every step: a transaction, a checkpoint, a copy.
    batchMaxRecords: 60,
    publishIntervalMs: 150,
    onStatus: (status) => process.send?.(status),
  });
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
