/**
 * Every process of the pipeline, servers included, is killed at random instants while matches are played from a source
 * that repeats and corrects itself. What is left must be what an undisturbed run leaves, to the last run on the board.
 *
 * TEST_KILLS: kills a run (default 30). TEST_CRICSHEET: folder of the larger sets of matches. The seed is printed; the
 * instants depend on the machine all the same.
 */
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { AuditReport } from "../../src/audit/index.ts";
import { pick, type Random, seededBy } from "../../src/domain/random.ts";
import { cardsById } from "../support/cli.ts";
import { BUNDLED, matchSets } from "../support/cricket.ts";
import { Rig } from "./harness.ts";

const KILLS = Number(process.env["TEST_KILLS"] ?? 30);
const SEED = Date.now() % 1_000_000;
const TARGETS = ["postgres", "kafka", "source", "processor-1", "processor-2", "loader", "feed"] as const;
/** From one kill to the next, ms: before a server is back, in the middle of a recovery, in quiet water. */
const PAUSE_MS = { from: 200, to: 3500 } as const;
const SETTLE_MS = 300_000;
const RUN_MS = 1_200_000;

const larger = matchSets().filter((set) => set !== BUNDLED);
const sets = larger.length > 0 ? larger : [BUNDLED];

let rig: Rig | undefined;
afterEach(async () => rig?.remove());

describe(`SIGKILL of any process at any instant (seed ${SEED}, ${KILLS} kills a run)`, () => {
  test.each(sets)(
    "EO-1, EO-2, EO-6, EO-9, EO-11: $name ends with every scorecard right, 0 lost, 0 twice",
    { timeout: RUN_MS },
    async ({ name, dir, expected }) => {
      rig = await Rig.start({ postgres: true });
      await rig.startPipeline(2);
      const killed = new Map<string, number>();
      const startedAt = performance.now();
      const played = { done: false };
      const kills = killAll(rig, seededBy(SEED, name), killed, () => played.done);
      const rates = ["--replay-rate", "0.3", "--interval", "0", "--seed", String(SEED)];
      await rig.feed(["--odi", dir, ...rates, "--correction-rate", "0.02"]);
      played.done = true;
      const playedAt = performance.now();
      // The rest of the kills hit a pipeline that reviews all of it once more: without new mistakes, since a value that
      // was replaced once stays replaced.
      while (count(killed) < KILLS) await rig.feed(["--odi", dir, ...rates, "--again"]);
      await kills;
      const killedAt = performance.now();
      await rig.settle(SETTLE_MS);
      const settledAt = performance.now();
      await rig.stopParts();

      const report = await rig.stack.json<AuditReport>(["audit"], 300_000);
      const cards = cardsById((await rig.stack.run(["scorecards", "--jsonl"], 120_000)).stdout);
      const seconds = (from: number, to: number): string => `${((to - from) / 1000).toFixed(0)} s`;
      console.log(
        `${name}: ${count(killed)} kills (${[...killed].map(([target, times]) => `${target} ${times}`).join(", ")}); ` +
          `played in ${seconds(startedAt, playedAt)}, last kill after ${seconds(startedAt, killedAt)}, settled ${seconds(killedAt, settledAt)} later; ` +
          `${Object.entries(report.verdicts)
            .map(([verdict, times]) => `${times} ${verdict}`)
            .join(", ")}; ` +
          `${report.arrows.map(({ from, to }) => `${from.count} ${from.what} → ${to.count} ${to.what}`).join("; ")}`,
      );
      expect(count(killed)).toBeGreaterThanOrEqual(KILLS);
      expect(report.differences).toEqual([]);
      expect(report).toMatchObject({ proved: true, unexplained: 0, unchecked: [] });
      expect(report.verdicts.correction).toBeGreaterThan(0);
      expect([...cards.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
      for (const [id, card] of expected) expect(cards.get(id), `match ${id}`).toEqual(card);
    },
  );
});

function count(killed: ReadonlyMap<string, number>): number {
  return [...killed.values()].reduce((sum, times) => sum + times, 0);
}

/** Kills one process after the other until there were enough, and as long as matches are played; each target gets its turn. */
async function killAll(
  { supervisor }: Rig,
  random: Random,
  killed: Map<string, number>,
  isPlayed: () => boolean,
): Promise<void> {
  let bag: string[] = [];
  while (count(killed) < KILLS || !isPlayed()) {
    await sleep(PAUSE_MS.from + pick(random, PAUSE_MS.to - PAUSE_MS.from));
    // More than asked for, and the pipeline gets no further: the rest of the run goes on without.
    if (count(killed) >= KILLS * 2) return;
    if (bag.length === 0) bag = [...TARGETS];
    const [target] = bag.splice(pick(random, bag.length), 1);
    const victim = supervisor.list().find((process) => process.name === target && process.pid !== null);
    if (victim === undefined) continue;
    supervisor.kill(victim.name, "SIGKILL");
    killed.set(victim.name, (killed.get(victim.name) ?? 0) + 1);
  }
}
