import { expect } from "vitest";
import type { Delivery, Match } from "../../src/domain/cricket/types.ts";
import type { ScoredMatch } from "../../src/domain/cricket/scored.ts";
import { planLoad } from "../../src/loader/plan.ts";
import { Warehouse } from "../../src/loader/warehouse.ts";
import { cleanDelivery, cleanMatch, json, recordBatch, topicsNamed } from "./clean-records.ts";
import { loadPlan } from "./load-plan.ts";
import { matchSets } from "./cricket.ts";
import { documentSets, idOf, matchFiles, readAnyMatch } from "./cricket-files.ts";

/** A match that was loaded, and the card that another program made of its file. */
export interface LoadedMatch {
  readonly match: Match;
  readonly deliveries: readonly Delivery[];
  readonly expected: ScoredMatch;
}

/** Matches of a set that are loaded, at most: enough of each format, and a test that stays short. */
const OF_A_SET = 12;

/**
 * Opens a new warehouse in `dir` and loads matches of every format, the bundled sets first and then the larger ones that
 * are asked for, whole matches in a transaction each.
 */
export async function loadMatches(dir: string): Promise<{ warehouse: Warehouse; loaded: readonly LoadedMatch[] }> {
  const topics = topicsNamed("t");
  const warehouse = await Warehouse.open(dir, 0);
  await warehouse.start(
    new Map([
      [`${topics.deliveries}/0`, 0],
      [`${topics.matches}/0`, 0],
    ]),
    [],
  );
  const loaded = new Map<string, LoadedMatch>();
  let offset = 0;
  for (const set of [...matchSets(), ...documentSets()]) {
    for (const file of matchFiles(set.dir).slice(0, OF_A_SET)) {
      const id = idOf(file);
      const expected = set.expected.get(id) as ScoredMatch | undefined;
      if (expected === undefined || loaded.has(id)) continue;
      const { match, deliveries } = readAnyMatch(set.dir, file);
      const balls = deliveries.map((delivery, n) => ({
        offset: offset + n,
        value: json(cleanDelivery(delivery, offset + n)),
      }));
      const plan = planLoad(
        [
          recordBatch(topics.matches, 0, [{ offset: loaded.size, value: json(cleanMatch(match, loaded.size)) }]),
          recordBatch(topics.deliveries, 0, balls),
        ],
        warehouse.progress,
        topics,
      );
      await loadPlan(warehouse, plan);
      offset += balls.length;
      loaded.set(id, { match, deliveries, expected });
    }
  }
  expect(loaded.size).toBeGreaterThanOrEqual(20);
  return { warehouse, loaded: [...loaded.values()] };
}
