import { CRICKET_EVENT, CRICKET_TOPICS } from "../../src/domain/cricket/topics.ts";
import type { CleanDelivery, CleanMatch } from "../../src/domain/cricket/types.ts";
import { IdentityHasher } from "../../src/domain/review/identity.ts";
import { decodeVerdictBlock } from "../../src/domain/review/verdict-block.ts";
import { totalCount, type Verdict, type VerdictCounts, VERDICTS, zeroCounts } from "../../src/domain/review/verdict.ts";
import type { CommittedOffset, RecordHeaders } from "../../src/kafka/log.ts";
import { cricketTopology } from "../../src/pipelines/cricket/topology.ts";
import type { CricketFact } from "../../src/pipelines/cricket/decode/event-kind.ts";
import { ensureCricketTopics } from "../../src/pipelines/cricket/topics.ts";
import { runProcessor } from "../../src/processor/index.ts";
import type { Topology } from "../../src/processor/topology.ts";
import { cloudEventHeaders } from "../../src/sources/kit/headers.ts";
import { ModelBroker, ModelLog, type ModelRecord } from "../../src/testing/index.ts";

const GROUP = "cricket-test";
const PATIENCE_MS = 60_000;

/** A raw record, as a source would write it. */
export interface RawRecord {
  readonly topic: string;
  readonly key: string;
  readonly value: Buffer | string | null;
  readonly headers: RecordHeaders;
}

const TOPIC_OF: Readonly<Record<string, string>> = {
  odi: CRICKET_TOPICS.odiRaw,
  t20i: CRICKET_TOPICS.t20iRaw,
  test: CRICKET_TOPICS.testRaw,
};

/** A raw record of an event type, in the topic that the type belongs to. Objects are written as JSON. */
export function rawRecord(type: string, key: string, value: Buffer | string | object): RawRecord {
  const source = type.split(".")[1] ?? "";
  return {
    topic: TOPIC_OF[source] ?? "",
    key,
    value: typeof value === "string" || Buffer.isBuffer(value) ? value : JSON.stringify(value),
    headers: cloudEventHeaders({
      id: "position-1",
      source: `made-up/${source}`,
      type,
      subject: key,
      timeMs: Date.UTC(2026, 0, 1),
      contentType: type === CRICKET_EVENT.testObject ? "application/yaml" : "application/json",
      rowId: "deliveries/1",
    }),
  };
}

/** The same with one header replaced, or taken out. */
export function withHeader(record: RawRecord, name: string, value: string | null): RawRecord {
  const others = record.headers.filter(([candidate]) => candidate !== name);
  return { ...record, headers: value === null ? others : [...others, [name, Buffer.from(value)]] };
}

/** The cricket topology on a model broker with one partition; records go in while it runs. */
export class CricketPipeline {
  readonly broker: ModelBroker;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #appended = new Map<string, number>();

