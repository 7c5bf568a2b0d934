import type { Mutant } from "./mutants.ts";

/** Defects in who owns what: producers, transactions, seats in the group. */
export const OWNER_MUTANTS: readonly Mutant[] = [
  {
    name: "of two processes with one instance id, each takes the other's place again (EO-12)",
    edits: [
      {
        file: "src/processor/run.ts",
        find: "if (isTaken && ",
        replace: "if (!isTaken && ",
      },
    ],
  },
  {
    name: "a new owner ends the transactions of the former ones whether they live or not (EO-12)",
    edits: [{ file: "src/processor/takeover.ts", find: "      if (left.has(owner)) continue;\n", replace: "" }],
  },
  {
    name: "a producer that cannot begin any more is kept (EO-12)",
    edits: [
      {
        file: "src/processor/commit.ts",
        find: "      if (!(error instanceof RetryableError)) throw error;\n      return false;",
        replace: "      throw error;",
      },
    ],
  },
  {
    name: "a producer that could not be opened in another's place is used (EO-12)",
    edits: [
      {
        file: "src/processor/commit.ts",
        find: "    if (!this.#isOpen) return false;\n",
        replace: "",
      },
    ],
  },
  {
    name: "commits have no numbers: a claim that was aborted is taken for committed (EO-5)",
    edits: [
      { file: "src/processor/task.ts", find: "    this.commit = from.commit + 1;", replace: "    this.commit = 1;" },
    ],
  },
];
