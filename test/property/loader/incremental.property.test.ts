import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { DuckDBConnection } from "@duckdb/node-api";
import { mergeDelivery, mergeMatch } from "../../../src/domain/cricket/merge.ts";
import type { Delivery, InningsNote, Match } from "../../../src/domain/cricket/types.ts";
import { rebuildMarts } from "../../../src/loader/marts.ts";
import { readMatchIds, readStoredMatches } from "../../../src/loader/match-rows.ts";
import { type LoadPlan, planLoad } from "../../../src/loader/plan.ts";
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

const targetNote: InningsNote = {
  innings: 2,
  team: null,
  superOver: false,
  declared: false,
  forfeited: null,
  target: { overs: 50, runs: 212 },
  absentHurt: [],
  penaltyPre: 0,
  penaltyPost: 0,
};

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

interface Gathered {
  readonly balls: readonly TestRecord[];
  readonly records: readonly TestRecord[];
}

/** As the loader does it: a transaction is worked out while the one before is under way. */
class OverlappingLoader {
  readonly #names = new SharedTexts();
  #under: Promise<void> = Promise.resolve();
  /** Taken into a transaction, which may still be under way. */
  #taken = { balls: 0, records: 0 };

  settled(): Promise<void> {
    return this.#under;
  }

  /** `again` takes everything from the start, as after a restart, with names of its own: the matches in memory must be read again. */
  async load(warehouse: Warehouse, { balls, records, again }: Gathered & { readonly again: boolean }): Promise<void> {
    const plan = this.#plan(again ? { balls: 0, records: 0 } : this.#taken, { balls, records }, again);
    const prepared = await warehouse.prepare(plan, () => this.#under);
    await this.#under;
    this.#taken = { balls: balls.length, records: records.length };
    this.#under = warehouse.load(prepared);
  }

  /** Throws. Everything that was gathered is loaded by the next, as if this one had not been. */
  async fail(warehouse: Warehouse, gathered: Gathered): Promise<void> {
    await this.#under;
    const plan = this.#plan(this.#taken, gathered, false);
    // No SQL number, and the offsets are the last thing written before COMMIT.
    plan.next.set("t.none/0", Number.NaN);
    await loadPlan(warehouse, plan);
  }

  #plan(from: { readonly balls: number; readonly records: number }, gathered: Gathered, again: boolean): LoadPlan {
    const next = new Map([
      [`${topics.deliveries}/0`, from.balls],
      [`${topics.matches}/0`, from.records],
    ]);
    return planLoad(
      [
        recordBatch(topics.matches, PARTITION, gathered.records.slice(from.records)),
        recordBatch(topics.deliveries, PARTITION, gathered.balls.slice(from.balls)),
      ],
      { next, judged: new Map() },
      topics,
      again ? undefined : this.#names,
    );
  }
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
      const loader = new OverlappingLoader();
      const expected = new Map<string, { match: Match | null; balls: Map<string, Delivery> }>();
      const of = (id: string) => {
        const known = expected.get(id) ?? { match: null, balls: new Map<string, Delivery>() };
        expected.set(id, known);
        return known;
      };
      try {
        for (const action of steps) {
          switch (action.kind) {
            case "ball": {
              const full = delivery(`m${action.match}`, action.n, action.flavour);
              // The fourth flavour is of a format that knows one total of extras only.
              const ball = action.flavour === 3 ? { ...full, extras: null, nonBoundary: null } : full;
              balls.push({ offset: balls.length, value: json(cleanDelivery(ball, balls.length)) });
              const { balls: known } = of(ball.matchId);
              const key = `${ball.innings}.${ball.over}.${ball.ball}`;
              const before = known.get(key);
              known.set(key, before === undefined ? ball : mergeDelivery(before, ball));
              break;
            }
            case "record": {
              const id = `m${action.match}`;
              // One of the formats says nothing of innings.
              const knows = action.winner === 0;
              const value = match(id, {
                version: knows ? "2.3.0" : "2.1.0",
                inningsNotes: knows ? [targetNote] : [],
                matchType: TYPES[action.match] ?? null,
                outcome: { winner: action.winner === 0 ? "Zimbabwe" : "West Indies" },
              });
              records.push({ offset: records.length, value: json(cleanMatch(value, records.length)) });
              const known = of(id);
              known.match = known.match === null ? value : mergeMatch(known.match, value);
              break;
            }
            case "commit":
              await loader.load(warehouse, { balls, records, ...action });
              break;
            case "fail":
              await expect(loader.fail(warehouse, { balls, records })).rejects.toThrow();
              break;
            case "restart":
              await loader.settled();
              warehouse.close();
              warehouse = await Warehouse.open(dir, 0);
              break;
            default:
              throw new TypeError(`an unknown step ${String(action satisfies never)}`);
          }
        }
        await loader.load(warehouse, { balls, records, again: false });
        await loader.settled();
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
        await loader.settled();
        warehouse.close();
        rmSync(dir, { recursive: true });
      }
    }),
    { numRuns: 40 },
  );
});
