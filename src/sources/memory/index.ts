/** The in-memory source: the smallest one there can be, as an example and for tests (docs/HOW-TO/add-a-source.md). */
export { runMemorySource } from "./source.ts";
export type { MemorySourceOptions } from "./source.ts";
export { MemoryStore } from "./store.ts";
export type { RowStore, StoredRow } from "./store.ts";
