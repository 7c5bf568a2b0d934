import { decodeVerdictBlock } from "../../../src/domain/review/verdict-block.ts";
import { IdentityHasher } from "../../../src/domain/review/identity.ts";
import { totalCount, type Verdict, zeroCounts } from "../../../src/domain/review/verdict.ts";
import type { Clock } from "../../../src/processor/clock.ts";
import {
  defineTopology,
  jsonCodec,
  runProcessor,
  type StoreSpec,
  type Topology,
} from "../../../src/processor/index.ts";
import { internalTopics } from "../../../src/processor/start-checks.ts";
import { ModelBroker, ModelKilledError, ModelLog } from "../../../src/testing/index.ts";
import type { GroupConsumer, GroupConsumerOptions } from "../../../src/kafka/log.ts";
import type { FaultRates } from "../../../src/testing/index.ts";
import { type Fact, referenceReview } from "./reference.ts";

export const PARTITIONS = 2;
/** Two sources of one sport: the second topic is assigned together with the first. */
export const INPUTS = ["in", "in2"] as const;
const GROUP = "sim";
const LIVENESS_MS = 60_000;

interface Step {
  readonly fact: Fact;
  /** Index of the input topic. */
  readonly input: number;
  readonly afterMs: number;
}

/** One simulated run: input, processes, and what goes wrong. */
export interface Scenario {
  /** Records by partition, each with the virtual ms to wait before it is appended. */
  readonly inputs: readonly (readonly Step[])[];
  readonly processes: number;
  readonly commitMaxRecords: number;
  readonly retentionMs: number | null;
  readonly latenessMs: number | null;
  readonly rates: FaultRates;
  readonly freezeRate: number;
  readonly markerDelayMs: number;
  readonly compact: boolean;
  /** The broker leaves partitions to nobody as Kafka does, when a member is replaced before it answered a revocation. */
  readonly orphansPartitions: boolean;
  /** SIGKILL between a revocation and its answer, per call. */
  readonly killInRevocation: number;
  readonly seed: number;
}

/** Sum of the latest contents of the keys of a bucket: a fold that a correction must retract from (EO-10). */
const last: StoreSpec<{ c: number }> = { name: "last", value: jsonCodec() };
const totals: StoreSpec<{ sum: number; n: number }> = { name: "totals", value: jsonCodec() };

export function simulationTopology(scenario: Pick<Scenario, "retentionMs" | "latenessMs">): Topology<Fact> {
  return defineTopology<Fact>({
    name: "sim",
    inputs: INPUTS,
    outputs: ["out", "folded"],
    partitions: PARTITIONS,
    review: {
      retention: scenario.retentionMs === null ? "unbounded" : { ms: scenario.retentionMs },
      ...(scenario.latenessMs === null ? {} : { allowedLatenessMs: scenario.latenessMs }),
    },
    stores: [last, totals],
    decode: (record) => {
      const fact: Fact = JSON.parse(record.value!.toString());
      if (fact.content === null) throw new RangeError("no content");
      return fact;
    },
    identify: (fact) => ({
      key: `k/${fact.key}`,
      content: `c/${fact.content}`,
      facets: fact.facets.map((facet) => (facet === null ? null : `f/${facet}`)),
    }),
    eventTime: (fact) => fact.time,
    version: (fact) => fact.version,
    process: (fact, record, context) => {
      const bucket = `b/${fact.key % 3}`;
      const key = `k/${fact.key}`;
      const before = context.verdict === "correction" ? context.store(last).get(key)! : undefined;
      const total = context.store(totals).get(bucket) ?? { sum: 0, n: 0 };
      // A key that was forgotten is accepted again: what it said before stays in the fold.
      context.store(totals).put(bucket, {
        sum: total.sum - (before?.c ?? 0) + fact.content!,
        n: total.n + (before === undefined ? 1 : 0),
      });
      context.store(last).put(key, { c: fact.content! });
      context.emit("out", Buffer.from(key), Buffer.from(cleanText(record.topic, record.offset, context.verdict, fact)));
    },
    beforeCommit: (context) => {
      for (const bucket of context.changed(totals)) {
        context.emit("folded", Buffer.from(bucket), Buffer.from(JSON.stringify(context.store(totals).get(bucket))));
      }
    },
  });
}

