import { ModelBroker, ModelLog } from "../../src/testing/index.ts";
import { logContract } from "./log.contract.ts";

for (const orphansPartitions of [false, true]) {
  logContract(orphansPartitions ? "model, with Kafka's orphaned partitions" : "model", () => {
    const broker = new ModelBroker({ orphansPartitions });
    let names = 0;
    return Promise.resolve({
      log: new ModelLog(broker, { clientId: "first" }),
      secondLog: () => new ModelLog(broker, { clientId: "second" }),
      unique: (prefix: string) => `${prefix}-${(names += 1)}`,
      close: () => Promise.resolve(),
    });
  });
}
