import { describe, expect, test } from "vitest";
import type { AuditReport } from "../../../src/audit/index.ts";
import { DIFFERENCES_PER_ARROW } from "../../../src/audit/report.ts";
import { block, compare, eventId, rightWorld, warehouseRow, type World } from "./world.ts";

/** What the audit says after one thing has been spoilt. */
function spoilt(spoil: (world: World) => void): AuditReport {
  const world = rightWorld();
  spoil(world);
  return compare(world);
}

function texts(report: AuditReport): string[] {
  return report.differences.map(({ arrow, text }) => `${arrow}: ${text}`);
}

describe("a run in which everything is right", () => {
  test("is proved: replays, corrections, stale and poison records are all explained by their verdicts", () => {
    const report = compare(rightWorld());
    expect(texts(report)).toEqual([]);
    expect(report).toMatchObject({ proved: true, unexplained: 0, unchecked: [], notes: [] });
    expect(report.verdicts).toEqual({ accepted: 3, duplicate: 1, correction: 1, stale: 1, late: 0, poison: 1 });
    expect(report.arrows.map(({ name, from, to }) => [name, from.count, to.count])).toEqual([
      ["rows", 7, 7],
      ["judged", 7, 7],
      ["review", 7, 7],
      ["clean", 4, 4],
      ["quarantine", 1, 1],
      ["warehouse", 3, 3],
      ["content", 3, 3],
      ["tables", 7, 7],
      ["loaded", 4, 4],
    ]);
  });

  test("stays right when the slot moved back and rows came twice, wrong values before corrections included", () => {
    const report = spoilt((world) => {
      const again = world.raw.slice(1, 4).map((record, index) => ({ ...record, offset: 9 + index }));
      world.raw.push(...again);
      world.blocks.push(
        block(9, 12, [
          [9, "stale"],
          [10, "duplicate"],
          [11, "duplicate"],
        ]),
      );
      world.tables = {
        ...world.tables,
        counts: new Map([["raw/0", { accepted: 3, duplicate: 3, correction: 1, stale: 2, late: 0, poison: 1 }]]),
        rows: 7,
      };
    });
    expect(texts(report)).toEqual([]);
    expect(report.arrows[0]?.explained).toBe("3 events repeat a row that was sent before");
  });

  test("lets a running system go on: clean records beyond what was reviewed are not compared with it", () => {
    const report = spoilt((world) => {
      world.clean.push({
        topic: "clean",
        partition: 0,
        offset: 5,
        key: "match",
        eventId: eventId("d/3", "newer"),
        verdict: "accepted",
        source: { topic: "raw", partition: 0, offset: 12 },
        identity: { key: "d/3", content: "newer" },
        loaded: true,
      });
      world.warehouse.push(warehouseRow("d/3", "newer"));
      world.loaded = { end: 4, high: 7, next: 7, isLoading: true };
    });
    expect(texts(report)).toEqual([]);
  });

  test("claims nothing of what has not been loaded while no loader runs, and calls it no difference", () => {
    const report = spoilt((world) => {
      world.clean = world.clean.map((record) => ({ ...record, loaded: record.offset < 3 }));
      world.warehouse = world.warehouse.filter(({ label }) => label !== "m/1");
      world.loaded = { end: 4, high: 5, next: 3, isLoading: false };
    });
    expect(texts(report)).toEqual([]);
    expect(report).toMatchObject({ proved: false, unexplained: 0 });
    expect(report.unchecked).toEqual([expect.stringMatching(/^what has not been loaded yet: no loader runs/u)]);
  });

  test("explains a repaired record that was sent again from quarantine", () => {
    const report = spoilt((world) => {
      const identity = { key: "d/9", content: "repaired" };
      world.raw.push({ ...world.raw[5]!, offset: 9, again: true, payload: "row repaired", identity });
      world.blocks.push(block(9, 10, [[9, "accepted"]]));
      world.clean.push({
        ...world.clean[0]!,
        offset: 5,
        eventId: eventId("d/9", "repaired"),
        identity,
        source: { topic: "raw", partition: 0, offset: 9 },
      });
      world.warehouse.push(warehouseRow("d/9", "repaired"));
      world.tables = {
        ...world.tables,
        counts: new Map([["raw/0", { accepted: 4, duplicate: 1, correction: 1, stale: 1, late: 0, poison: 1 }]]),
      };
    });
    expect(texts(report)).toEqual([]);
    expect(report.arrows[0]?.explained).toBe("1 sent again from quarantine");
  });
});

