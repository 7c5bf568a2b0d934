import { setFlagsFromString } from "node:v8";

/**
 * How Node runs the loader, measured by `just bench-loader`. Rows on their way die young: a small nursery does as well as a large one, and takes
 * 24 MB less.
 */
export const LOADER_NODE_OPTIONS: readonly string[] = ["--max-old-space-size=192", "--max-semi-space-size=8"];

/** The threads of the native clients share two arenas of memory: by default each has one of its own and gives little back. */
export const NATIVE_MEMORY: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: "2" };

/**
 * In a heap of this size V8 marks all of it for every transaction of 10,000 rows: it may double before that. And its nursery is too small to be
 * worth the waking of four threads. Together a third of the CPU. Call it first of all; a V8 without these flags says so and goes on.
 */
export function tuneGarbageCollection(): void {
  setFlagsFromString("--heap-growing-percent=100");
  setFlagsFromString("--no-parallel-scavenge");
}
