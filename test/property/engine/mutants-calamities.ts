import type { Mutant } from "./mutants.ts";

/** Defects in what is done about offsets that are gone, inputs that were made again, and partitions that were added. */
export const CALAMITY_MUTANTS: readonly Mutant[] = [
  {
    name: "offsets of idle tasks are not written again before the broker forgets them (EO-2)",
    edits: [
      {
        file: "src/processor/idle-commits.ts",
        find: "(hasMoved(task) || now - task.committedAt >= REFRESH_MS)",
        replace: "hasMoved(task)",
      },
    ],
  },
  {
    name: "an input whose offsets are gone is read from its beginning (EO-1)",
    edits: [
      {
        file: "src/processor/restore.ts",
        find: "    if (offsets.length > 0 && missing.length > 0) {",
        replace: "    if (offsets.length < 0 && missing.length > 0) {",
      },
    ],
  },
  {
    name: "a partition without offsets is new, whatever state and verdicts it has (EO-1)",
    edits: [
      {
        file: "src/processor/restore.ts",
        find: "    if (known === undefined) await verifyNew(task, options);\n    else verify(task, known);",
        replace: "    if (known !== undefined) verify(task, known);",
      },
    ],
  },
  {
    name: "a rebuild puts offsets that are gone back to the beginning of their input (EO-1)",
    edits: [
      {
        file: "src/processor/judged-ends.ts",
        find: "this.#ends.get(topic) ?? runs.findLast((run) => run.topic === topic)?.to;",
        replace: "this.#ends.get(topic);",
      },
    ],
  },
  {
    name: "a rebuild puts offsets that are gone back to the first verdicts of their input (EO-1)",
    edits: [
      {
        file: "src/processor/judged-ends.ts",
        find: "runs.findLast((run) => run.topic === topic)?.to;",
        replace: "runs.find((run) => run.topic === topic)?.to;",
      },
    ],
  },
  {
    name: "a rebuild makes the state of what is left of the inputs (EO-2)",
    edits: [
      {
        file: "src/processor/rebuild.ts",
        find: "    if (ends.isForeign || isWhole) return await",
        replace:
          "    this.#options = { ...this.#options, acceptLoss: true };\n    if (ends.isForeign || partition >= 0) return await",
      },
      {
        file: "src/processor/rebuild.ts",
        find: "  readonly #options: RebuildOptions;\n  readonly #hasher",
        replace: "  #options: RebuildOptions;\n  readonly #hasher",
      },
    ],
  },
  {
    name: "a rebuild judges input by input, and not in the order of the verdicts (EO-2)",
    edits: [
      {
        file: "src/processor/rebuild.ts",
        find: "of [...runs, ...tail]) {",
        replace: "of runs.length < 0 ? runs : tail) {",
      },
    ],
  },
  {
    name: "a rebuild that keeps the state starts stream time again (EO-2)",
    edits: [
      {
        file: "src/processor/judged-ends.ts",
        find: "    task.streamTime = this.#committed?.streamTime ?? this.#judged.streamTime ?? newestTime(task);\n",
        replace: "",
      },
    ],
  },
  {
    name: "nobody compares the topic ids of inputs (EO-1: the records of one that was made again are passed over)",
    edits: [
      {
        file: "src/processor/topic-ids.ts",
        find: "    if ((before.get(topic) ?? id) === id) continue;",
        replace: "    if ((before.get(topic) ?? id) !== undefined) continue;",
      },
    ],
  },
  {
    name: "nobody looks whether an input is made again while a processor runs (EO-1)",
    edits: [
      {
        file: "src/processor/topic-ids.ts",
        find: '    refuseOthers(this.#ids, found, "while this processor ran");\n',
        replace: "",
      },
    ],
  },
  {
    name: "partitions that were added stop the processors (EO-12)",
    edits: [
      {
        file: "src/processor/start-checks.ts",
        find: "  if (found.partitions >= topology.partitions) return;",
        replace: "  if (found.partitions === topology.partitions) return;",
      },
    ],
  },
  {
    name: "records in partitions that were added are left there (EO-1)",
    edits: [
      {
        file: "src/processor/surplus.ts",
        find: "  if (unsent.length === 0) return;",
        replace: "  if (unsent.length >= 0) return;",
      },
    ],
  },
  {
    name: "nobody looks for records in partitions that were added while a processor runs (EO-12)",
    edits: [
      { file: "src/processor/input-watch.ts", find: "    await refuseSurplus(log, topology, clock);\n", replace: "" },
    ],
  },
  {
    name: "what was sent again is sent again the next time (EO-2)",
    edits: [
      {
        file: "src/processor/surplus.ts",
        find: "await lastMark(reader, range, clock)) ?? range.offset;",
        replace: "await lastMark(reader, { ...range, offset: range.high }, clock)) ?? range.offset;",
      },
    ],
  },
  {
    name: "records and the mark that says they were sent again are in two transactions (EO-2)",
    edits: [
      {
        file: "src/processor/surplus.ts",
        find: "    writes.append(topic, partition, MARK_KEY, null, [[MARK_HEADER, Buffer.from(String(to))]]);\n    await producer.begin();\n    await producer.write(writes);\n",
        replace:
          "    await producer.begin();\n    await producer.write(writes);\n    await producer.commit();\n    await producer.begin();\n    const mark = new WriteBatch();\n    mark.append(topic, partition, MARK_KEY, null, [[MARK_HEADER, Buffer.from(String(to))]]);\n    await producer.write(mark);\n",
      },
    ],
  },
  {
    name: "records that are sent again go by the number of their partition (EO-3)",
    edits: [
      {
        file: "src/processor/surplus.ts",
        find: "key === null ? partition % partitions : partitionFor(key, partitions);",
        replace: "partition % partitions;",
      },
    ],
  },
];
