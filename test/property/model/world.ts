import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";
import type { FaultRates } from "../../../src/testing/index.ts";
import { copyOnce } from "./copier.ts";
import type { CopierBug } from "./copier.ts";

/** Mulberry32: 32 bits of state, uniform in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface WorldOptions {
  readonly seed: number;
  readonly partitions: number;
  readonly records: number;
  readonly copiers: number;
  readonly rates: FaultRates;
  /** Largest lateness of a transaction marker, ms; 0: none is late. */
  readonly markerLateMsMax: number;
  /** Probability that a call stops its process for longer than its session. */
  readonly freeze: number;
  readonly bug?: CopierBug | undefined;
}

export interface WorldResult {
  readonly expected: readonly string[][];
  readonly copied: readonly string[][];
  /** How often each fault fired. */
  readonly faults: ReadonlyMap<string, number>;
  readonly virtualMs: number;
}

/** Faults stop after this much model time; then everything must come to its end within the same again. */
const faultyMs = 60_000;

/**
 * Several copiers share a group and copy a topic while processes die, freeze and lose answers. Returns what
 * was in the input and what a read_committed reader finds in the output, by partition.
 */
export async function copyWorld(options: WorldOptions): Promise<WorldResult> {
  const random = seeded(options.seed);
  const late = (): number => (random() < 0.3 ? random() * options.markerLateMsMax : 0);
  const broker = new ModelBroker(options.markerLateMsMax > 0 ? { markerDelayMs: late } : {});
  broker.createTopic({ name: "in", partitions: options.partitions });
  broker.createTopic({ name: "out", partitions: options.partitions });
  const expected: string[][] = Array.from({ length: options.partitions }, () => []);
  for (let index = 0; index < options.records; index += 1) {
    const partition = Math.floor(random() * options.partitions);
    expected[partition]!.push(`v${index}`);
    broker.append("in", partition, `k${index}`, `v${index}`);
  }
  const startedAt = broker.clock.now();
  const stopRandom = broker.faults.random(random, options.rates);
  const stopFreezing = broker.faults.before("*", ({ client }) => {
    if (random() >= options.freeze) return;
    client.freeze();
    broker.clock.at(broker.clock.now() + 500 + random() * 8_000, () => client.thaw());
  });
  broker.clock.at(startedAt + faultyMs, () => {
    stopRandom();
    stopFreezing();
  });

  const isDone = (): boolean => {
    if (broker.clock.now() - startedAt > 2 * faultyMs) throw new Error("no end in sight: the copy does not progress");
    return expected.every((values, partition) => {
      const committed = broker.committedOffset("copy", { topic: "in", partition })?.offset ?? 0;
      return committed >= values.length;
    });
  };
  await Promise.all(
    Array.from({ length: options.copiers }, (_, index) => supervise(broker, `i${index}`, isDone, options.bug)),
  );
  // What the last process left open runs out; its late EndTxn, if any, arrives first.
  broker.clock.advance(faultyMs);
  const copied: string[][] = Array.from({ length: options.partitions }, () => []);
  for (const { partition, value } of broker.readCommitted("out")) copied[partition]!.push(value!.toString());
  return { expected, copied, faults: broker.faults.fired, virtualMs: broker.clock.now() - startedAt };
}

/** Starts a copier again whenever it ends, in a new process if the old one was killed. */
async function supervise(
  broker: ModelBroker,
  instanceId: string,
  isDone: () => boolean,
  bug: CopierBug | undefined,
): Promise<void> {
  let log = new ModelLog(broker, { clientId: instanceId });
  while (!isDone()) {
    if (log.isKilled) log = new ModelLog(broker, { clientId: instanceId });
    try {
      await copyOnce({ log, input: "in", output: "out", groupId: "copy", instanceId, bug, isDone });
    } catch (error) {
      if (!(error instanceof Error) || !("reaction" in error)) throw error;
      await broker.clock.sleep(50);
    }
  }
}
