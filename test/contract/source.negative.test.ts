/** The negative control of the source contract: sources that are wrong on purpose, each of which a check must catch. */
import { describe, expect, test } from "vitest";
import { FencedError } from "../../src/domain/errors.ts";
import { type Log, type ProducerOptions, type TransactionalProducer, WriteBatch } from "../../src/kafka/log.ts";
import type { RowStore } from "../../src/sources/memory/index.ts";
import { sourceChecks } from "./source-checks.ts";
import type { SourceWorld } from "./source-harness.ts";
import { memoryHarness, type RunMemory, runCorrectly } from "./source-memory.ts";

interface Wrong {
  readonly what: string;
  /** The check that must fail, and what it must say. */
  readonly caughtBy: RegExp;
  readonly saying: RegExp;
  readonly run: RunMemory;
}

const WRONG: readonly Wrong[] = [
  {
    what: "writes its position after the transaction of the events",
    caughtBy: /crash at 'committed' of the stream/u,
    saying: /the position counts the events that are in Kafka|rows that came again/u,
    run: (store, world, options) => {
      const late = new Postponed(options.log, (topic) => topic === world.topics.positions);
      return runCorrectly(store, world, { ...options, log: late.log, at: late.after("committed", options.at) });
    },
  },
  {
    what: "moves its position before the events are in Kafka",
    caughtBy: /crash at 'committed' of the stream/u,
    saying: /every row is in Kafka: row \d+ of \d+ is not/u,
    run: (store, world, options) => {
      const late = new Postponed(options.log, (topic) => topic === world.topics.raw);
      return runCorrectly(store, world, { ...options, log: late.log, at: late.after("committed", options.at) });
    },
  },
  {
    what: "swallows a gap",
    caughtBy: /EO-13: history that is lost is a new epoch/u,
    saying: /gap events/u,
    run: (store, world, options) => runCorrectly(view(store, { first: () => 1 }), world, options),
  },
  {
    what: "writes the gap event outside the transaction of the new epoch's position",
    caughtBy: /EO-13: a crash at 'committed' of a new epoch/u,
    saying: /gap events/u,
    run: (store, world, options) => {
      const late = new Postponed(options.log, (topic) => topic === world.topics.gaps);
      return runCorrectly(store, world, { ...options, log: late.log, at: late.after("committed", options.at) });
    },
  },
  {
    what: "sends what it holds once more when it has been fenced",
    caughtBy: /EO-7/u,
    saying: /the position counts the events that are in Kafka|rows that came again|in vain until it steps back/u,
    run: (store, world, options) => runCorrectly(store, world, { ...options, log: unfenced(options.log) }),
  },
  {
    what: "reads on while Kafka stands still",
    caughtBy: /back-pressure: while Kafka stands still the stream/u,
    saying: /taken from the server while nothing could be committed/u,
    run: (store, world, options) =>
      runCorrectly(view(store, { read: (after) => store.read(after, Infinity) }), world, options),
  },
  {
    what: "reads on while Kafka stands still in its first start",
    caughtBy: /back-pressure: while Kafka stands still the first start/u,
    saying: /taken from the server while nothing could be committed/u,
    run: (store, world, options) =>
      runCorrectly(view(store, { read: (after) => store.read(after, Infinity) }), world, options),
  },
  {
    what: "turns the rows of a batch around",
    caughtBy: /rows of a key keep their order/u,
    saying: /came after/u,
    run: (store, world, options) => runCorrectly(view(store, { read: aroundBefore(store) }), world, options),
  },
  {
    what: "leaves out a header",
    caughtBy: /complete CloudEvents headers/u,
    saying: /^ce_time/u,
    run: (store, world, options) =>
      runCorrectly(store, world, { ...options, log: withoutHeader(options.log, "ce_time") }),
  },
  {
    what: "puts every key on partition 0",
    caughtBy: /on the partition of the key/u,
    saying: /the partition of the key/u,
    run: (store, world, options) =>
      runCorrectly(store, { ...world, partitions: 1 }, { ...options, log: claiming(options.log, world) }),
  },
  {
    what: "skips what it cannot read",
    caughtBy: /a row that cannot be read goes out as unreadable/u,
    saying: /odd rows|the position counts the events/u,
    run: (store, world, options) =>
      runCorrectly(
        view(store, { read: (after, limit) => store.read(after, limit).filter(({ text }) => text.endsWith("}")) }),
        world,
        options,
      ),
  },
  {
    what: "does not hear an abort",
    caughtBy: /an abort ends the source/u,
    saying: /in vain until the aborted source ended/u,
    run: async (store, world, options) => {
      const deaf = new AbortController();
      deafOnes.push(deaf);
      await runCorrectly(store, world, { ...options, signal: deaf.signal });
    },
  },
];

const deafOnes: AbortController[] = [];

describe("the source contract catches a source that", () => {
  test.each(WRONG.map((wrong) => [wrong.what, wrong] as const))("%s", async (_, { caughtBy, saying, run }) => {
    const checks = sourceChecks(memoryHarness(run, 700)).filter(({ title }) => caughtBy.test(title));
    expect(checks).toHaveLength(1);
    const error: unknown = await checks[0]?.run().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    for (const deaf of deafOnes) deaf.abort();
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toMatch(saying);
  });
});

