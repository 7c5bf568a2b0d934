import { beforeEach, describe, expect, it } from "vitest";
import { Shop } from "./shop.ts";

describe("the position of an input (EO-1)", () => {
  let shop: Shop;
  beforeEach(async () => {
    shop = await Shop.open();
  });

  const chain = (): (readonly [number | null, number, number])[] =>
    shop.blocks().map(({ continuesFrom, fromOffset, toOffset }) => [continuesFrom, fromOffset, toOffset] as const);

  /** A transaction that is aborted: a record that nobody sees, and a marker. */
  const abort = (): void => {
    const log = shop.broker.partition({ topic: "raw", partition: 0 });
    const aborted = { commits: false };
    log.append({ timestamp: 0, key: null, value: null, headers: undefined }, aborted);
    log.appendMarker(aborted, 0);
    shop.broker.clock.changed();
  };

  it("passes the marker behind the last record: an idle partition that retention emptied is not taken for a loss", async () => {
    await shop.order("raw", "a");
    await shop.run(5_000);
    expect([shop.committed(), shop.high()]).toEqual([2, 2]);
    shop.broker.truncate("raw", 0, 2);
    await shop.order("raw", "b");
    await shop.run(5_000);
    expect(shop.verdicts()).toEqual({ accepted: 2 });
    expect(chain()).toEqual([
      [0, 0, 2],
      [2, 2, 4],
    ]);
  });

  it("passes markers that come alone within a minute, with an empty block, and then writes nothing more", async () => {
    await shop.order("raw", "a");
    const commits: number[] = [];
    const running = shop.run(600_000, { onCommitted: (_, position) => commits.push(position) });
    await shop.broker.clock.sleep(10_000);
    expect(shop.committed()).toBe(2);
    abort();
    await shop.broker.clock.sleep(61_000);
    expect(shop.committed()).toBe(4);
    await running;
    expect(chain()).toEqual([
      [0, 0, 2],
      [2, 4, 4],
    ]);
    expect(commits).toEqual([0, 2, 4]);
  });

  it("passes markers when the processor stops", async () => {
    await shop.order("raw", "a");
    const running = shop.run(10_000);
    await shop.broker.clock.sleep(5_000);
    abort();
    await running;
    expect(shop.committed()).toBe(4);
  });

  it("stops before records that were deleted; given up on request they are said in the chain of verdicts (EO-13)", async () => {
    await shop.order("raw", "a");
    await shop.run(5_000);
    await shop.order("raw", "b", "c");
    shop.broker.truncate("raw", 0, 3);
    await expect(shop.run(5_000)).rejects.toMatchObject({
      message: "records 2 to 2 of raw/0 were deleted before they were judged",
      remedy: expect.stringContaining("--accept-loss"),
    });
    await shop.run(5_000, { acceptLoss: true });
    await shop.order("raw", "d");
    await shop.run(5_000);
    expect(shop.verdicts()).toEqual({ accepted: 3 });
    expect(chain()).toEqual([
      [0, 0, 2],
      [2, 3, 3],
      [3, 3, 5],
      [5, 5, 7],
    ]);
    expect(shop.blocks().map(({ lost }) => lost)).toEqual([false, true, false, false]);
  });

  it("says a loss also where nothing is left to judge", async () => {
    await shop.order("raw", "a");
    await shop.run(5_000);
    await shop.order("raw", "b", "c");
    shop.broker.truncate("raw", 0, 5);
    await shop.run(5_000, { acceptLoss: true });
    await shop.run(5_000);
    expect(chain()).toEqual([
      [0, 0, 2],
      [2, 5, 5],
    ]);
    expect(shop.blocks().at(-1)!.lost).toBe(true);
  });
});
