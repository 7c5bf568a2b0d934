import { it } from "vitest";
import { IdentityHasher } from "../../../src/domain/review/identity.ts";
import { defineTopology, runProcessor } from "../../../src/processor/index.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";
import { remedyWorks } from "../../support/remedies/works.ts";

const topology = defineTopology<string>({
  name: "shop",
  inputs: ["raw"],
  outputs: [],
  partitions: 2,
  review: { retention: "unbounded" },
  decode: (record) => record.value!.toString(),
  identify: (value) => ({ key: value, content: value }),
  process: () => undefined,
});

/** EO-7: the simulation shows the rest. */
it("two processes of one instance id are given names of their own", async () => {
  await IdentityHasher.create();
  const broker = new ModelBroker();
  broker.createTopic({ name: "raw", partitions: 2 });
  let names = ["one", "one"];
  await remedyWorks("engine/replaced", {
    attempt: async () => {
      const stop = new AbortController();
      const running = names.map(async (instanceId, index) => {
        await broker.clock.sleep(1_000 * index);
        await runProcessor({
          log: new ModelLog(broker, { clientId: `p${index}` }),
          topology,
          groupId: "shop",
          instanceId,
          stateDir: "unused",
          skipProbe: true,
          signal: stop.signal,
          clock: broker.clock,
        });
      });
      try {
        await Promise.race([Promise.all(running), broker.clock.sleep(20_000)]);
      } finally {
        stop.abort();
        await Promise.allSettled(running);
      }
    },
    does: { "give each process an instance id of its own": () => (names = ["one", "two"]) },
  });
});