describe("what is found, and where (negative controls)", () => {
  const cases: readonly (readonly [what: string, spoil: (world: World) => void, found: readonly RegExp[]])[] = [
    [
      "EO-11: a row that never reached the raw topic",
      (world) =>
        world.rows.push({
          source: "odi",
          table: "deliveries",
          id: 99,
          payload: "lost",
          identity: { key: "d/99", content: "lost" },
        }),
      [/^rows: odi\.deliveries id 99 is not in the raw topic$/u, /^content: odi row 99 was never accepted/u],
    ],
    [
      "a row whose event says something else",
      (world) => (world.raw[0] = { ...world.raw[0]!, payload: "row changed on the way" }),
      [/^rows: odi\.deliveries id 1 says something else/u],
    ],
    [
      "EO-1: a hole between the verdict blocks",
      (world) =>
        (world.blocks[1] = block(5, 8, [
          [5, "stale"],
          [6, "poison"],
          [7, "accepted"],
        ])),
      [/^judged: raw\/0\/4 has no verdict: a hole/u],
    ],
    [
      "EO-1: a block that is missing where no record is left to tell",
      (world) => (world.blocks[1] = { ...world.blocks[1]!, continuesFrom: 4 }),
      [/^judged: raw\/0: a hole in the chain of verdicts: a block ends at offset 3, the next one continues from 4$/u],
    ],
    [
      "EO-1: records without a verdict at the end",
      (world) => world.blocks.pop(),
      [/^judged: raw\/0\/4 has no verdict yet$/u],
    ],
    [
      "EO-1: records that were judged twice",
      (world) =>
        world.blocks.push(
          block(4, 8, [
            [4, "correction"],
            [5, "stale"],
            [6, "poison"],
            [7, "accepted"],
          ]),
        ),
      [/^judged: raw\/0: the verdict blocks overlap at offsets 4 to 8$/u],
    ],
    [
      "EO-1: a block that counts a record too many",
      (world) => (world.blocks[0] = { ...world.blocks[0]!, counts: { ...world.blocks[0]!.counts, accepted: 3 } }),
      [/^judged: .*gives 4 verdicts to 3 records$/u],
    ],
    [
      "a wrong verdict: a duplicate that was let through",
      (world) =>
        (world.blocks[0] = block(0, 3, [
          [0, "accepted"],
          [1, "accepted"],
          [2, "correction"],
        ])),
      [
        /^review: raw\/0\/2 was judged correction; an independent review says duplicate$/u,
        /^clean: raw\/0\/2 is correction and not in the clean stream$/u,
      ],
    ],
    [
      "EO-2: a clean record that is there twice",
      (world) => world.clean.push({ ...world.clean[0]!, offset: 9 }),
      [
        /^clean: clean\/0\/9: raw record raw\/0\/0 is in the clean stream twice \(EO-2\)$/u,
        /^clean: event id …[0-9a-f]{16} is in the clean stream twice/u,
      ],
    ],
    [
      "a clean record that is missing",
      (world) => world.clean.splice(1, 1),
      [/^clean: raw\/0\/1 is accepted and not in the clean stream$/u],
    ],
    [
      "EO-3: clean records of one key that changed places",
      (world) => world.clean.reverse(),
      [/^clean: .*comes after .* of the same key \(EO-3\)$/u],
    ],
    [
      "a clean record from nowhere",
      (world) => world.clean.push({ ...world.clean[0]!, offset: 9, source: { topic: "raw", partition: 0, offset: 3 } }),
      [/^clean: clean\/0\/9 comes from raw\/0\/3, where no record is$/u],
    ],
    [
      "a clean record whose content is not that of its raw record",
      (world) =>
        (world.clean[0] = {
          ...world.clean[0]!,
          identity: { key: "d/1", content: "another" },
          eventId: eventId("d/1", "another"),
        }),
      [/^clean: clean\/0\/0 says something else than its raw record/u],
    ],
    [
      "a poison record that is not in quarantine",
      (world) => world.quarantine.pop(),
      [/^quarantine: raw\/0\/6 is poison and not in quarantine$/u],
    ],
    [
      "a quarantined record that was changed",
      (world) => (world.quarantine[0] = { ...world.quarantine[0]!, value: Buffer.from("x") }),
      [/^quarantine: raw\/0\/6 is not in quarantine as it came$/u],
    ],
    [
      "a quarantined record that was also accepted",
      (world) => world.quarantine.push({ ...world.quarantine[0]!, offset: 0 }),
      [/^quarantine: raw\/0\/0 is in quarantine and was judged accepted$/u],
    ],
    [
      "EO-9: a warehouse row that was changed by hand",
      (world) => (world.warehouse[0] = { ...world.warehouse[0]!, identity: { key: "d/1", content: "touched" } }),
      [/^warehouse: d\/1 was changed: its event id is/u],
    ],
    [
      "EO-9: a warehouse row that was not corrected",
      (world) => (world.warehouse[1] = warehouseRow("d/2", "wrong")),
      [/^warehouse: d\/2 is not the latest of the clean stream$/u],
    ],
    [
      "EO-9: a warehouse row that is missing",
      (world) => world.warehouse.splice(1, 1),
      [/^warehouse: raw\/0\/4 is the latest of its key in the clean stream and not in the warehouse$/u],
    ],
    [
      "EO-9: a warehouse row that is there twice",
      (world) => world.warehouse.push(world.warehouse[0]!),
      [/^warehouse: d\/1 is in the warehouse twice$/u],
    ],
    [
      "EO-9: a warehouse row out of nothing",
      (world) => world.warehouse.push(warehouseRow("d/7", "invented")),
      [/^warehouse: d\/7 has no clean record$/u],
    ],
    [
      "EO-9: a warehouse that has not loaded all",
      (world) => (world.loaded = { end: 4, high: 5, next: 3, isLoading: true }),
      [/^loaded: clean\/0: the warehouse stands at 3, the topic ends at 4$/u],
    ],
    [
      "EO-9: a warehouse of another topic",
      (world) => (world.loaded = { end: 4, high: 5, next: 50, isLoading: true }),
      [/^loaded: .*beyond the end of the topic at 5/u],
    ],
    [
      "EO-9: verdict tables that count otherwise",
      (world) => (world.tables = { ...world.tables, rows: 3 }),
      [/^tables: table verdicts has 3 rows, 4 records were not accepted$/u],
    ],
    [
      "a record accepted from a row that says nothing",
      (world) => (world.rows = world.rows.map((row) => ({ ...row, identity: row.id === 7 ? null : row.identity }))),
      [/^content: raw\/0\/7 is of a key that no row of odi has$/u],
    ],
    [
      "a last content at a source that the review did not end at",
      (world) =>
        world.rows.push({
          source: "odi",
          table: "deliveries",
          id: 8,
          payload: "row d/1 two",
          identity: { key: "d/1", content: "two" },
        }),
      [
        /^rows: odi\.deliveries id 8 is not in the raw topic$/u,
        /^content: odi row 8 is the last content of its key at its source/u,
      ],
    ],
  ];

  test.each(cases)("%s", (_what, spoil, found) => {
    const report = spoilt(spoil);
    expect(report.proved).toBe(false);
    expect(report.unexplained).toBeGreaterThan(0);
    for (const expected of found)
      expect(texts(report)).toEqual(expect.arrayContaining([expect.stringMatching(expected)]));
  });

  test("lists a bounded number of differences and counts them all", () => {
    const report = spoilt((world) => {
      for (let id = 100; id < 1100; id++)
        world.rows.push({ source: "odi", table: "deliveries", id, payload: "lost", identity: null });
    });
    expect(report.unexplained).toBe(1000);
    expect(report.differences).toHaveLength(DIFFERENCES_PER_ARROW);
  });
});

