import { describe, expect, it } from "vitest";
import type { BrokerLimits } from "../../../src/kafka/log.ts";
import { type ChosenTimeouts, chooseTimeouts } from "../../../src/processor/timeouts.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";

const STOCK: BrokerLimits = { minSessionTimeoutMs: 6_000, maxTransactionTimeoutMs: 900_000 };
const QUICK: BrokerLimits = { ...STOCK, minSessionTimeoutMs: 1_000 };

function choose(
  limits: BrokerLimits | "not told",
  asked: {
    sessionTimeoutMs?: number | undefined;
    transactionTimeoutMs?: number | undefined;
    commitIntervalMs?: number;
  } = {},
): Promise<ChosenTimeouts> {
  const admin = new ModelLog(new ModelBroker({ limits })).admin();
  const { sessionTimeoutMs, transactionTimeoutMs, commitIntervalMs = 100 } = asked;
  return chooseTimeouts({ sessionTimeoutMs, transactionTimeoutMs, commitIntervalMs }, admin);
}

describe("the timeouts of a processor", () => {
  it.each([
    ["an untouched broker", STOCK, 6_000, /the brokers allow no shorter one/u],
    ["a broker that allows a quicker takeover", QUICK, 3_000, /which the brokers allow/u],
    ["a broker that may not be asked", "not told" as const, 6_000, /may not be asked for/u],
    ["a broker with longer sessions", { ...STOCK, minSessionTimeoutMs: 10_000 }, 10_000, /no shorter one/u],
  ])("work by themselves on %s, and say so", async (_, limits, sessionTimeoutMs, note) => {
    expect(await choose(limits)).toMatchObject({ sessionTimeoutMs, transactionTimeoutMs: 10_000 });
    expect((await choose(limits)).note).toMatch(note);
  });

  it("take a shorter transaction timeout where the brokers allow no other", async () => {
    expect(await choose({ ...STOCK, maxTransactionTimeoutMs: 5_000 })).toMatchObject({ transactionTimeoutMs: 5_000 });
  });
});
