import { ReplacedError, RetryableError } from "../../../src/domain/errors.ts";
import { IdentityHasher } from "../../../src/domain/review/identity.ts";
import { type GroupConsumer, type GroupConsumerOptions, IndefiniteCommitError } from "../../../src/kafka/log.ts";
import type { Clock } from "../../../src/processor/clock.ts";
import { runProcessor } from "../../../src/processor/index.ts";
import { decodeOffsetMetadata } from "../../../src/processor/offset-metadata.ts";
import { internalTopics } from "../../../src/processor/start-checks.ts";
import { ModelBroker, ModelKilledError, ModelLog } from "../../../src/testing/index.ts";
import { check } from "./check.ts";
import { Feed } from "./feed.ts";
import { INPUTS, PARTITIONS, type Scenario } from "./scenario-types.ts";
import { simulationTopology } from "./topology.ts";

const GROUP = "sim";
const LIVENESS_MS = 60_000;
/** Positions of idle tasks are committed once a minute, and a partition that was left to nobody may begin its minute late. */
const IDLE_MS = 120_000;

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
  const feed = new Feed(broker, scenario, GROUP, random);
  const inTime = (what: string, holds: () => boolean): Promise<void> =>
    happensInTime(broker, allowanceMs(scenario), what, holds, problems);
  const judged = (): Promise<void> => inTime("no progress", () => feed.isJudged());
  const killers = new Set<() => void>();
  const calm = (): void => {
    storm.over = true;
    endFaults();
  };
  loseAnswersOfClaims(broker, scenario, random, storm);
  failToOpenProducers(broker, scenario, random, storm);
  watchFences(broker, problems);
  const clock = clockOf(broker);
  const watch = watchStateNotAhead(broker, scenario, problems);
  const names = Array.from({ length: scenario.processes }, (_, index) => `p${index}`);
  const replaced: string[] = [];
  const start = (clientId: string, instanceId: string, index: number): Promise<void> => {
    const process = { clientId, instanceId, index, replaced };
    return runForEver(broker, clock, process, scenario, random, storm, stop.signal, watch, killers);
  };
  const processes = names.map((name, index) => start(name, name, index));
  // Somebody starts a second process by hand and does not think of its name.
  if (scenario.twin) processes.push(start("twin", names[0]!, 2));
  const isSingle = (): boolean => replaced.length === (scenario.twin ? 1 : 0);
  const failed = Promise.race(processes.map((process) => process.then(() => new Promise<never>(() => undefined))));
  const script = (async (): Promise<void> => {
    await feed.write(scenario.pause ? scenario.inputs.flat().length / 2 : Infinity);
    calm();
    await judged();
    await inTime("two processes of one instance id, or none,", isSingle);
    if (!scenario.pause) return;
    feed.die();
    await broker.clock.sleep(IDLE_MS);
    await inTime("an idle position stands before a marker", () => feed.isPassed());
    feed.deleteAll();
    for (const kill of killers) kill();
    await feed.write();
    await judged();
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
  return [...problems, ...check(broker, scenario, feed)];
}

/**
 * EO-12: progress within 60 s of the last fault. A transaction takes one record at least, and the next one waits for its
 * markers: that time is the broker's.
 */
function allowanceMs({ inputs, markerDelayMs }: Scenario): number {
  return LIVENESS_MS + inputs.flat().length * markerDelayMs;
}

async function happensInTime(
  broker: ModelBroker,
  timeMs: number,
  what: string,
  holds: () => boolean,
  problems: string[],
): Promise<void> {
  const deadline = broker.clock.now() + timeMs;
  while (!holds()) {
    if (broker.clock.now() > deadline) {
      problems.push(`EO-12: ${what} ${timeMs / 1_000} s after the last fault`);
      return;
    }
    await broker.clock.sleep(100);
  }
}

type Watch = (incarnation: string, partition: number, position: number) => void;

/**
 * EO-5, at every commit of every process: what is state is committed, by offset and by number (a claim moves no offset).
 * With late markers a commit shows only later.
 */
function watchStateNotAhead(broker: ModelBroker, scenario: Scenario, problems: string[]): Watch {
  const counted = new Map<string, number>();
  const count = (incarnation: string, partition: number, by: number): number => {
    const key = `${incarnation}/${partition}`;
    const sum = (counted.get(key) ?? 0) + by;
    counted.set(key, sum);
    return sum;
  };
  broker.group(GROUP).onCommitted(({ topic, partition, metadata }) => {
    if (topic === INPUTS[0]) count(decodeOffsetMetadata(metadata)!.incarnation, partition, 1);
  });
  return (incarnation, partition, position) => {
    if (scenario.markerDelayMs > 0) return;
    const committed = broker.committedOffset(GROUP, { topic: INPUTS[0], partition })?.offset ?? 0;
    if (position > committed)
      problems.push(`EO-5: state of partition ${partition} stands at ${position}, committed is ${committed}`);
    if (count(incarnation, partition, -1) < 0)
      problems.push(`EO-5: ${incarnation} takes a commit of partition ${partition} for done that was not`);
  };
}

/**
 * Who ends another's transaction must have seen that the other is no member, shortly before (a process may be frozen between
 * looking and acting): an owner that lives would lose what it has under way.
 */
function watchFences(broker: ModelBroker, problems: string[]): void {
  const seenGone = new Map<string, number>();
  broker.faults.after("admin", ({ client }) => {
    const members = broker.group(GROUP).instanceIds;
    for (const name of ["p0", "p1", "p2"])
      if (!members.includes(name)) seenGone.set(`${client.clientId} ${name}`, broker.clock.now());
  });
  broker.faults.before("producer.open", ({ client, producer }) => {
    const owner = producer!.transactionalId.slice(GROUP.length + 1);
    const isOwn = client.clientId.startsWith(`${owner}.`) || client.clientId.startsWith("twin.");
    if (isOwn || !broker.group(GROUP).instanceIds.includes(owner)) return;
    const seenAt = seenGone.get(`${client.clientId} ${owner}`) ?? -Infinity;
    if (broker.clock.now() - seenAt > 10_000) problems.push(`EO-12: ${client.clientId} fences ${owner}, which lives`);
  });
}

interface Storm {
  over: boolean;
}

interface SimulatedProcess {
  readonly clientId: string;
  readonly instanceId: string;
  readonly index: number;
  /** Processes that ended for good because a newer one has their instance id. */
  readonly replaced: string[];
}

/** A process that is started again whenever it dies, unless a newer one has taken its place. */
async function runForEver(
  broker: ModelBroker,
  clock: Clock,
  { clientId, instanceId, index, replaced }: SimulatedProcess,
  scenario: Scenario,
  random: () => number,
  storm: Storm,
  signal: AbortSignal,
  watch: Watch,
  killers: Set<() => void>,
): Promise<void> {
  // Later members take partitions over from living ones, whose last markers may still be on their way.
  if (index > 0) await broker.clock.sleep(Math.floor(random() * 1_500));
  // One after the other, so that partitions are handed over while records come.
  await broker.clock.sleep(index * Math.floor(random() * 2_000));
  for (let life = 0; !signal.aborted; life++) {
    const log = new RevocationKilledLog(broker, `${clientId}.${life}`, scenario.killInRevocation, random, storm);
    const kill = (): void => log.kill();
    killers.add(kill);
    const thaw = freezeSometimes(broker, log, scenario, random, storm);
    try {
      await runProcessor({
        log,
        topology: simulationTopology(scenario),
        groupId: GROUP,
        instanceId,
        incarnation: log.clientId,
        stateDir: "unused",
        skipProbe: true,
        signal,
        clock,
        commitIntervalMs: 20,
        commitMaxRecords: scenario.commitMaxRecords,
        onCommitted: (partition, position) => watch(log.clientId, partition, position),
      });
      return;
    } catch (error) {
      if (error instanceof ReplacedError) {
        replaced.push(log.clientId);
        return;
      }
      if (!(error instanceof ModelKilledError) && !log.isKilled) throw error;
      await broker.clock.sleep(Math.floor(random() * (random() < 0.5 ? 100 : 5_000)));
    } finally {
      killers.delete(kill);
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

/** A claim that is aborted without a definite answer: nothing but its number tells it from the commit before it. */
function loseAnswersOfClaims(broker: ModelBroker, scenario: Scenario, random: () => number, storm: Storm): void {
  broker.faults.before("commit", ({ producer }) => {
    if (storm.over || producer === undefined || !broker.transactions.isClaim(producer.transactionalId)) return;
    if (random() < scenario.lostClaims) throw new IndefiniteCommitError("injected: a claim got no definite answer");
  });
}

function failToOpenProducers(broker: ModelBroker, scenario: Scenario, random: () => number, storm: Storm): void {
  broker.faults.before("producer.open", () => {
    if (storm.over || scenario.openFails === 0 || random() >= scenario.openFails) return;
    throw new RetryableError("injected: the producer could not be opened");
  });
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
