import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scenarios } from "./scenario.ts";
import { simulate } from "./simulation.ts";

const RUNS = Number(process.env["TEST_RUNS"] ?? 2_000);
/** A tenth of it on a machine with nothing else to do. */
const TIME_LIMIT_MS = 300 * Math.max(RUNS, 1_000);
const SEED = Number(fc.readConfigureGlobal()?.seed);

describe("the engine on the model Log (EO-1 … EO-8, EO-10, EO-12)", () => {
  it(
    `judges every record once, whatever crashes, aborts, stays indefinite or moves: ${RUNS} scenarios, seed ${SEED}`,
    { timeout: TIME_LIMIT_MS },
    async () => {
      const fired = new Map<string, number>();
      await fc.assert(
        fc.asyncProperty(scenarios, async (scenario) => {
          expect(await simulate(scenario, fired)).toEqual([]);
        }),
        { numRuns: RUNS, seed: SEED },
      );
      console.log(`faults that fired: ${[...fired].map(([name, times]) => `${name} ${times}`).join(", ")}`);
      // A fault that never fires proves nothing.
      expect([...fired.keys()].toSorted()).toEqual(
        expect.arrayContaining(["AbortRequiredError", "FencedError", "RetryableError", "kill"]),
      );
      expect([...fired.keys()]).toEqual(expect.arrayContaining(["rebuild", "rename", "resend"]));
      expect([...fired.keys()].filter((name) => /indefinite/i.test(name)).length).toBeGreaterThan(0);
    },
  );
});
