import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { confluentLog } from "../../../src/kafka/confluent/index.ts";
import type { Log } from "../../../src/kafka/log.ts";

/** The shared broker of the integration project; TEST_BROKERS names one that is running already. */
export function brokers(): string {
  return process.env["TEST_BROKERS"] ?? inject("brokers");
}

export function openLog(clientId = "kafka-test"): Log {
  return confluentLog({ brokers: brokers(), clientId });
}

/** A name for topics, groups and ids that no other test has used. */
export function unique(prefix: string): string {
  return `kafka.${prefix}.${randomBytes(5).toString("hex")}`;
}
