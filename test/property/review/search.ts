/**
 * Looks for commits after which the known events beside this file are not what a restore brings back: `tsx search.ts RUNS SEED`.
 * Exit 0: none found; exit 3: found, printed as JSON.
 */
import fc from "fast-check";
import { restoresAtEveryCommit, SMALL_SEGMENT_BYTES } from "./restores.ts";

const [runs, seed] = process.argv.slice(2).map(Number);
if (runs === undefined || seed === undefined) throw new RangeError("usage: search.ts RUNS SEED");

const result = fc.check(restoresAtEveryCommit(50, SMALL_SEGMENT_BYTES), { numRuns: runs, seed, endOnFailure: true });
if (result instanceof Promise) throw new TypeError("the property is synchronous");
if (result.failed) {
  console.log(JSON.stringify({ runs: result.numRuns, seed: result.seed, problems: [String(result.errorInstance)] }));
  process.exit(3);
}
