import { defineConfig, type TestProjectInlineConfiguration, type ViteUserConfig } from "vitest/config";

type Limits = Partial<{ testTimeout: number; hookTimeout: number; retry: number; globalSetup: string[] }>;

/** Real servers on a busy machine: a second try tells an unlucky instant from a defect, and the report names whoever needed it. */
const SECOND_TRY = 1;

/** Native Kafka client: one process a test file (`forks`), never worker threads. */
const project = (name: string, include: string[], limits: Limits = {}): TestProjectInlineConfiguration => ({
  test: { name, include, pool: "forks", setupFiles: ["test/support/seed.setup.ts"], ...limits },
});

const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      // Gates and supervisors start real programs: slow on a busy machine, never long.
      project("unit", ["test/unit/**/*.test.ts"], { testTimeout: 30_000, hookTimeout: 30_000 }),
      project("property", ["test/property/**/*.test.ts"], { testTimeout: 300_000 }),
      project("contract", ["test/contract/**/*.test.ts"], { testTimeout: 60_000 }),
      project("integration", ["test/integration/**/*.test.ts"], {
        testTimeout: 120_000,
        hookTimeout: 120_000,
        retry: SECOND_TRY,
        globalSetup: ["test/support/stack.setup.ts"],
      }),
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
      project("e2e", ["test/e2e/**/*.test.ts"], { testTimeout: 600_000, hookTimeout: 300_000, retry: SECOND_TRY }),
    ],
  },
});

export default config;
