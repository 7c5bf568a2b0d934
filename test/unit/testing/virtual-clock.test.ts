import { expect, test } from "vitest";
import { VirtualClock } from "../../../src/testing/index.ts";

test("time jumps to the next wake-up when everyone waits, without waiting for it", async () => {
  const clock = new VirtualClock(1_000);
  const realStart = performance.now();
  const order: string[] = [];
  await Promise.all(
    ([["hour", 3_600_000], ["minute", 60_000], ["none", 0]] as const).map(async ([name, ms]) => {
      await clock.sleep(ms);
      order.push(`${name} ${clock.now()}`);
    }),
  ); // prettier-ignore
  expect(order).toEqual(["none 1000", "minute 61000", "hour 3601000"]);
  expect(performance.now() - realStart).toBeLessThan(1_000);
});

test("advance runs the timers on the way, each at its time; a cancelled one is silent", () => {
  const clock = new VirtualClock(0);
  const fired: [string, number][] = [];
  clock.at(20, () => fired.push(["b", clock.now()]));
  clock.at(10, () => {
    fired.push(["a", clock.now()]);
    clock.at(15, () => fired.push(["nested", clock.now()]));
  });
  clock.at(12, () => fired.push(["cancelled", clock.now()]))();
  clock.advance(30);
  expect(fired).toEqual([["a", 10], ["nested", 15], ["b", 20]]); // prettier-ignore
  expect(clock.now()).toBe(30);
});

test("a wait ends as soon as what it waits for holds, and no time has passed", async () => {
  const clock = new VirtualClock(0);
  let ready = false;
  const waiting = clock.wait(() => ready, 5_000);
  ready = true;
  clock.changed();
  expect(await waiting).toBe(true);
  expect(clock.now()).toBe(0);
  expect(await clock.wait(() => false, 5_000)).toBe(false);
  expect(clock.now()).toBe(5_000);
});

test("a sleep ends when its signal aborts", async () => {
  const clock = new VirtualClock(0);
  const abort = new AbortController();
  const sleeping = clock.sleep(5_000, abort.signal);
  abort.abort();
  await sleeping;
  expect(clock.now()).toBe(0);
  await clock.sleep(5_000, abort.signal);
  expect(clock.now()).toBe(0);
});
