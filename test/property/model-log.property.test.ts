import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ModelGroup } from "../../src/testing/model-group.ts";
import { ModelPartition } from "../../src/testing/model-topic.ts";
import { TransactionCoordinator } from "../../src/testing/model-transactions.ts";
import { copierBugs } from "./model/copier.ts";
import { commandArbitrary, runCommands } from "./model/commands.ts";
import { copyWorld } from "./model/world.ts";
import type { WorldOptions } from "./model/world.ts";

const rates = {
  kill: 0.004,
  retryable: 0.02,
  abortRequired: 0.02,
  fenced: 0.01,
  indefinite: 0.05,
  lateByMsMax: 2_000,
  shortFetch: 0.3,
};

const world: fc.Arbitrary<WorldOptions> = fc.record({
  seed: fc.integer({ min: 0, max: 0x7fff_ffff }),
  partitions: fc.integer({ min: 1, max: 4 }),
  records: fc.integer({ min: 1, max: 150 }),
  copiers: fc.integer({ min: 1, max: 3 }),
  rates: fc.constant(rates),
  markerLateMsMax: fc.constantFrom(0, 50, 500),
  freeze: fc.constantFrom(0, 0.003),
});

async function copiesExactlyOnce(options: WorldOptions): Promise<void> {
  const { copied, expected } = await copyWorld(options);
  expect(copied).toEqual(expected);
}

const history = fc.asyncProperty(
  fc.array(commandArbitrary, { minLength: 1, maxLength: 60 }),
  fc.constantFrom(0, 200),
  runCommands,
);

describe("the model Log", () => {
  test("shows exactly the committed records in order, and offsets with their transaction only (EO-3, EO-6)", async () => {
    await fc.assert(history, { numRuns: 1_000 });
  });

  test("lets a correct copier copy every record exactly once, whatever fails (EO-2, EO-3, EO-6, EO-7)", async () => {
    await fc.assert(fc.asyncProperty(world, copiesExactlyOnce), { numRuns: 1_000 });
  });

  test("gives the same run for the same seed", async () => {
    const options: WorldOptions = {
      seed: 7,
      partitions: 3,
      records: 100,
      copiers: 3,
      rates,
      markerLateMsMax: 500,
      freeze: 0.003,
    };
    expect(await copyWorld(options)).toEqual(await copyWorld(options));
  });

  test("meets every fault it can inject", async () => {
    const fired = new Set<string>();
    for (let seed = 0; seed < 50; seed += 1) {
      const result = await copyWorld({
        seed,
        partitions: 2,
        records: 80,
        copiers: 2,
        rates,
        markerLateMsMax: 50,
        freeze: 0.003,
      });
      for (const name of result.faults.keys()) fired.add(name);
    }
    expect([...fired].toSorted()).toEqual([
      "AbortRequiredError",
      "FencedError",
      "IndefiniteCommitError",
      "RetryableError",
      "kill",
    ]);
  });
});

describe("negative controls: a broken copier is caught", () => {
  test.each(copierBugs)("%s", async (bug) => {
    const result = await fc.check(
      fc.asyncProperty(world, (options) => copiesExactlyOnce({ ...options, bug })),
      { numRuns: 1_000, endOnFailure: true },
    );
    expect(result.failed).toBe(true);
  });
});

describe("negative controls: a broken model is caught", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  const read = ModelPartition.prototype.read;
  const init = TransactionCoordinator.prototype.init;
  const breakages: Record<string, () => void> = {
    "readers see aborted and open records": () => {
      vi.spyOn(ModelPartition.prototype, "read").mockImplementation(function (this: ModelPartition, from, _, max) {
        return read.call(this, from, "read_uncommitted", max);
      });
    },
    "readers skip a record": () => {
      vi.spyOn(ModelPartition.prototype, "read").mockImplementation(function (
        this: ModelPartition,
        from,
        isolation,
        max,
      ) {
        const { entries, next } = read.call(this, from, isolation, max);
        return { entries: entries.filter(({ offset }) => offset % 7 !== 3), next };
      });
    },
    "a commit is lost": () => {
      vi.spyOn(TransactionCoordinator.prototype, "end").mockImplementation(() => undefined);
    },
    "opening a producer neither fences nor aborts": () => {
      const opened = new Map<TransactionCoordinator, Map<string, number>>();
      vi.spyOn(TransactionCoordinator.prototype, "init").mockImplementation(async function (
        this: TransactionCoordinator,
        id,
        timeoutMs,
      ) {
        const known = opened.get(this) ?? new Map<string, number>();
        opened.set(this, known);
        const epoch = known.get(id) ?? (await init.call(this, id, timeoutMs));
        known.set(id, epoch);
        return epoch;
      });
    },
    "offsets of an aborted transaction count": () => {
      const resolve = ModelGroup.prototype.resolve;
      vi.spyOn(ModelGroup.prototype, "resolve").mockImplementation(function (this: ModelGroup) {
        resolve.call(this, { commits: true });
      });
      const addOffsets = ModelGroup.prototype.addOffsets;
      vi.spyOn(ModelGroup.prototype, "addOffsets").mockImplementation(function (
        this: ModelGroup,
        transaction,
        from,
        offsets,
      ) {
        addOffsets.call(this, transaction, from, offsets);
        this.store(offsets);
      });
    },
    "an offset that may still be committed is told as it was": () => {
      vi.spyOn(ModelGroup.prototype, "isStable").mockReturnValue(true);
    },
    "a stale generation commits": () => {
      const addOffsets = ModelGroup.prototype.addOffsets;
      vi.spyOn(ModelGroup.prototype, "addOffsets").mockImplementation(function (
        this: ModelGroup,
        transaction,
        from,
        offsets,
      ) {
        try {
          addOffsets.call(this, transaction, from, offsets);
        } catch {
          this.store(offsets);
        }
      });
    },
  };

  test.each(Object.keys(breakages))("%s", async (name) => {
    breakages[name]!();
    const byHistory = await fc.check(history, { numRuns: 300, endOnFailure: true });
    const byCopier = await fc.check(fc.asyncProperty(world, copiesExactlyOnce), { numRuns: 300, endOnFailure: true });
    expect(byHistory.failed || byCopier.failed).toBe(true);
  });
});