describe("what retention has deleted", () => {
  test("is named and not claimed: raw records", () => {
    const report = spoilt((world) => {
      world.kept.raw = 4;
      world.raw = world.raw.filter(({ offset }) => offset >= 4);
      world.clean = world.clean.filter(({ source }) => source.offset >= 0);
    });
    expect(texts(report)).toEqual([]);
    expect(report.proved).toBe(false);
    expect(report.unchecked).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^raw\/0 begins at offset 4/u),
        expect.stringMatching(/^3 rows have no event/u),
      ]),
    );
  });

  test("is named and not claimed: clean records and quarantine", () => {
    const report = spoilt((world) => {
      world.kept = { ...world.kept, clean: false, quarantine: false };
      world.clean = world.clean.slice(2);
      world.quarantine = [];
    });
    expect(texts(report)).toEqual([]);
    expect(report.proved).toBe(false);
    expect(report.unchecked.length).toBeGreaterThan(0);
  });

  test("is named and not claimed: verdicts", () => {
    const report = spoilt((world) => {
      world.kept.verdicts = false;
      world.blocks.shift();
    });
    expect(texts(report)).toEqual([]);
    expect(report.proved).toBe(false);
    expect(report.unchecked).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^raw\/0: verdicts of records before offset 4 have been deleted/u),
      ]),
    );
  });
});
