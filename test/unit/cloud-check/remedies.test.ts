import { expect, test } from "vitest";
import { cloudCheck } from "../../../src/cloud-check/index.ts";
import { CRICKET_TOPICS } from "../../../src/domain/cricket/topics.ts";
import { parseSettings } from "../../../src/settings.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";
import { remedyWorks, Told } from "../../support/remedies/works.ts";

test("topics of too few partitions are taken as they are, or left on their cluster", async () => {
  const cluster = (partitions: number): ModelBroker => {
    const made = new ModelBroker();
    made.createTopic({ name: CRICKET_TOPICS.odiRaw, partitions });
    return made;
  };
  const env = { TU_PARTITIONS: "4" };
  let broker = cluster(2);
  const attempt = async (): Promise<void> => {
    const settings = parseSettings(env, "/nowhere");
    const openLog = (): Promise<ModelLog> => Promise.resolve(new ModelLog(broker, { clientId: "check" }));
    const lines = await cloudCheck({ settings, openLog, timeoutMs: 10_000, sources: ["kafka"] });
    const missing = lines.find(({ state }) => state === "missing");
    if (missing !== undefined) throw new Told(missing.remedy!);
    expect(lines.map(({ check }) => check)).toContain("topics");
  };
  await remedyWorks("cloud/partitions", { attempt, does: { "TU_PARTITIONS=2": () => (env.TU_PARTITIONS = "2") } });
  env.TU_PARTITIONS = "4";
  await remedyWorks("cloud/partitions", { attempt, does: { "another cluster": () => (broker = cluster(4)) } });
});
