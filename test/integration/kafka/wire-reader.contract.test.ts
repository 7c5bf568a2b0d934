import { readerContract } from "../../contract/log-readers.contract.ts";
import { transactionContract } from "../../contract/log-transactions.contract.ts";
import { describe } from "vitest";
import { wireReadingLog } from "../../../src/kafka/confluent/index.ts";
import { brokers, unique } from "./harness.ts";

describe("Log contract: readers of their own, on a real broker", () => {
  const factory = () =>
    Promise.resolve({
      log: wireReadingLog({ brokers: brokers(), clientId: "first" }),
      secondLog: () => wireReadingLog({ brokers: brokers(), clientId: "second" }),
      unique,
      close: () => Promise.resolve(),
    });
  transactionContract(factory);
  readerContract(factory);
});