  private constructor(broker: ModelBroker, topology: Topology<CricketFact>) {
    this.broker = broker;
    this.#running = runProcessor({
      log: new ModelLog(broker, { clientId: "processor-1" }),
      topology,
      groupId: GROUP,
      instanceId: "processor-1",
      stateDir: "unused",
      skipProbe: true,
      signal: this.#stop.signal,
      clock: broker.clock,
      commitIntervalMs: 20,
    });
  }

  static async start(): Promise<CricketPipeline> {
    // Compiling takes real time, which the model's clock would take for idleness.
    await IdentityHasher.create();
    const broker = new ModelBroker();
    const admin = new ModelLog(broker, { clientId: "setup" }).admin();
    await ensureCricketTopics(admin, { partitions: 1, retentionHours: 168 });
    await admin.close();
    return new CricketPipeline(broker, cricketTopology({ partitions: 1 }));
  }

  /** The next process, behind one that has stopped: with its state, and another topology where one is given. */
  static after(
    before: CricketPipeline,
    topology: Topology<CricketFact> = cricketTopology({ partitions: 1 }),
  ): CricketPipeline {
    const next = new CricketPipeline(before.broker, topology);
    for (const [topic, count] of before.#appended) next.#appended.set(topic, count);
    return next;
  }

  append(records: Iterable<RawRecord>): void {
    for (const { topic, key, value, headers } of records) {
      this.broker.append(topic, 0, key, value, Object.fromEntries(headers));
      this.#appended.set(topic, (this.#appended.get(topic) ?? 0) + 1);
    }
  }

  /** Waits until all that was appended has its verdict, and checks EO-1. */
  async judged(): Promise<void> {
    const { clock } = this.broker;
    const deadline = clock.now() + PATIENCE_MS;
    const done = (): boolean =>
      [...this.#appended].every(
        ([topic, count]) => (this.broker.committedOffset(GROUP, { topic, partition: 0 })?.offset ?? 0) >= count,
      );
    const failed = this.#running.then(() => new Promise<never>(() => undefined));
    while (!done()) {
      if (clock.now() > deadline) throw new Error("records without a verdict after a minute");
      await Promise.race([clock.sleep(50), failed]);
    }
    for (const [topic, count] of this.#appended) {
      const total = totalCount(this.counts(topic));
      if (total !== count) throw new Error(`EO-1: ${topic} holds ${count} records and ${total} verdicts`);
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Sums over all verdict blocks, of one input or of all. */
  counts(topic?: string): VerdictCounts {
    const counts = zeroCounts();
    for (const block of this.#blocks(topic)) for (const verdict of VERDICTS) counts[verdict] += block.counts[verdict];
    return counts;
  }

  /** Duplicates that know more than what was known, of all inputs. */
  completing(): number {
    return this.#blocks().reduce((sum, { completing }) => sum + (completing ?? 0), 0);
  }

  /** The verdict of every record of an input, in offset order. */
  verdicts(topic: string): readonly Verdict[] {
    return this.#blocks(topic).flatMap(({ fromOffset, toOffset, entries }) => {
      const rejected = new Map(entries.map(({ offset, verdict }) => [offset, verdict]));
      return Array.from({ length: toOffset - fromOffset }, (_, n) => rejected.get(fromOffset + n) ?? "accepted");
    });
  }

  /** The offset of an input that the group committed last. */
  committed(topic: string): CommittedOffset | undefined {
    return this.broker.committedOffset(GROUP, { topic, partition: 0 });
  }

  deliveries(): readonly CleanDelivery[] {
    return this.#values(CRICKET_TOPICS.deliveries) as CleanDelivery[];
  }

  matches(): readonly CleanMatch[] {
    return this.#values(CRICKET_TOPICS.matches) as CleanMatch[];
  }

  quarantine(): readonly ModelRecord[] {
    return this.broker.readCommitted(CRICKET_TOPICS.quarantine);
  }

  reasons(): readonly string[] {
    return this.quarantine().map((record) => headerText(record, "tu_reason"));
  }

  #values(topic: string): unknown[] {
    return this.broker.readCommitted(topic).map(({ value }) => JSON.parse(value?.toString() ?? "null") as unknown);
  }

  #blocks(topic?: string): ReturnType<typeof decodeVerdictBlock>[] {
    return this.broker
      .readCommitted(CRICKET_TOPICS.verdicts)
      .map(({ value }) => decodeVerdictBlock(value ?? Buffer.alloc(0)))
      .filter((block) => topic === undefined || block.topic === topic);
  }
}

export function headerText({ headers }: Pick<ModelRecord, "headers">, name: string): string {
  return headers.find(([candidate]) => candidate === name)?.[1].toString() ?? "";
}

/** Runs records through a pipeline of their own and hands it over, stopped. */
export async function review(...batches: readonly (readonly RawRecord[])[]): Promise<CricketPipeline> {
  const pipeline = await CricketPipeline.start();
  try {
    for (const batch of batches) {
      pipeline.append(batch);
      await pipeline.judged();
    }
  } finally {
    await pipeline.stop();
  }
  return pipeline;
}