/** The store with some of it replaced. */
function view(store: RowStore, change: { readonly first?: () => number; readonly read?: RowStore["read"] }): RowStore {
  return {
    get id() {
      return store.id;
    },
    get first() {
      return change.first?.() ?? store.first;
    },
    get head() {
      return store.head;
    },
    read: change.read ?? ((after, limit) => store.read(after, limit)),
    wait: (after, ms, signal) => store.wait(after, ms, signal),
  };
}

/** The rows before the last one in reverse, so that the position still ends where it should. */
function aroundBefore(store: RowStore): RowStore["read"] {
  return (after, limit) => {
    const rows = store.read(after, limit);
    return [...rows.slice(0, -1).toReversed(), ...rows.slice(-1)];
  };
}

function withProducers(
  log: Log,
  change: (inner: TransactionalProducer, options: ProducerOptions) => Partial<TransactionalProducer>,
): Log {
  return {
    consumer: (options) => log.consumer(options),
    reader: (options) => log.reader(options),
    admin: () => log.admin(),
    producer: (options) => {
      const inner = log.producer(options);
      return {
        open: () => inner.open(),
        begin: () => inner.begin(),
        write: (batch) => inner.write(batch),
        sendOffsets: (offsets, consumer) => inner.sendOffsets(offsets, consumer),
        commit: () => inner.commit(),
        abort: () => inner.abort(),
        close: () => inner.close(),
        ...change(inner, options),
      };
    },
  };
}

/** Keeps the records of a batch that `wanted` holds for. */
function only(batch: WriteBatch, wanted: (topic: string) => boolean): WriteBatch {
  const kept = new WriteBatch();
  for (const [index, topic] of batch.topics.entries()) {
    if (!wanted(topic)) continue;
    const { partitions, keys, values, headers } = batch;
    kept.append(topic, partitions[index] ?? 0, keys[index] ?? null, values[index] ?? null, headers[index]);
  }
  return kept;
}

/** Some records leave their transaction and follow in one of their own, after a point at which the source may crash. */
class Postponed {
  readonly log: Log;
  #rest: (() => Promise<void>) | undefined;

  constructor(log: Log, isPostponed: (topic: string) => boolean) {
    this.log = withProducers(log, (inner) => ({
      write: async (batch) => {
        const rest = only(batch, isPostponed);
        this.#rest = async () => {
          await inner.begin();
          await inner.write(rest);
          await inner.commit();
        };
        await inner.write(only(batch, (topic) => !isPostponed(topic)));
      },
    }));
  }

  after(when: string, at: (point: string) => Promise<void> | void): (point: string) => Promise<void> {
    return async (point) => {
      await at(point);
      if (point !== when) return;
      await this.#rest?.();
      this.#rest = undefined;
    };
  }
}

/** A producer that takes its id back and writes again what it held. */
function unfenced(log: Log): Log {
  return withProducers(log, (inner, options) => {
    let held = new WriteBatch();
    return {
      write: (batch) => {
        held = batch;
        return inner.write(batch);
      },
      commit: async () => {
        try {
          await inner.commit();
        } catch (error) {
          if (!(error instanceof FencedError)) throw error;
          const another = log.producer(options);
          await another.open();
          await another.begin();
          await another.write(held);
          await another.commit();
        }
      },
    };
  });
}

function withoutHeader(log: Log, name: string): Log {
  return withProducers(log, (inner) => ({
    write: (batch) => {
      for (const [index, headers] of batch.headers.entries()) {
        batch.headers[index] = headers?.filter(([each]) => each !== name);
      }
      return inner.write(batch);
    },
  }));
}

/** Says that the raw topic has one partition. */
function claiming(log: Log, world: SourceWorld): Log {
  return {
    ...log,
    consumer: (options) => log.consumer(options),
    reader: (options) => log.reader(options),
    producer: (options) => log.producer(options),
    admin: () => {
      const admin = log.admin();
      return {
        createTopics: (specs) =>
          admin.createTopics(
            specs.map((spec) => (spec.name === world.topics.raw ? { ...spec, partitions: world.partitions } : spec)),
          ),
        describeTopics: async (names) => {
          const found = new Map(await admin.describeTopics(names));
          const raw = found.get(world.topics.raw);
          if (raw !== undefined) found.set(world.topics.raw, { ...raw, partitions: 1 });
          return found;
        },
        groupOffsets: (groupId, partitions) => admin.groupOffsets(groupId, partitions),
        acknowledge: (groupId, offsets) => admin.acknowledge(groupId, offsets),
        groupMembers: (groupId) => admin.groupMembers(groupId),
        requestRound: (groupId) => admin.requestRound(groupId),
        deleteTopics: (names) => admin.deleteTopics(names),
        brokerLimits: () => admin.brokerLimits(),
        close: () => admin.close(),
      };
    },
  };
}
