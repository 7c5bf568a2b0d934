import { IdentityHasher } from "../../../src/domain/review/identity.ts";
import type { Topology } from "../../../src/processor/index.ts";
import { internalTopics } from "../../../src/processor/start-checks.ts";
import { ModelBroker } from "../../../src/testing/index.ts";
import { strike } from "./calamity.ts";
import { check } from "./check.ts";
import { Crew } from "./crew.ts";
import { Operator } from "./operator.ts";
import { randomOf } from "./random.ts";
import { INPUTS, PARTITIONS, type Scenario } from "./scenario-types.ts";
import { failToOpenProducers, loseAnswersOfClaims } from "./storm.ts";
import { watchFences } from "./watches.ts";
import { World } from "./world.ts";

const LIVENESS_MS = 60_000;
/** Positions of idle tasks are committed once a minute, and a partition that was left to nobody may begin its minute late. */
const IDLE_MS = 120_000;
/** What processors look at once a minute, commands that are killed, and sessions of those who were. */
const REMEDIES_MS = 240_000;

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
  const world = new World(broker, scenario, random);
  const { storm, problems } = world;
  for (const spec of internalTopics(world.era.topology as Topology)) broker.createTopic(spec);
  const endFaults = broker.faults.random(random, scenario.rates);
  const calm = (): void => {
    storm.over = true;
    endFaults();
  };
  loseAnswersOfClaims(broker, scenario, random, storm);
  failToOpenProducers(broker, scenario, random, storm);
  watchFences(world);
  const operator = new Operator(world);
  const crew = new Crew(world, (error) => operator.mend(error));
  operator.crew = crew;
  crew.start();
  try {
    await Promise.race([script(world, crew, calm), crew.failed()]);
  } catch (error) {
    problems.push(`a process ended with ${String(error)}`);
  }
  calm();
  for (const [name, times] of broker.faults.fired) tally.set(name, (tally.get(name) ?? 0) + times);
  for (const name of operator.acts) tally.set(name, (tally.get(name) ?? 0) + 1);
  const stopped = crew.stop().then(() => true);
  if (problems.length > 0) {
    // What still runs ends some time, or does not.
    stopped.catch(() => undefined);
    return problems;
  }
  if (!(await Promise.race([stopped, broker.clock.sleep(LIVENESS_MS).then(() => false)])))
    return ["EO-12: a process does not end"];
  // EO-8: what a dead process left open is gone after the transaction timeout (10 s) + 10 s; markers arrive meanwhile.
  await broker.clock.sleep(20_000);
  const pinned = broker.unresolvedTransactions();
  if (pinned.length > 0) return [`EO-8: transactions of ${pinned.join(", ")} are still open`];
  return [...problems, ...check(world)];
}

/** What comes, and when. */
async function script(world: World, crew: Crew, calm: () => void): Promise<void> {
  const { broker, scenario, feed } = world;
  const { pause, calamity } = scenario;
  const inTime = (what: string, holds: () => boolean): Promise<void> => happensInTime(world, what, holds);
  const records = scenario.inputs.flat().length;
  if (calamity === "partitions added") {
    await feed.write(records / 4);
    feed.grow();
    await feed.write(records / 4);
  } else await feed.write(pause || calamity !== "none" ? records / 2 : Infinity);
  calm();
  await inTime("no progress", () => feed.isJudged());
  await inTime("two processes of one instance id, or none,", () => crew.isSingle());
  if (world.problems.length > 0) return;
  if (pause) {
    feed.die();
    await broker.clock.sleep(IDLE_MS);
    await inTime("an idle position stands before a marker", () => feed.isPassed());
    feed.deleteAll();
    crew.kill();
  }
  await strike(world, crew);
  await feed.write();
  await inTime("no progress", () => feed.isJudged());
}

/**
 * EO-12: progress within 60 s of the last fault. A transaction takes one record at least, and the next one waits for its
 * markers: that time is the broker's.
 */
function allowanceMs({ inputs, markerDelayMs, calamity }: Scenario): number {
  return LIVENESS_MS + inputs.flat().length * markerDelayMs + (calamity === "none" ? 0 : REMEDIES_MS);
}

async function happensInTime({ broker, scenario, problems }: World, what: string, holds: () => boolean): Promise<void> {
  const timeMs = allowanceMs(scenario);
  const deadline = broker.clock.now() + timeMs;
  while (!holds()) {
    if (broker.clock.now() > deadline) {
      problems.push(`EO-12: ${what} ${timeMs / 1_000} s after the last fault`);
      return;
    }
    await broker.clock.sleep(100);
  }
}
