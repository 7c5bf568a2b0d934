import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scenarios } from "./scenario.ts";
import { simulate } from "./simulation.ts";

const RUNS = Number(process.env["TU_PROPERTY_RUNS"] ?? 2_000);
const SEED = process.env["TU_PROPERTY_SEED"] === undefined ? undefined : Number(process.env["TU_PROPERTY_SEED"]);

describe("the engine on the model Log (EO-1 … EO-7, EO-10, EO-12)", () => {
  it(`judges every record once, whatever crashes, aborts, stays indefinite or moves: ${RUNS} scenarios`, async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, async (scenario) => {
        expect(await simulate(scenario)).toEqual([]);
      }),
      { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: SEED }) },
    );
  });
});
