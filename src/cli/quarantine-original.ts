import { FatalError } from "../domain/errors.ts";
import type { Log, RecordHeaders } from "../kafka/log.ts";
import { readTo } from "../kafka/read-to.ts";
import { sha256Of } from "../processor/quarantine.ts";
import type { QuarantinedRecord } from "./quarantine-record.ts";

/** The parts of a record that is sent again. */
export interface WholeRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
}

const KAFKA_MS = 10_000;

/**
 * A quarantined record as it came: quarantine has it, or, of a large one, the input at its position. With a value that
 * replaces its own only the key is needed besides; headers that were too many are then left out.
 *
 * Throws FatalError when the record is needed and no longer there, or another one stands in its place.
 */
export async function wholeRecord(log: Log, record: QuarantinedRecord, repaired?: Buffer): Promise<WholeRecord> {
  const { key, value, headers, cut } = record;
  if (cut === null) return { key, value: repaired ?? value, headers };
  if (repaired !== undefined && !cut.parts.includes("key")) return { key, value: repaired, headers };
  const found = await readOriginal(log, record);
  if (found === undefined)
    throw notThere(`${record.id} is no longer in its topic, and quarantine has its beginning only`);
  if (sha256Of(found.value) !== cut.sha256)
    throw notThere(`${record.id} is not the record that was quarantined: its topic was made again`);
  return { ...found, value: repaired ?? found.value };
}

function notThere(message: string): FatalError {
  return new FatalError(message, { remedy: "take the value from its source again, and send it with --value FILE" });
}

async function readOriginal(
  log: Log,
  { topic, partition, offset }: QuarantinedRecord,
): Promise<WholeRecord | undefined> {
  const reader = log.reader({ isolation: "read_committed" });
  let found: WholeRecord | undefined;
  try {
    await reader.open();
    const { low, high } = await reader.watermarks({ topic, partition }, KAFKA_MS);
    if (offset < low || offset >= high) return undefined;
    await readTo(
      reader,
      [{ topic, partition, offset, high: offset + 1 }],
      (batch) => {
        for (let index = 0; index < batch.length; index++) {
          if (batch.offset(index) !== offset) continue;
          found = { key: batch.key(index), value: batch.value(index), headers: batch.headers(index) ?? [] };
        }
      },
      { now: () => performance.now(), stallMs: KAFKA_MS, maxRecords: 1 },
    );
  } finally {
    await reader.close();
  }
  return found;
}
