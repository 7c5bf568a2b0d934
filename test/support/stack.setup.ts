import type { TestProject } from "vitest/node";
import { startTestStack } from "./stack.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Bootstrap servers of the Kafka that all integration tests share: prefix your topics and groups. */
    brokers: string;
    /** The Postgres that all integration tests share, superuser, `wal_level=logical`: make a database or schema of your own. */
    postgresUrl: string;
  }
}

/** Once for all files of the integration project: `inject("brokers")`, `inject("postgresUrl")`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = await startTestStack();
  project.provide("brokers", stack.brokers);
  project.provide("postgresUrl", stack.postgresUrl);
  return () => stack.stop();
}
