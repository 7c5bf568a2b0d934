import { check } from "./check.ts";
import type { Crew } from "./crew.ts";
import { INPUTS } from "./scenario-types.ts";
import type { World } from "./world.ts";

const HOUR_MS = 3_600_000;
/** Long enough for whatever waits after a pause, and for the sessions of processes that were killed. */
const SETTLE_MS = 60_000;
const SECOND_MS = 1_000;
/** Long enough for a record to be judged, and too short for commits without records. */
const PAUSE_MS = 5_000;

/** Half of the records have been judged; what happens now is for the operator to mend. */
export async function strike(world: World, crew: Crew): Promise<void> {
  switch (world.scenario.calamity) {
    case "none":
      return;
    case "idle hours":
      return await passHours(world, crew);
    case "some offsets":
      return await forgetSome(world, crew);
    case "all offsets":
      return await forgetAll(world, crew);
    case "input made again":
      return await remake(world, crew);
    case "partitions added":
      world.feed.useSurplus();
      if (world.random() < 0.5) crew.kill();
  }
}

/** Nothing comes for longer than the broker keeps offsets, and then every processor is started again. */
async function passHours({ broker, era }: World, crew: Crew): Promise<void> {
  // At once, and not turn by turn of the processors' loops: hours of them would take minutes.
  broker.clock.advance(3 * HOUR_MS);
  await broker.clock.sleep(SETTLE_MS);
  broker.expireOffsets(era.groupId, 2 * HOUR_MS);
  crew.kill();
}

/** Of a group that lives the broker forgets the offsets of inputs that it does not subscribe: those that are old, or all. */
async function forgetSome({ broker, era, feed, random }: World, crew: Crew): Promise<void> {
  const isAll = random() < 0.5;
  if (!isAll) {
    await broker.clock.sleep(2 * PAUSE_MS);
    await feed.write(1 + Math.floor(random() * 2));
    await broker.clock.sleep(PAUSE_MS);
  }
  const group = broker.group(era.groupId);
  while (group.describe().state !== "Stable") await broker.clock.sleep(100);
  broker.expireOffsets(era.groupId, isAll ? 0 : 2 * PAUSE_MS);
  crew.kill();
}

/** A group that was empty for long has no offsets. */
async function forgetAll({ broker, era }: World, crew: Crew): Promise<void> {
  crew.hold();
  await broker.clock.sleep(SETTLE_MS);
  broker.expireOffsets(era.groupId, 0);
  crew.release();
}

/**
 * An input is deleted and made again, while nobody runs or while they do: what was judged so far stands, and what comes are
 * other records.
 */
async function remake(world: World, crew: Crew): Promise<void> {
  const isRunning = world.random() < 0.5;
  if (!isRunning) crew.hold();
  await world.broker.clock.sleep(SETTLE_MS);
  world.problems.push(...check(world));
  world.feed.remake(INPUTS[Math.floor(world.random() * INPUTS.length)]!);
  if (!isRunning) {
    crew.release();
    return;
  }
  // What is judged of the new input meanwhile is not judged for good.
  await world.feed.write(Math.floor(world.random() * 20));
  await world.broker.clock.sleep(Math.floor(world.random() * 2) * SECOND_MS);
  if (world.random() < 0.5) crew.kill();
}
