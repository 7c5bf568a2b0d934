import { CALAMITY_MUTANTS } from "./mutants-calamities.ts";
import { OWNER_MUTANTS } from "./mutants-owners.ts";
import { RESTORE_MUTANTS } from "./mutants-restores.ts";

/** The text `find` of a file, which must occur there exactly once, becomes `replace`. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A defect to plant in a copy of the engine. */
export interface Mutant {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** What must find it; default: the simulation. */
  readonly foundBy?: "simulation" | "restores";
}

/**
 * Negative controls of the simulation: engines that are wrong in ways that real ones have been (the traps are those of
 * docs/INVARIANTS.md). A simulation that does not catch one of them proves nothing about the engine.
 */
export const MUTANTS: readonly Mutant[] = [
  ...OWNER_MUTANTS,
  ...CALAMITY_MUTANTS,
  ...RESTORE_MUTANTS,
  {
    name: "state is applied before the commit (EO-5)",
    edits: [
      {
        file: "src/processor/processor.ts",
        find: '    const outcome = await this.#committer.commit(plan, this.#consumer);\n    if (outcome === "committed") {\n      applyPlan(plan);',
        replace:
          '    applyPlan(plan);\n    const outcome = await this.#committer.commit(plan, this.#consumer);\n    if (outcome === "committed") {',
      },
    ],
  },
  {
    name: "restore stops at the last stable offset of its own reading (EO-4)",
    edits: [
      {
        file: "src/processor/restore.ts",
        find: "  return { ...source, offset: low, high };",
        replace: "  return { ...source, offset: low, high: Math.max(low, high - 2) };",
      },
    ],
  },
  {
    name: "restore stops where a read_committed reader stops, and no digest is compared (EO-4)",
    edits: [
      {
        file: "src/kafka/read-to.ts",
        find: "    for (const batch of await reader.fetch(maxRecords, fetchMs)) visit(batch, byName.get(nameOf(batch))!);",
        replace:
          "    const found = await reader.fetch(maxRecords, fetchMs);\n    if (found.length === 0) return;\n    for (const batch of found) visit(batch, byName.get(nameOf(batch))!);",
      },
      {
        file: "src/processor/restore.ts",
        find: "  if (!task.isDigest(metadata.digest)) {",
        replace: '  if (metadata.digest === "") {',
      },
    ],
  },
  {
    name: "an aborted transaction does not rewind the consumer (EO-1)",
    edits: [
      {
        file: "src/processor/processor.ts",
        find: "      await this.#assignment.seekToPositions(task);\n      // A task whose claim",
        replace: "      // A task whose claim",
      },
    ],
  },
  {
    name: "what was built on an aborted transaction is kept (EO-2)",
    edits: [
      {
        file: "src/processor/processor.ts",
        find: "  async #rewindAll(): Promise<void> {\n    this.#fill = new Fill(undefined);",
        replace: "  async #rewindAll(): Promise<void> {",
      },
    ],
  },
  {
    name: "an indefinite commit is taken for a failed one (EO-2)",
    edits: [
      {
        file: "src/processor/commit.ts",
        find: '    if (happened.every(Boolean)) return "committed";',
        replace: '    if (happened.every(Boolean)) return "aborted";',
      },
    ],
  },
  {
    name: "an indefinite commit is taken for a successful one (EO-5)",
    edits: [
      {
        file: "src/processor/commit.ts",
        find: '    if (!happened.some(Boolean)) return "aborted";',
        replace: '    if (!happened.some(Boolean)) return "committed";',
      },
    ],
  },
  {
    name: "offsets are not in the transaction (EO-1)",
    edits: [
      {
        file: "src/processor/commit.ts",
        find: "      await this.#producer.sendOffsets(plan.offsets, consumer);",
        replace: "      if (plan.offsets.length > 2) await this.#producer.sendOffsets(plan.offsets, consumer);",
      },
    ],
  },
  {
    name: "a position is the last record + 1, and the marker behind it is taken for a lost record (EO-12)",
    edits: [
      {
        file: "src/processor/processor.ts",
        find: "      this.#positionsOf(task).forEach((position, index) => frame.pass(index, position));\n",
        replace: "      void [task, frame];\n",
      },
    ],
  },
  {
    name: "an idle partition's position stays before a marker that came late (EO-12)",
    edits: [
      {
        file: "src/processor/idle-commits.ts",
        find: "task.running && (hasMoved(task) ||",
        replace: "task.running && (",
      },
    ],
  },
  {
    name: "a position moves over markers and no verdict block says so (EO-1)",
    edits: [
      {
        file: "src/processor/task.ts",
        find: "    last.passTo(position);\n",
        replace: "    if (last.fromOffset === position) this.blocks.pop();\n    else last.passTo(position);\n",
      },
    ],
  },
  {
    name: "the next fill does not see the transaction that commits (EO-2)",
    edits: [
      {
        file: "src/processor/fill.ts",
        find: "      frame = new Frame(task, this.#parent?.frames.get(task));",
        replace: "      frame = new Frame(task, undefined);",
      },
    ],
  },
  {
    name: "partitions are processed before they are restored (EO-2)",
    edits: [
      {
        file: "src/processor/processor.ts",
        find: "if (task !== undefined && task.running && input !== undefined) {",
        replace: "if (task !== undefined && input !== undefined) {",
      },
      {
        file: "src/processor/assignment.ts",
        find: "    consumer.pause([...inputs, ...surplus]);\n",
        replace: "    consumer.pause(surplus);\n",
      },
    ],
  },
  {
    name: "known events are not written to the dedupe topic (EO-4)",
    edits: [
      {
        file: "src/processor/commit.ts",
        find: "      for (const { key, value } of segments.messages) {",
        replace: "      for (const { key, value } of segments.messages.slice(0, segments.merges.length)) {",
      },
    ],
  },
  {
    name: "superseded contents are forgotten (EO-2: stale becomes correction)",
    edits: [
      {
        file: "src/processor/reviewer.ts",
        find: "      overlay.superseded.add(statementText(this.#old, table!.statement(this.#entry)), Math.max(time, frame.streamTime));",
        replace: "",
      },
    ],
  },
  {
    name: "a key is forgotten with the older event time that a correction brought (EO-2: a replaced value comes back)",
    edits: [
      {
        file: "src/processor/reviewer.ts",
        find: "      rememberedFrom = Math.max(time, table!.time(this.#entry));",
        replace: "",
      },
    ],
  },
  {
    name: "a repetition with a newer event time does not prolong the memory (EO-2)",
    edits: [
      {
        file: "src/processor/reviewer.ts",
        find: "    return this.#retentionMs !== Infinity && time > table.time(this.#entry);",
        replace: "    return time === Infinity && time > table.time(this.#entry);",
      },
    ],
  },
  {
    name: "what a format cannot carry makes a correction (EO-2)",
    edits: [
      {
        file: "src/domain/review/facets.ts",
        find: "    if (a[at] !== b[at] && a[at] !== 0 && b[at] !== 0) return false;",
        replace: "    if (a[at] !== b[at]) return false;",
      },
    ],
  },
  {
    name: "what only a repetition knows is not taken over (EO-2)",
    edits: [
      {
        file: "src/processor/reviewer.ts",
        find: '      if (verdict === "duplicate") this.#learn(frame, table!, time, version, inputIndex);\n      else if',
        replace: "      if",
      },
    ],
  },
  {
    name: "facets are not restored (EO-4)",
    edits: [
      {
        file: "src/domain/review/segment.ts",
        find: "  for (let index = 0; index < entries.length; index++) put(table.statement(entries[index]!));",
        replace:
          "  for (let index = 0; index < entries.length; index++) put(table.statement(entries[index]!).map(() => 0));",
      },
    ],
  },
  {
    name: "a superseded content is not known again in another format (EO-2: stale becomes correction)",
    edits: [
      {
        file: "src/domain/review/superseded.ts",
        find: "      if (facetsAgree(own, words)) yield [candidate, own[0]!];",
        replace: "      if (candidate === statement) yield [candidate, own[0]!];",
      },
    ],
  },
  {
    name: "an input cannot take its own word back (EO-2)",
    edits: [
      {
        file: "src/processor/reviewer.ts",
        find: "    return !isOwnWord || (saidBy & (1 << inputIndex)) !== 0;",
        replace: "    return saidBy !== 0 || isOwnWord;",
      },
    ],
  },
  {
    name: "who has said a statement is forgotten with a repetition (EO-2)",
    edits: [
      {
        file: "src/processor/reviewer.ts",
        find: "    merged[0] = (known[0] ?? 0) | record[0]!;",
        replace: "    merged[0] = known[0] ?? 0;",
      },
    ],
  },
  {
    name: "the further input is read from its beginning again after a restart (EO-2)",
    edits: [
      {
        file: "src/processor/commit.ts",
        find: "        offsets.push({ topic, partition: task.partition, offset: frame.positions[index]!, metadata: ofTopic });",
        replace:
          "        if (index === 0) offsets.push({ topic, partition: task.partition, offset: frame.positions[index]!, metadata: ofTopic });",
      },
    ],
  },
  {
    name: "stream time starts again after a restart (EO-2: late becomes accepted)",
    edits: [
      {
        file: "src/processor/restore.ts",
        find: "  task.streamTime = metadata.streamTime ?? NO_STREAM_TIME;",
        replace: "  task.streamTime = NO_STREAM_TIME;",
      },
    ],
  },
  {
    name: "records of a poisoned kind are passed over without a verdict (EO-1)",
    edits: [
      {
        file: "src/processor/reviewer.ts",
        find: "      this.#quarantine(fill, frame, reason);",
        replace: "",
      },
    ],
  },
  {
    name: "a correction does not retract (EO-10)",
    edits: [
      {
        file: "src/processor/reviewer.ts",
        find: "    context.verdict = judged.verdict;",
        replace: '    context.verdict = "accepted";',
      },
    ],
  },
  {
    name: "a repetition by another input raises the version that a deletion must have (EO-2)",
    edits: [
      {
        file: "src/processor/reviewer.ts",
        find: "const compares = version !== null && this.#comparesVersions(inputIndex);",
        replace: "const compares = version !== null;",
      },
    ],
  },
  {
    name: "an edition does not beat what its input has replaced before it counted editions (EO-2)",
    edits: [
      {
        file: "src/processor/reviewer.ts",
        find: "this.#topology.deleted === undefined ? null : -Infinity",
        replace: "this.#topology.deleted === undefined ? null : null",
      },
    ],
  },
  {
    name: "what a deletion carries beside its key is part of what it states (EO-2)",
    edits: [
      {
        file: "src/processor/reviewer.ts",
        find: "deleted ? TOMBSTONE : content",
        replace: "content",
      },
    ],
  },
  {
    name: "a deletion of an unknown key is not remembered, and a late insert rises from the dead (EO-2)",
    edits: [
      {
        file: "src/processor/reviewer.ts",
        find: "    const overlay = frame.events;\n    let supersedes: string | null = null;",
        replace:
          "    const overlay = frame.events;\n    let supersedes: string | null = null;\n    if (!correction && this.#topology.deleted?.(this.#topology.decode(this.#record), this.#record) === true) return null;",
      },
    ],
  },
  {
    name: "a duplicate that knows more is emitted each time it comes (EO-2)",
    edits: [
      {
        file: "src/processor/reviewer.ts",
        find: "      merged[at] = before === 0 ? record[at]! : before;",
        replace: "      merged[at] = before;",
      },
    ],
  },
  {
    name: "nobody looks after partitions without an owner (EO-12)",
    edits: [{ file: "src/processor/processor.ts", find: "    this.#orphans.look();\n", replace: "" }],
  },
  {
    name: "the broker does not check the group's generation, as clients without KIP-447 leave it (EO-7)",
    edits: [{ file: "src/testing/model-group.ts", find: "    this.#checkMember(from);\n", replace: "" }],
  },
];