function cleanText(topic: string, offset: number, verdict: Verdict, { content, facets }: Fact): string {
  return JSON.stringify({ topic, offset, verdict, content, facets });
}

/** Runs a scenario to its end and returns what broke; an empty list is a pass. `tally` counts the faults that fired. */
export async function simulate(scenario: Scenario, tally: Map<string, number> = new Map()): Promise<string[]> {
  // Compiling takes real time, which the model's clock would take for idleness.
  await IdentityHasher.create();
  const random = randomOf(scenario.seed);
  const broker = new ModelBroker({
    markerDelayMs: () => Math.floor(random() * scenario.markerDelayMs),
    orphansPartitions: scenario.orphansPartitions,
  });
  for (const name of [...INPUTS, "out", "folded"]) broker.createTopic({ name, partitions: PARTITIONS });
  for (const spec of internalTopics(simulationTopology(scenario))) broker.createTopic(spec);
  const stop = new AbortController();
  const problems: string[] = [];
  const endFaults = broker.faults.random(random, scenario.rates);
  const storm = { over: false };
  const calm = (): void => {
    storm.over = true;
    endFaults();
  };
  const clock = clockOf(broker);
  const watch = watchStateNotAhead(broker, scenario, problems);
  const processes = Array.from({ length: scenario.processes }, (_, index) =>
    runForEver(broker, clock, index, scenario, random, storm, stop.signal, watch),
  );
  const failed = Promise.race(processes.map((process) => process.then(() => new Promise<never>(() => undefined))));
  const script = (async (): Promise<void> => {
    await feed(broker, scenario, random);
    calm();
    await settled(broker, scenario, problems);
  })();
  try {
    await Promise.race([script, failed]);
  } catch (error) {
    problems.push(`a process ended with ${String(error)}`);
  }
  calm();
  for (const [name, times] of broker.faults.fired) tally.set(name, (tally.get(name) ?? 0) + times);
  stop.abort();
  if (problems.length > 0) return problems;
  const ended = Promise.all(processes).then(() => true);
  if (!(await Promise.race([ended, broker.clock.sleep(LIVENESS_MS).then(() => false)])))
    return ["EO-12: a process does not end"];
  // EO-8: what a dead process left open is gone after the transaction timeout (10 s) + 10 s; markers arrive meanwhile.
  await broker.clock.sleep(20_000);
  const pinned = broker.unresolvedTransactions();
  if (pinned.length > 0) return [`EO-8: transactions of ${pinned.join(", ")} are still open`];
  return [...problems, ...check(broker, scenario)];
}

async function feed(broker: ModelBroker, scenario: Scenario, random: () => number): Promise<void> {
  const next = scenario.inputs.map(() => 0);
  for (;;) {
    const open = next.flatMap((at, partition) => (at < scenario.inputs[partition]!.length ? [partition] : []));
    if (open.length === 0) return;
    const partition = open[Math.floor(random() * open.length)]!;
    const { fact, input, afterMs } = scenario.inputs[partition]![next[partition]!++]!;
    broker.append(INPUTS[input]!, partition, `k/${fact.key}`, JSON.stringify(fact));
    if (afterMs > 0) await broker.clock.sleep(afterMs);
    if (scenario.compact && random() < 0.05)
      for (const topic of ["sim.dedupe", "sim.state.last", "sim.state.totals"]) broker.compact(topic);
  }
}

/** EO-12: everything is judged within 60 s of the last fault. */
async function settled(broker: ModelBroker, scenario: Scenario, problems: string[]): Promise<void> {
  const deadline = broker.clock.now() + LIVENESS_MS;
  const done = (): boolean =>
    scenario.inputs.every((records, partition) =>
      INPUTS.every(
        (topic, input) =>
          (broker.committedOffset(GROUP, { topic, partition })?.offset ?? 0) >= factsOf(records, input).length,
      ),
    );
  while (!done()) {
    if (broker.clock.now() > deadline) {
      problems.push("EO-12: no progress within 60 s of the last fault");
      return;
    }
    await broker.clock.sleep(100);
  }
}

type Watch = (partition: number, position: number) => void;

