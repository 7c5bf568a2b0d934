import { decodeVerdictBlock } from "../../../src/domain/review/verdict-block.ts";
import { type Verdict, zeroCounts } from "../../../src/domain/review/verdict.ts";
import { type Fact, referenceReview } from "./reference.ts";
import { INPUTS, type Scenario } from "./scenario-types.ts";
import { cleanText } from "./topology.ts";
import type { World } from "./world.ts";

/** Compares everything that can be read of an era, read_committed, with the reference (EO-1, 2, 3, 6, 7, 10). */
export function check(world: World): string[] {
  const { broker, scenario, feed, era } = world;
  const problems: string[] = feed.surplusProblems();
  const folded = new Map(
    broker
      .readCommitted("folded")
      .map((record) => [`${record.partition}/${record.key!.toString()}`, record.value!.toString()]),
  );
  scenario.inputs.forEach((_, partition) => {
    const judged = readVerdicts(world, partition, problems);
    // Between inputs there is no order but that in which they were judged, and the verdicts topic tells it.
    const facts = judged.map(({ fact }) => fact);
    const inputs = judged.map(({ topic, fact }) => ({ ...fact, input: INPUTS.findIndex((name) => name === topic) }));
    const { verdicts: expected, completes } = referenceReview(inputs, scenario);
    const found = judged.map(({ verdict }) => verdict);
    if (found.join() !== expected.join())
      problems.push(`EO-2: verdicts of partition ${partition} are ${found.join()}, expected ${expected.join()}`);
    if (judged.some((one, at) => one.completes !== completes[at]))
      problems.push(`EO-2: of partition ${partition} other duplicates complete than ${completes.join()}`);
    const quarantined = broker
      .readCommitted(era.topology.topics.quarantine)
      .filter((record) => record.partition === partition).length;
    const poison = expected.filter((verdict) => verdict === "poison").length;
    if (quarantined !== poison) problems.push(`EO-1: ${quarantined} records in quarantine, expected ${poison}`);
    const clean = broker
      .readCommitted("out")
      .filter((record) => record.partition === partition)
      .slice(era.cleanFrom[partition]);
    const wanted = judged.flatMap(({ topic, offset, fact }, at) => {
      const verdict = expected[at]!;
      return verdict === "accepted" || verdict === "correction" || completes[at] === true
        ? [cleanText(topic, offset, verdict, fact, scenario.deletes && fact.deleted === true)]
        : [];
    });
    const written = clean.map((record) => record.value!.toString());
    if (written.join() !== wanted.join())
      problems.push(
        `EO-2/EO-3: clean records of partition ${partition} are ${written.join()}, expected ${wanted.join()}`,
      );
    for (const [bucket, total] of foldOf(facts, expected, scenario)) {
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
  readonly completes: boolean;
}

/**
 * Every record of a partition in the order of judgement; each input must be judged from its first record to its last, and
 * each block continue where the one before ended.
 */
function readVerdicts({ broker, feed, era }: World, partition: number, problems: string[]): readonly Judged[] {
  const judged: Judged[] = [];
  const next = new Map<string, number>(INPUTS.map((topic) => [topic, era.low(topic, partition)]));
  const counted = new Map<string, number>(INPUTS.map((topic) => [topic, 0]));
  const blocks = broker.readCommitted(era.topology.topics.verdicts);
  for (const record of blocks.filter((candidate) => candidate.partition === partition)) {
    const block = decodeVerdictBlock(record.value!);
    const { topic } = block;
    const name = `the block of ${topic}/${partition} at ${block.fromOffset}`;
    if (block.continuesFrom !== next.get(topic))
      problems.push(`EO-1: ${name} continues from ${block.continuesFrom}, expected ${next.get(topic)}`);
    if (block.lost) problems.push(`EO-1: ${name} says that records are lost`);
    const records = feed
      .placed(topic, partition)
      .filter(({ offset }) => offset >= block.fromOffset && offset < block.toOffset);
    const verdicts = new Map(block.entries.map(({ offset, verdict }) => [offset, verdict]));
    const completing = new Set(block.entries.flatMap(({ offset, completes }) => (completes ? [offset] : [])));
    if (completing.size !== block.completing)
      problems.push(`EO-1: ${name} counts ${block.completing} completing, flags ${completing.size}`);
    const counts = zeroCounts();
    for (const { offset, fact } of records) {
      const verdict = verdicts.get(offset) ?? "accepted";
      counts[verdict]++;
      judged.push({ topic, offset, fact, verdict, completes: completing.has(offset) });
    }
    if (JSON.stringify(counts) !== JSON.stringify(block.counts))
      problems.push(`EO-1: ${name} counts ${JSON.stringify(block.counts)}, holds ${JSON.stringify(counts)}`);
    next.set(topic, block.toOffset);
    counted.set(topic, counted.get(topic)! + records.length);
  }
  for (const [topic, count] of counted) {
    const { length } = feed.placed(topic, partition).filter(({ offset }) => offset >= era.low(topic, partition));
    if (count !== length) problems.push(`EO-1: ${count} of ${length} records of ${topic}/${partition} are judged`);
  }
  return judged;
}

function foldOf(
  facts: readonly Fact[],
  verdicts: readonly Verdict[],
  { deletes }: Pick<Scenario, "deletes">,
): Map<string, { sum: number; n: number }> {
  const lastOf = new Map<number, number>();
  const fold = new Map<string, { sum: number; n: number }>();
  facts.forEach((fact, offset) => {
    const verdict = verdicts[offset]!;
    if (verdict !== "accepted" && verdict !== "correction") return;
    const bucket = `b/${fact.key % 3}`;
    const total = fold.get(bucket) ?? { sum: 0, n: 0 };
    // What a deletion took away is no more there for the next to take away.
    const before = verdict === "correction" ? lastOf.get(fact.key) : undefined;
    const added = deletes && fact.deleted === true ? undefined : fact.content!;
    fold.set(bucket, {
      sum: total.sum - (before ?? 0) + (added ?? 0),
      n: total.n - (before === undefined ? 0 : 1) + (added === undefined ? 0 : 1),
    });
    if (added === undefined) lastOf.delete(fact.key);
    else lastOf.set(fact.key, added);
  });
  return fold;
}
