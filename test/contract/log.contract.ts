import { describe } from "vitest";
import { groupContract } from "./log-groups.contract.ts";
import type { LogUnderTest } from "./log-harness.ts";
import { readerContract } from "./log-readers.contract.ts";
import { transactionContract } from "./log-transactions.contract.ts";

export type { LogUnderTest } from "./log-harness.ts";

/** What every adapter of the Log port must show, on a broker of its own or a shared one. */
export function logContract(name: string, factory: () => Promise<LogUnderTest>): void {
  describe(`Log contract: ${name}`, () => {
    transactionContract(factory);
    readerContract(factory);
    groupContract(factory);
  });
}