/** EO-5, at every commit of every process: what is state is committed. With late markers the offset shows only later. */
function watchStateNotAhead(broker: ModelBroker, scenario: Scenario, problems: string[]): Watch {
  return (partition, position) => {
    if (scenario.markerDelayMs > 0) return;
    const committed = broker.committedOffset(GROUP, { topic: "in", partition })?.offset ?? 0;
    if (position > committed)
      problems.push(`EO-5: state of partition ${partition} stands at ${position}, committed is ${committed}`);
  };
}

interface Storm {
  over: boolean;
}

/** A process that is started again whenever it dies. */
async function runForEver(
  broker: ModelBroker,
  clock: Clock,
  index: number,
  scenario: Scenario,
  random: () => number,
  storm: Storm,
  signal: AbortSignal,
  watch: Watch,
): Promise<void> {
  // Later members take partitions over from living ones, whose last markers may still be on their way.
  if (index > 0) await broker.clock.sleep(Math.floor(random() * 1_500));
  // One after the other, so that partitions are handed over while records come.
  await broker.clock.sleep(index * Math.floor(random() * 2_000));
  for (let life = 0; !signal.aborted; life++) {
    const log = new RevocationKilledLog(broker, `p${index}.${life}`, scenario.killInRevocation, random, storm);
    const thaw = freezeSometimes(broker, log, scenario, random, storm);
    try {
      await runProcessor({
        log,
        topology: simulationTopology(scenario),
        groupId: GROUP,
        instanceId: `p${index}`,
        stateDir: "unused",
        skipProbe: true,
        signal,
        clock,
        commitIntervalMs: 20,
        commitMaxRecords: scenario.commitMaxRecords,
        onCommitted: (partition, position) => watch(partition, position),
      });
      return;
    } catch (error) {
      if (!(error instanceof ModelKilledError) && !log.isKilled) throw error;
      await broker.clock.sleep(Math.floor(random() * (random() < 0.5 ? 100 : 5_000)));
    } finally {
      thaw();
    }
  }
}

/** A process that likes to die while it is asked to give partitions up: the moment at which Kafka may forget them. */
class RevocationKilledLog extends ModelLog {
  readonly #die: (consumer: GroupConsumer) => void;

  constructor(broker: ModelBroker, clientId: string, rate: number, random: () => number, storm: Storm) {
    super(broker, { clientId });
    this.#die = (consumer) => {
      const remove = broker.faults.before("*", ({ client }) => {
        if (storm.over || this.isKilled) remove();
        else if (client.clientId === clientId && consumer.pendingRebalance()?.kind === "revoke" && random() < rate)
          client.kill();
      });
    };
  }

  override consumer(options: GroupConsumerOptions): GroupConsumer {
    const consumer = super.consumer(options);
    this.#die(consumer);
    return consumer;
  }
}

/** SIGSTOP for longer than the session: a zombie that wakes up and does not know. */
function freezeSometimes(
  broker: ModelBroker,
  log: ModelLog,
  scenario: Scenario,
  random: () => number,
  storm: Storm,
): () => void {
  if (scenario.freezeRate === 0) return () => undefined;
  let over = false;
  const remove = broker.faults.before("*", ({ client }) => {
    if (over || storm.over || client.clientId !== log.clientId || random() >= scenario.freezeRate) return;
    client.freeze();
    broker.clock.at(broker.clock.now() + 2_000 + Math.floor(random() * 5_000), () => client.thaw());
  });
  return () => {
    over = true;
    remove();
    log.thaw();
  };
}

/** Compares everything that can be read, read_committed, with the reference (EO-1, 2, 3, 6, 7, 10). */
function check(broker: ModelBroker, scenario: Scenario): string[] {
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
    const expected = referenceReview(facts, scenario).verdicts;
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

function factsOf(records: readonly Step[], input: number): Fact[] {
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

function clockOf(broker: ModelBroker): Clock {
  return {
    now: () => broker.clock.now(),
    sleep: async (ms, signal) => {
      const until = broker.clock.now() + ms;
      await broker.clock.wait(() => signal?.aborted === true, until);
    },
  };
}

/** mulberry32: small, seeded, good enough to choose faults by. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
