import type { Log } from "../kafka/log.ts";
import { CRICKET_TOPICS } from "../domain/cricket/topics.ts";
import type { Settings } from "../settings.ts";
import { messageOf, remedyOf, type SourceCheck } from "./check.ts";

const RAW_TOPICS = [CRICKET_TOPICS.odiRaw, CRICKET_TOPICS.t20iRaw, CRICKET_TOPICS.testRaw];

/** Whether the brokers answer, and whether the topics there fit the settings. `openLog` keeps the native client out until it is needed. */
export function kafkaCheck(settings: Settings, openLog: () => Promise<Log>): SourceCheck {
  const { brokers, partitions } = settings;
  return {
    source: "kafka",
    secrets: [],
    run: async (report) => {
      const log = await openLog();
      const admin = log.admin();
      try {
        const topics = await admin.describeTopics(RAW_TOPICS);
        report("reachable", "ok", brokers);
        if (topics.size === 0) report("topics", "note", "none yet; the sources make them");
        const other = [...topics.values()].find((topic) => topic.partitions < partitions);
        if (other !== undefined) {
          report(
            "topics",
            "missing",
            `${other.name} has ${other.partitions} partitions, the settings say ${partitions}`,
            `TU_PARTITIONS=${other.partitions}, or another cluster`,
          );
        } else if (topics.size > 0)
          report("topics", "ok", `${[...topics.keys()].join(", ")}: ${partitions} partitions`);
      } catch (error) {
        const remedy = remedyOf(error) ?? "third-umpire up starts the local one; or correct TU_KAFKA_BROKERS";
        report("reachable", "missing", messageOf(error), remedy);
      } finally {
        await admin.close();
      }
    },
  };
}
