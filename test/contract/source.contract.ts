/**
 * The contract for sources: what anything that plays rows into a raw topic must show (docs/HOW-TO/add-a-source.md). How to write
 * a harness is said in source-harness.ts.
 */
import { describe, test } from "vitest";
import { sourceChecks } from "./source-checks.ts";
import type { SourceHarness } from "./source-harness.ts";

export type { RunOptions, SourceHarness, SourceRow, SourceWorld } from "./source-harness.ts";

export function sourceContract(name: string, harness: SourceHarness): void {
  describe(`Source contract: ${name}`, () => {
    // Every check asserts by throwing, so that the negative control can run it outside a test.
    test.each(sourceChecks(harness).map(({ title, run }) => [title, run] as const))("%s", async (_, run) => run());
  });
}
