import { beforeEach, describe, expect, it } from "vitest";
import { decodeVerdictBlock } from "../../../src/domain/review/verdict-block.ts";
import type { Topology } from "../../../src/processor/index.ts";
import { internalTopics } from "../../../src/processor/start-checks.ts";
import { remedyWorks } from "../../support/remedies/works.ts";
import { GROUP, Shop } from "./shop.ts";

const DAY_MS = 86_400_000;

describe("offsets that the broker forgets", () => {
  let shop: Shop;
  beforeEach(async () => {
    shop = await Shop.open(["raw", "raw2"]);
    await shop.order("raw", "a", "b");
    await shop.order("raw2", "c");
  });

  /** Nobody runs, and the group's offsets are gone. */
  const forget = async (): Promise<void> => {
    await shop.broker.clock.sleep(10_000);
    shop.broker.deleteGroup(GROUP);
  };

  /** Every record has one verdict, and each block continues where the one before ended (EO-1). */
  const expectSound = (accepted: number, others: Readonly<Record<string, number>> = {}): void => {
    expect(shop.verdicts()).toEqual({ accepted, ...others });
    expect(shop.broker.readCommitted("clean")).toHaveLength(accepted);
    for (const input of ["raw", "raw2"]) {
      const blocks = shop.blocks().filter(({ topic }) => topic === input);
      blocks.forEach(({ continuesFrom }, index) => expect(continuesFrom).toBe(blocks[index - 1]?.toOffset ?? 0));
    }
  };

  const orderMore = async (): Promise<void> => {
    await shop.order("raw", "a", "d");
    await shop.order("raw2", "e");
  };
  const attempt = (): Promise<void> => shop.run(20_000);

  it("are written again while nothing comes: those of inputs that the group does not subscribe do not expire", async () => {
    const running = shop.run(2 * 3_600_000);
    await shop.broker.clock.sleep(1.5 * 3_600_000);
    shop.broker.expireOffsets(GROUP, 3_600_000);
    expect([shop.committed("raw"), shop.committed("raw2")]).toEqual([3, 2]);
    await running;
  });

  it("of some inputs only are refused, and put back by the rebuild", async () => {
    const running = shop.run(60_000);
    await shop.broker.clock.sleep(30_000);
    shop.broker.expireOffsets(GROUP, 20_000);
    expect([shop.committed("raw"), shop.committed("raw2")]).toEqual([3, undefined]);
    await running;
    await expect(shop.run(20_000)).rejects.toThrow(
      "the offsets of raw2/0 are gone, those of the other inputs are there",
    );
    await orderMore();
    await remedyWorks("engine/state-corrupt", {
      attempt,
      does: { "third-umpire state rebuild": () => shop.rebuild() },
    });
    expectSound(5, { duplicate: 1 });
  });

  it("of a deleted group are refused where there is state, and put back by the rebuild: nothing is judged twice", async () => {
    await shop.run(20_000);
    await forget();
    await orderMore();
    await remedyWorks("engine/state-corrupt", {
      attempt,
      does: { "third-umpire state rebuild": () => shop.rebuild() },
    });
    expectSound(5, { duplicate: 1 });
    expect(shop.said).toContain("partition 0: offsets were gone, put back to raw 3, raw2 2");
  });

  it("of a group that was empty for a week are gone, too", async () => {
    await shop.run(20_000);
    await shop.broker.clock.sleep(8 * DAY_MS);
    shop.broker.expireOffsets(GROUP);
    await orderMore();
    await remedyWorks("engine/state-corrupt", {
      attempt,
      does: { "third-umpire state rebuild": () => shop.rebuild() },
    });
    expectSound(5, { duplicate: 1 });
  });

  it("are refused where there are verdicts and no state: only what could not be read was judged", async () => {
    const poison = await Shop.open();
    poison.broker.append("raw", 0, "k", "not json");
    await poison.run(20_000);
    await poison.broker.clock.sleep(10_000);
    poison.broker.deleteGroup(GROUP);
    await remedyWorks("engine/state-corrupt", {
      attempt: () => poison.run(20_000),
      does: { "third-umpire state rebuild": () => poison.rebuild() },
    });
    expect(poison.verdicts()).toEqual({ poison: 1 });
  });

  it("of a partition that nobody has judged are no loss", async () => {
    for (const spec of internalTopics(shop.topology as Topology)) shop.broker.createTopic(spec);
    await shop.rebuild();
    expect(shop.said).toEqual(["partition 0: nobody has judged it yet"]);
    await orderMore();
    await attempt();
    expectSound(5, { duplicate: 1 });
  });

  it("are put back where the beginning of the inputs is gone, and the state is kept", async () => {
    await shop.run(20_000);
    await forget();
    shop.broker.truncate("raw", 0, 3);
    await orderMore();
    await remedyWorks("engine/state-corrupt", {
      attempt,
      does: { "third-umpire state rebuild": () => shop.rebuild() },
    });
    expectSound(5, { duplicate: 1 }); // the repetition of "a", whose first record is no longer in the input
  });

  it("are not put back where the verdicts are gone, too, until what may be judged again is accepted", async () => {
    shop.broker.append("raw", 0, "k", "not json");
    await shop.order("raw", "a");
    await shop.run(20_000);
    await forget();
    shop.broker.truncate("shop.verdicts", 0, Infinity);
    let judgeAgain = false;
    await remedyWorks("rebuild/untold", {
      attempt: () => shop.rebuild({ judgeAgain }),
      does: { "third-umpire state rebuild --judge-again": () => (judgeAgain = true) },
    });
    await orderMore();
    await attempt();
    const clean = shop.broker.readCommitted("clean").map(({ key }) => key!.toString());
    expect(clean.toSorted()).toEqual(["a", "b", "c", "d", "e"]);
    expect(shop.broker.readCommitted("shop.quarantine")).toHaveLength(1);
  });

  it("of an input that was deleted and made again are not put back: its records are others", async () => {
    await shop.run(20_000);
    await shop.broker.clock.sleep(10_000);
    shop.broker.deleteTopic("raw2");
    shop.broker.createTopic({ name: "raw2", partitions: 1 });
    await shop.order("raw2", "f", "g", "h");
    await expect(shop.rebuild()).rejects.toThrow("topic raw2 was deleted and made again");
    let name = "shop";
    let groupId = GROUP;
    await remedyWorks("engine/topic-recreated", {
      attempt: () => shop.run(20_000, { topology: shop.named(name) as Topology, groupId }),
      does: {
        "give the topology a new name": () => (name = "shop2"),
        "its processors a new group": () => (groupId = "shop2"),
      },
    });
    const keys = shop.broker.readCommitted("clean").map(({ key }) => key!.toString());
    expect(keys.toSorted()).toEqual(["a", "a", "b", "b", "c", "f", "g", "h"]);
  });

  describe("of an input that is made again while a processor runs", () => {
    /** The processor stands behind the second record of the old topic, which the new one has as well. */
    const remake = (records: number): void => {
      shop.broker.deleteTopic("raw2");
      shop.broker.createTopic({ name: "raw2", partitions: 1 });
      for (let n = 0; n < records; n++) shop.broker.append("raw2", 0, "f", JSON.stringify({ id: `f${n}`, n: 1 }));
    };
    const expectAllJudged = (): void => {
      const keys = shop.broker.readCommitted("shop2.verdicts").map(({ value }) => decodeVerdictBlock(value!).counts);
      expect(keys.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(2 + 6);
    };
    const judgeAnew = async (first: (at: { name: string; groupId: string }) => Promise<void>): Promise<void> => {
      const at = { name: "shop", groupId: GROUP };
      await remedyWorks("engine/topic-recreated", {
        attempt: () => first(at),
        does: {
          "give the topology a new name": () => (at.name = "shop2"),
          "its processors a new group": () => (at.groupId = "shop2"),
        },
      });
      expectAllJudged();
    };

    it("the processor stops within a minute, and says so", async () => {
      let isRemade = false;
      await judgeAnew(async ({ name, groupId }) => {
        const running = shop.run(90_000, { topology: shop.named(name) as Topology, groupId });
        if (!isRemade) {
          await shop.broker.clock.sleep(10_000);
          remake(6);
          isRemade = true;
        }
        await running;
      });
    });

    it("its offset in the new topic is not gone on from", async () => {
      const running = shop.run(20_000);
      await shop.broker.clock.sleep(10_000);
      remake(6);
      await running;
      expect(shop.committed("raw2")).toBe(6);
      await judgeAnew(({ name, groupId }) => shop.run(20_000, { topology: shop.named(name) as Topology, groupId }));
    });

    it("an offset that the new topic does not have is not said to be deleted by retention", async () => {
      const running = shop.run(20_000).then(
        () => undefined,
        (error: unknown) => error,
      );
      await shop.broker.clock.sleep(10_000);
      remake(1);
      expect(await running).toMatchObject({
        message: "topic raw2 was deleted and made again while this processor ran",
      });
    });
  });
});
