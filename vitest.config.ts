import { availableParallelism } from "node:os";
import { defineConfig, type TestProjectInlineConfiguration, type ViteUserConfig } from "vitest/config";

type Limits = Partial<{
  testTimeout: number;
  hookTimeout: number;
  retry: number;
  globalSetup: string[];
  maxWorkers: number;
  exclude: string[];
}>;

/** Real servers on a busy machine: a second try tells an unlucky instant from a defect, and the report names whoever needed it. */
const SECOND_TRY = 1;

/** Files side by side. Vitest leaves one core to itself, which is one file at a time on two; and these files wait more than they compute. */
const SIDE_BY_SIDE = Math.max(2, availableParallelism() - 1);

/** Files that measure a time or memory, of a kill, a close, a ball on the live page: another file beside them would be measured too. */
const TIMED = [
  "test/integration/dashboard/live.test.ts",
  "test/integration/kafka/broker-gone.test.ts",
  "test/integration/kafka/closing.test.ts",
  "test/integration/kafka/probe.test.ts",
  "test/integration/kafka/processes.test.ts",
  "test/integration/kafka/wire-reader.test.ts",
  "test/integration/local/stack.test.ts",
  "test/integration/processor/orphans.test.ts",
  "test/integration/sources/postgres-outage.test.ts",
  "test/integration/sources/postgres-stream.test.ts",
];

/** Native Kafka client: one process a test file (`forks`), never worker threads. */
const project = (name: string, include: string[], limits: Limits = {}): TestProjectInlineConfiguration => ({
  test: { name, include, pool: "forks", setupFiles: ["test/support/seed.setup.ts"], hookTimeout: 60_000, ...limits },
});

const integration: Limits = {
  testTimeout: 120_000,
  hookTimeout: 120_000,
  retry: SECOND_TRY,
  globalSetup: ["test/support/build.setup.ts", "test/support/stack.setup.ts"],
};

const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      // Gates and supervisors start real programs: slow on a busy machine, never long.
      project("unit", ["test/unit/**/*.test.ts"], { testTimeout: 60_000, maxWorkers: SIDE_BY_SIDE }),
      project("property", ["test/property/**/*.test.ts"], { testTimeout: 300_000, maxWorkers: SIDE_BY_SIDE }),
      project("contract", ["test/contract/**/*.test.ts"], { testTimeout: 60_000 }),
      // Every file has topics, databases and ids of its own on servers that all share, or servers of its own where it stops them.
      project("integration", ["test/integration/**/*.test.ts"], {
        ...integration,
        exclude: TIMED,
        maxWorkers: SIDE_BY_SIDE,
      }),
      project("timed", TIMED, { ...integration, maxWorkers: 1 }),
      // Real Chromium looks at the real page.
      project("browser", ["test/browser/**/*.test.ts"], {
        testTimeout: 60_000,
        hookTimeout: 120_000,
        globalSetup: ["test/browser/chromium.setup.ts"],
      }),
      project("live", ["test/browser/live.proof.ts"], {
        testTimeout: 900_000,
        hookTimeout: 300_000,
        globalSetup: ["test/browser/chromium.setup.ts"],
      }),
      project("pictures", ["test/browser/pictures.ts"], {
        testTimeout: 120_000,
        hookTimeout: 120_000,
        globalSetup: ["test/browser/chromium.setup.ts"],
      }),
      project("crash", ["test/crash/**/*.test.ts"], { testTimeout: 1_200_000, hookTimeout: 300_000 }),
      // Long proofs, one recipe each.
      project("sources", ["test/proof/sources.test.ts"], { testTimeout: 2_400_000, hookTimeout: 300_000 }),
      project("progress", ["test/proof/progress.test.ts"], { testTimeout: 2_400_000, hookTimeout: 300_000 }),
      project("scale", ["test/proof/scale.test.ts"], { testTimeout: 5_400_000, hookTimeout: 300_000 }),
      project("superset", ["test/proof/superset.test.ts"], {
        testTimeout: 900_000,
        hookTimeout: 900_000,
        globalSetup: ["test/browser/chromium.setup.ts"],
      }),
      project("superset-remedies", ["test/proof/superset-remedies.test.ts"], {
        testTimeout: 1_800_000,
        hookTimeout: 300_000,
      }),
      project("e2e", ["test/e2e/**/*.test.ts"], { testTimeout: 600_000, hookTimeout: 300_000, retry: SECOND_TRY }),
    ],
  },
});

export default config;
