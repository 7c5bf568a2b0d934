import { expect, test } from "vitest";
import { RawSide } from "../../../src/audit/raw-side.ts";
import { LogSide } from "../../../src/audit/read-log.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";

test("what comes to a running system while it is audited is not looked at: it has had no time to be judged", async () => {
  const broker = new ModelBroker();
  const log = new ModelLog(broker, { clientId: "audit" });
  const admin = log.admin();
  await admin.createTopics(["raw", "verdicts"].map((name) => ({ name, partitions: 1, cleanup: "delete" })));
  await admin.close();
  const { signal } = new AbortController();
  const side = await LogSide.open(log, signal);
  const unjudged: number[] = [];
  const raw = new RawSide({
    log,
    side,
    inputs: ["raw"],
    verdicts: "verdicts",
    partitions: 1,
    signal,
    onBlock: () => undefined,
    onRecord: ({ offset }) => unjudged.push(offset),
  });
  await raw.open();
  broker.append("raw", 0, "k", "there when it was counted");
  await raw.readJudged();
  expect(await raw.countUnjudged()).toBe(1);
  broker.append("raw", 0, "k", "come since");
  await raw.readUnjudged();
  expect(unjudged).toEqual([0]);
  await side.close();
});
