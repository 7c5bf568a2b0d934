import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Delivery, Match } from "../../../src/domain/cricket/types.ts";
import { rebuildMarts } from "../../../src/loader/marts.ts";
import { readMatchIds, readStoredMatches } from "../../../src/loader/match-rows.ts";
import { planLoad } from "../../../src/loader/plan.ts";
import { SharedTexts } from "../../../src/loader/shared-texts.ts";
import { MART_TABLES } from "../../../src/loader/tables.ts";
import { Warehouse } from "../../../src/loader/warehouse.ts";
import {
  cleanDelivery,
  cleanMatch,
  delivery,
  json,
  match,
  recordBatch,
  topicsNamed,
  type TestRecord,
} from "../../support/clean-records.ts";
import { loadPlan } from "../../support/load-plan.ts";

const topics = topicsNamed("t");
const PARTITION = 0;

/** What may happen to a warehouse, in any order. */
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant("ball" as const), match: fc.nat(3), n: fc.nat(45), flavour: fc.nat(3) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("record" as const), match: fc.nat(3), winner: fc.nat(1) }) },
  /** What was gathered so far becomes a transaction. */
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("commit" as const), again: fc.boolean() }) },
  /** The transaction fails at its end: it is loaded again by the next. */
  { weight: 1, arbitrary: fc.constant({ kind: "fail" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
);

const MARTS = [
  ...MART_TABLES.map(({ name }) => name),
  ...["worm", "manhattan", "phases", "head_to_head", "career", "points", "sources", "live_match"],
];

/** Of each format a match, and one whose type is not known. */
const TYPES = ["ODI", "T20", "Test", null] as const;

async function marts(connection: DuckDBConnection): Promise<unknown[]> {
  const tables: unknown[] = [];
  for (const name of MARTS) {
    tables.push((await connection.runAndReadAll(`SELECT * FROM ${name} ORDER BY ALL`)).getRows());
  }
  return tables;
}

test("EO-9, EO-10: marts kept up incrementally equal those made anew, over corrections, redeliveries, failures and restarts", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 120 }), async (steps) => {
      const dir = mkdtempSync(join(tmpdir(), "tu-incremental-"));
      let warehouse = await Warehouse.open(dir, 0);
      await warehouse.start(
        new Map([
          [`${topics.deliveries}/0`, 0],
          [`${topics.matches}/0`, 0],
        ]),
        [],
      );
      const balls: TestRecord[] = [];
      const records: TestRecord[] = [];
      let committed = { balls: 0, records: 0 };
      const names = new SharedTexts();
      const expected = new Map<string, { match: Match | null; balls: Map<string, Delivery> }>();
      const of = (id: string) => {
        const known = expected.get(id) ?? { match: null, balls: new Map<string, Delivery>() };
        expected.set(id, known);
        return known;
      };
      const load = async (fail: boolean, again: boolean): Promise<void> => {
        const from = again ? { balls: 0, records: 0 } : committed;
        const plan = planLoad(
          [
            recordBatch(topics.matches, PARTITION, records.slice(from.records)),
            recordBatch(topics.deliveries, PARTITION, balls.slice(from.balls)),
          ],
          warehouse.progress,
          topics,
          // As the loader does: the same names for all, and now and then new ones.
          again ? undefined : names,
        );
        if (fail) {
          // No SQL number, and the offsets are the last thing written before COMMIT.
          plan.next.set("t.none/0", Number.NaN);
          await expect(loadPlan(warehouse, plan)).rejects.toThrow();
          return;
        }
        await loadPlan(warehouse, plan);
        committed = { balls: balls.length, records: records.length };
      };
      try {
        for (const action of steps) {
          switch (action.kind) {
            case "ball": {
              const full = delivery(`m${action.match}`, action.n, action.flavour);
              // The fourth flavour is of a format that knows one total of extras only.
              const ball = action.flavour === 3 ? { ...full, extras: null, nonBoundary: null } : full;
              balls.push({ offset: balls.length, value: json(cleanDelivery(ball, balls.length)) });
              of(ball.matchId).balls.set(`${ball.innings}.${ball.over}.${ball.ball}`, ball);
              break;
            }
            case "record": {
              const id = `m${action.match}`;
              const value = match(id, {
                matchType: TYPES[action.match] ?? null,
                outcome: { winner: action.winner === 0 ? "Zimbabwe" : "West Indies" },
              });
              records.push({ offset: records.length, value: json(cleanMatch(value, records.length)) });
              of(id).match = value;
              break;
            }
            case "commit":
              await load(false, action.again);
              break;
            case "fail":
              await load(true, false);
              break;
            case "restart":
              warehouse.close();
              warehouse = await Warehouse.open(dir, 0);
              break;
            default:
              throw new TypeError(`an unknown step ${String(action satisfies never)}`);
          }
        }
        await load(false, false);
        const { connection } = warehouse;
        const ids = await readMatchIds(connection);
        expect(ids).toEqual([...expected.keys()].toSorted());
        for (const stored of await readStoredMatches(connection, ids)) {
          const wanted = expected.get(stored.matchId);
          expect(stored.match).toEqual(wanted?.match);
          const inOrder = [...(wanted?.balls.values() ?? [])].toSorted(
            (a, b) => a.innings - b.innings || a.over - b.over || a.ball - b.ball,
          );
          expect(stored.deliveries).toEqual(inOrder);
        }
        const incremental = await marts(connection);
        await rebuildMarts(connection);
        expect(await marts(connection)).toEqual(incremental);
      } finally {
        warehouse.close();
        rmSync(dir, { recursive: true });
      }
    }),
    { numRuns: 40 },
  );
});
