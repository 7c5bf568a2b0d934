/** The checks in which Kafka fails, stands still, or belongs to somebody else. */
import { expect } from "vitest";
import type { SourceCheck } from "./source-checks.ts";
import type { RawEvent } from "./source-harness.ts";
import { BadDayLog } from "./source-log.ts";
import type { Scene } from "./source-scene.ts";

type Check = (title: string, plot: (scene: Scene) => Promise<void>) => SourceCheck;
type Verify = (scene: Scene) => Promise<RawEvent[]>;

export function sourceFaultChecks(check: Check, verify: Verify): SourceCheck[] {
  return [
    ...(["refused", "answer lost"] as const).map((outcome) =>
      check(
        `EO-11: a commit that ends in '${outcome}': the source comes back by itself, nothing lost`,
        async (scene) => {
          const day = badDay(scene);
          const source = await scene.startStreaming({ log: day.log });
          await scene.append(20);
          await scene.settled();
          day.nextCommit = outcome;
          await scene.append(20);
          await source.until("it lost Kafka", ({ restarts }) => restarts > 0);
          await scene.append(20);
          await verify(scene);
        },
      ),
    ),
    check("an abort ends a source that retries", async (scene) => {
      const day = badDay(scene);
      day.refusesAll = true;
      await scene.append(1);
      const source = scene.start({ log: day.log });
      await source.until("it retries", ({ state }) => state === "retrying");
      await source.stop();
      expect(await source.ended).toBeUndefined();
      await scene.startStreaming();
      await verify(scene);
    }),
    check(
      "EO-7: a second instance fences the first in the middle of a transaction, and the first comes back after it",
      fence(verify),
    ),
    check(
      "back-pressure: while Kafka stands still the stream takes a bounded amount from its server",
      async (scene) => {
        const day = badDay(scene);
        await scene.startStreaming({ log: day.log });
        await scene.append(1);
        await scene.settled();
        await standStill(scene, day, async (isHeld) => {
          await scene.append(scene.harness.backlog.rows, scene.harness.backlog.bytesEach);
          await isHeld;
        });
        await verify(scene);
      },
    ),
    check(
      "back-pressure: while Kafka stands still the first start takes a bounded amount of what was there",
      async (scene) => {
        const day = badDay(scene);
        await scene.append(scene.harness.backlog.rows, scene.harness.backlog.bytesEach);
        await standStill(scene, day, async (isHeld) => {
          scene.start({ log: day.log });
          await isHeld;
        });
        await verify(scene);
      },
    ),
  ];
}

function badDay(scene: Scene): BadDayLog {
  const day = new BadDayLog(scene.world.log, scene.world.topics.raw);
  scene.atEnd(() => day.release());
  return day;
}

/** Readings of a counter that must not differ before it counts as standing still, and ms between them. */
const READINGS = 5;
const BETWEEN_MS = 60;

async function standStill(scene: Scene, day: BadDayLog, load: (isHeld: Promise<void>) => Promise<void>): Promise<void> {
  const { world, harness } = scene;
  const before = await world.taken();
  await load(day.hold());
  let taken = 0;
  let same = 0;
  await scene.eventually("the source stops taking", async () => {
    const now = (await world.taken()) - before;
    same = now === taken ? same + 1 : 0;
    taken = now;
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
    return same < READINGS ? `it has taken ${taken}` : undefined;
  });
  expect(taken, "taken from the server while nothing could be committed").toBeLessThanOrEqual(harness.backlog.limit);
  day.release();
  await scene.settled();
  // Or the measure measures nothing.
  expect((await world.taken()) - before).toBeGreaterThan(2 * harness.backlog.limit);
}

const fence =
  (verify: Verify) =>
  async (scene: Scene): Promise<void> => {
    let letGo = (): void => undefined;
    let arrive = (): void => undefined;
    let isArmed = false;
    const released = new Promise<void>((resolve) => (letGo = resolve));
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    const first = await scene.startStreaming({
      at: async (point) => {
        if (!isArmed || point !== "produced") return;
        isArmed = false;
        arrive();
        await released;
      },
    });
    scene.atEnd(() => letGo());
    await scene.append(10);
    await scene.settled();
    isArmed = true;
    await scene.append(10);
    await arrived;
    const second = await scene.startStreaming();
    await scene.append(10);
    await scene.settled();
    letGo();
    await first.until("it steps back", ({ state }) => state === "standby");
    await scene.append(10);
    await verify(scene);
    expect(second.current()).toMatchObject({ state: "streaming", restarts: 0 });
    await second.stop();
    await first.until("it comes back", ({ state }) => state === "streaming");
    await scene.append(10);
    await verify(scene);
  };
