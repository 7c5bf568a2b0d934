import { beforeEach, describe, expect, it } from "vitest";
import { wholeRecord } from "../../../src/cli/quarantine-original.ts";
import { type QuarantinedRecord, readQuarantined } from "../../../src/cli/quarantine-record.ts";
import { readTopic } from "../../../src/cli/read-topic.ts";
import { IdentityHasher } from "../../../src/domain/review/identity.ts";
import { defineTopology, runProcessor } from "../../../src/processor/index.ts";
import { keptOf, QUARANTINE_BYTES_MAX, QUARANTINE_KEPT_BYTES } from "../../../src/processor/quarantine.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";
import { remedyWorks } from "../../support/remedies/works.ts";

const LARGE = Buffer.alloc(3 * QUARANTINE_BYTES_MAX, "poison ");
const SMALL = Buffer.from("small poison");

const topology = defineTopology<null>({
  name: "strict",
  inputs: ["raw"],
  outputs: [],
  partitions: 1,
  review: { retention: "unbounded" },
  decode: () => {
    throw new RangeError("unreadable");
  },
  identify: () => ({ key: "", content: "" }),
  process: () => undefined,
});

describe("what quarantine keeps of a poison record", () => {
  let broker: ModelBroker;
  let log: ModelLog;
  beforeEach(async () => {
    await IdentityHasher.create();
    broker = new ModelBroker();
    broker.createTopic({ name: "raw", partitions: 1 });
    log = new ModelLog(broker, { clientId: "cli" });
  });

  async function quarantined(...values: Buffer[]): Promise<QuarantinedRecord[]> {
    for (const value of values) broker.append("raw", 0, "key", value);
    const stop = new AbortController();
    await runProcessor({
      log: new ModelLog(broker, { clientId: "p" }),
      topology,
      groupId: "strict",
      instanceId: "p",
      stateDir: "unused",
      skipProbe: true,
      signal: stop.signal,
      commitIntervalMs: 5,
      onCommitted: (_partition, position) => {
        if (position >= values.length) stop.abort();
      },
    });
    const records: QuarantinedRecord[] = [];
    await readTopic(log, "strict.quarantine", (batch) => {
      for (let index = 0; index < batch.length; index++) records.push(readQuarantined(batch, index)!);
    });
    return records;
  }

  it("is the whole of a small one, and of a large one its beginning, size and hash", async () => {
    const [small, large] = await quarantined(SMALL, LARGE);
    expect(small).toMatchObject({ value: SMALL, cut: null });
    expect(large!.value).toEqual(LARGE.subarray(0, QUARANTINE_KEPT_BYTES));
    expect(large!.cut).toEqual({ parts: ["value"], size: LARGE.length, sha256: keptOf(null, LARGE).sha256 });
    expect(large!.reason).toBe("unreadable");
  });

  it("lets retry read the large one in the input again", async () => {
    const [small, large] = await quarantined(SMALL, LARGE);
    expect((await wholeRecord(log, small!)).value).toEqual(SMALL);
    const whole = await wholeRecord(log, large!);
    expect(whole.key).toEqual(Buffer.from("key"));
    expect(whole.value!.equals(LARGE)).toBe(true);
    expect((await wholeRecord(log, large!, SMALL)).value).toEqual(SMALL);
  });

  it("retry of a large record that its topic no longer has", async () => {
    const [large] = await quarantined(LARGE);
    broker.truncate("raw", 0, 1);
    let repaired: Buffer | undefined;
    const sent = await remedyWorks("quarantine/original-gone", {
      attempt: () => wholeRecord(log, large!, repaired),
      does: { "send it with --value FILE": () => (repaired = SMALL) },
    });
    expect(sent).toMatchObject({ key: Buffer.from("key"), value: SMALL });
  });

  it("refuses another record at the same place", async () => {
    const [large] = await quarantined(LARGE);
    const other = { ...large!, cut: { ...large!.cut!, sha256: "0".repeat(64) } };
    await expect(wholeRecord(log, other)).rejects.toThrow("is not the record that was quarantined");
  });
});
