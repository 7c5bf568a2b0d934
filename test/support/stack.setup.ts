import type { TestProject } from "vitest/node";
import { mongodbAdminUrl } from "../../src/local/mongodb.ts";
import { startTestStack } from "./stack.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Bootstrap servers of the Kafka that all integration tests share: prefix your topics and groups. */
    brokers: string;
    /** The Postgres that all integration tests share, superuser, `wal_level=logical`: make a database or schema of your own. */
    postgresUrl: string;
    /** The MongoDB that all integration tests share, a replica set; see `test/support/mongodb.ts` for a database of your own. */
    mongodbUrl: string;
    /** Administrator of that MongoDB. */
    mongodbAdminUrl: string;
  }
}

/** Once for all files of the integration project: `inject("brokers")`, `inject("postgresUrl")`, `inject("mongodbUrl")`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = await startTestStack({ mongodb: true });
  project.provide("brokers", stack.brokers);
  project.provide("postgresUrl", stack.postgresUrl);
  project.provide("mongodbUrl", stack.mongodbUrl);
  project.provide("mongodbAdminUrl", mongodbAdminUrl(stack.settings));
  return () => stack.stop();
}
