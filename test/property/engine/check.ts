import { decodeVerdictBlock } from "../../../src/domain/review/verdict-block.ts";
import { totalCount, type Verdict, zeroCounts } from "../../../src/domain/review/verdict.ts";
import type { ModelBroker } from "../../../src/testing/index.ts";
import { type Fact, referenceReview } from "./reference.ts";
import { INPUTS, type Scenario, type Step } from "./scenario-types.ts";
import { cleanText } from "./topology.ts";

/** Compares everything that can be read, read_committed, with the reference (EO-1, 2, 3, 6, 7, 10). */
export function check(broker: ModelBroker, scenario: Scenario): string[] {
  const problems: string[] = [];
  const folded = new Map(
    broker
      .readCommitted("folded")
      .map((record) => [`${record.partition}/${record.key!.toString()}`, record.value!.toString()]),
  );
  scenario.inputs.forEach((records, partition) => {
    const judged = readVerdicts(broker, partition, records, problems);
    // Between inputs there is no order but that in which they were judged, and the verdicts topic tells it.
    const facts = judged.map(({ fact }) => fact);
    const inputs = judged.map(({ topic, fact }) => ({ ...fact, input: INPUTS.findIndex((name) => name === topic) }));
    const expected = referenceReview(inputs, scenario).verdicts;
    const found = judged.map(({ verdict }) => verdict);
    if (found.join() !== expected.join())
      problems.push(`EO-2: verdicts of partition ${partition} are ${found.join()}, expected ${expected.join()}`);
    const quarantined = broker
      .readCommitted("sim.quarantine")
      .filter((record) => record.partition === partition).length;
    const poison = expected.filter((verdict) => verdict === "poison").length;
    if (quarantined !== poison) problems.push(`EO-1: ${quarantined} records in quarantine, expected ${poison}`);
    const clean = broker.readCommitted("out").filter((record) => record.partition === partition);
    const wanted = judged.flatMap(({ topic, offset, fact }, at) => {
      const verdict = expected[at]!;
      return verdict === "accepted" || verdict === "correction" ? [cleanText(topic, offset, verdict, fact)] : [];
    });
    const written = clean.map((record) => record.value!.toString());
    if (written.join() !== wanted.join())
      problems.push(
        `EO-2/EO-3: clean records of partition ${partition} are ${written.join()}, expected ${wanted.join()}`,
      );
    for (const [bucket, total] of foldOf(facts, expected)) {
      const have = folded.get(`${partition}/${bucket}`);
      if (have !== JSON.stringify(total))
        problems.push(`EO-10: fold ${bucket} of partition ${partition} is ${have}, expected ${JSON.stringify(total)}`);
    }
  });
  return problems;
}

interface Judged {
  readonly topic: string;
  readonly offset: number;
  readonly fact: Fact;
  readonly verdict: Verdict;
}

/** Facts of one input, in its order. */
export function factsOf(records: readonly Step[], input: number): Fact[] {
  return records.filter((step) => step.input === input).map(({ fact }) => fact);
}

/** Every record of a partition in the order of judgement; each input must be judged from its first record to its last. */
function readVerdicts(
  broker: ModelBroker,
  partition: number,
  records: readonly Step[],
  problems: string[],
): readonly Judged[] {
  const judged: Judged[] = [];
  const next = INPUTS.map(() => 0);
  const facts = INPUTS.map((_, input) => factsOf(records, input));
  for (const record of broker.readCommitted("sim.verdicts").filter((candidate) => candidate.partition === partition)) {
    const block = decodeVerdictBlock(record.value!);
    const input = INPUTS.findIndex((name) => name === block.topic);
    if (block.fromOffset !== next[input])
      problems.push(
        `EO-1: a block of ${block.topic}/${partition} begins at ${block.fromOffset}, expected ${next[input]}`,
      );
    if (totalCount(block.counts) !== block.toOffset - block.fromOffset)
      problems.push(`EO-1: block ${block.fromOffset} counts ${totalCount(block.counts)} records`);
    const verdicts = new Map(block.entries.map(({ offset, verdict }) => [offset, verdict]));
    const counts = zeroCounts();
    for (let offset = block.fromOffset; offset < block.toOffset; offset++) {
      const fact = facts[input]![offset];
      const verdict = verdicts.get(offset) ?? "accepted";
      counts[verdict]++;
      if (fact === undefined) problems.push(`EO-1: ${block.topic}/${partition} has no record ${offset}`);
      else judged.push({ topic: block.topic, offset, fact, verdict });
    }
    if (JSON.stringify(counts) !== JSON.stringify(block.counts))
      problems.push(
        `EO-1: block ${block.fromOffset} counts ${JSON.stringify(block.counts)}, holds ${JSON.stringify(counts)}`,
      );
    next[input] = block.toOffset;
  }
  facts.forEach((all, input) => {
    if (next[input] !== all.length)
      problems.push(`EO-1: ${INPUTS[input]}/${partition} is judged up to ${next[input]} of ${all.length}`);
  });
  return judged;
}

function foldOf(facts: readonly Fact[], verdicts: readonly Verdict[]): Map<string, { sum: number; n: number }> {
  const lastOf = new Map<number, number>();
  const fold = new Map<string, { sum: number; n: number }>();
  facts.forEach((fact, offset) => {
    const verdict = verdicts[offset]!;
    if (verdict !== "accepted" && verdict !== "correction") return;
    const bucket = `b/${fact.key % 3}`;
    const total = fold.get(bucket) ?? { sum: 0, n: 0 };
    const before = verdict === "correction" ? lastOf.get(fact.key)! : undefined;
    fold.set(bucket, { sum: total.sum - (before ?? 0) + fact.content!, n: total.n + (before === undefined ? 1 : 0) });
    lastOf.set(fact.key, fact.content!);
  });
  return fold;
}
