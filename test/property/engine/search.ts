/**
 * Looks for a scenario that the engine beside this file fails: `tsx search.ts RUNS SEED`. Exit 0: none found;
 * exit 3: found, printed as JSON. A simulation that never ends counts as found (the caller's time limit).
 */
import fc from "fast-check";
import { scenarios } from "./scenario.ts";
import { simulate } from "./simulation.ts";

const [runs, seed] = process.argv.slice(2).map(Number);
if (runs === undefined || seed === undefined) throw new RangeError("usage: search.ts RUNS SEED");

// An unhandled rejection is a finding too: the engine lost track of an error.
process.on("unhandledRejection", (error) => {
  console.log(JSON.stringify({ problems: [`unhandled: ${String(error)}`] }));
  process.exit(3);
});

const result = await fc.check(
  fc.asyncProperty(scenarios, async (scenario) => {
    const problems = await simulate(scenario);
    if (problems.length > 0) throw new Error(problems.join("; "));
  }),
  { numRuns: runs, seed, endOnFailure: true },
);
if (result.failed) {
  console.log(JSON.stringify({ runs: result.numRuns, seed: result.seed, problems: [String(result.errorInstance)] }));
  process.exit(3);
}
process.exit(0);
