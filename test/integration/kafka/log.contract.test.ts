import { logContract } from "../../contract/log.contract.ts";
import { openLog, unique } from "./harness.ts";

logContract("confluent, on a real broker", () =>
  Promise.resolve({
    log: openLog("first"),
    secondLog: () => openLog("second"),
    unique,
    close: () => Promise.resolve(),
  }),
);
