import type { Mutant } from "./mutants.ts";

/** Defects in the segments of known events. */
export const RESTORE_MUTANTS: readonly Mutant[] = [
  {
    name: "merged segments are not tombstoned but their entries are dropped from the merge (EO-4)",
    foundBy: "restores",
    edits: [
      {
        file: "src/domain/review/known-events.ts",
        find: "if (this.table.owner(entry) === segment) owned.push(entry);",
        replace: "if (this.table.owner(entry) === segment && owned.length < 3) owned.push(entry);",
      },
    ],
  },
  {
    name: "a merge drops superseded statements that are remembered still (EO-2: stale becomes correction)",
    foundBy: "restores",
    edits: [
      {
        file: "src/domain/review/known-events.ts",
        find: "    return at < streamTime - this.#retentionMs;",
        replace: "    return at < streamTime;",
      },
    ],
  },
  {
    name: "superseded statements are never left out of a merge, and grow for ever (EO-12)",
    foundBy: "restores",
    edits: [
      {
        file: "src/domain/review/known-events.ts",
        find: "        if (this.#isForgotten(at, streamTime)) forgotten.push(statement);\n        else kept.set",
        replace: "        kept.set",
      },
    ],
  },
  {
    name: "what a merge drops stays in the digest (EO-4)",
    foundBy: "restores",
    edits: [
      {
        file: "src/domain/review/known-events.ts",
        find: "    for (const merge of merges) for (const id of merge.forgotten) touched.add(id);\n",
        replace: "",
      },
    ],
  },
];
