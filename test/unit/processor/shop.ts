import { IdentityHasher } from "../../../src/domain/review/identity.ts";
import { decodeVerdictBlock, type VerdictBlock } from "../../../src/domain/review/verdict-block.ts";
import { VERDICTS } from "../../../src/domain/review/verdict.ts";
import { WriteBatch } from "../../../src/kafka/log.ts";
import { defineTopology, runProcessor, type RunProcessorOptions, type Topology } from "../../../src/processor/index.ts";
import { rebuildState } from "../../../src/processor/rebuild.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";

export const GROUP = "shop";

interface Order {
  readonly id: string;
  readonly n: number;
}

/** Orders on one partition of one or more inputs, written in transactions, and the processor that judges them. */
export class Shop {
  readonly broker: ModelBroker = new ModelBroker();
  readonly topology: Topology<Order>;
  readonly said: string[] = [];
  readonly #inputs: readonly string[];
  #lives = 0;

  constructor(inputs: readonly string[] = ["raw"]) {
    for (const name of inputs) this.broker.createTopic({ name, partitions: 1 });
    this.#inputs = inputs;
    this.topology = this.named("shop");
  }

  /** The same topology under another name. */
  named(name: string): Topology<Order> {
    const inputs = this.#inputs;
    return defineTopology<Order>({
      name,
      inputs,
      outputs: ["clean"],
      partitions: 1,
      review: { retention: "unbounded" },
      decode: (record) => JSON.parse(record.value!.toString()),
      identify: ({ id, n }) => ({ key: id, content: String(n) }),
      process: (_, record, context) => context.emit("clean", record.key, record.value),
    });
  }

  static async open(inputs?: readonly string[]): Promise<Shop> {
    await IdentityHasher.create();
    return new Shop(inputs);
  }

  /** One transaction with these orders, and a marker behind them. */
  async order(topic: string, ...ids: readonly string[]): Promise<void> {
    const producer = new ModelLog(this.broker, { clientId: "source" }).producer({
      transactionalId: "source",
      transactionTimeoutMs: 10_000,
    });
    await producer.open();
    await producer.begin();
    const batch = new WriteBatch();
    for (const id of ids) batch.append(topic, 0, Buffer.from(id), Buffer.from(JSON.stringify({ id, n: 1 })));
    await producer.write(batch);
    await producer.commit();
    await producer.close();
  }

  /** Runs a processor for so long. Throws what ends it otherwise. */
  async run(ms: number, options: Partial<RunProcessorOptions> = {}): Promise<void> {
    const stop = new AbortController();
    const running = runProcessor({
      log: new ModelLog(this.broker, { clientId: `p${++this.#lives}` }),
      topology: this.topology as Topology,
      groupId: GROUP,
      instanceId: "p",
      stateDir: "unused",
      skipProbe: true,
      signal: stop.signal,
      clock: this.broker.clock,
      onStatus: ({ message }) => {
        if (message !== "" && message !== this.said.at(-1)) this.said.push(message);
      },
      ...options,
    });
    const timer = this.broker.clock.sleep(ms).then(() => stop.abort());
    await Promise.race([running, timer]);
    await running;
  }

  rebuild(options: { readonly acceptLoss?: boolean; readonly judgeAgain?: boolean } = {}): Promise<void> {
    return rebuildState({
      log: new ModelLog(this.broker, { clientId: "mend" }),
      topology: this.topology,
      groupId: GROUP,
      clock: this.broker.clock,
      ...options,
      onProgress: (message) => this.said.push(message),
    });
  }

  committed(topic = "raw"): number | undefined {
    return this.broker.committedOffset(GROUP, { topic, partition: 0 })?.offset;
  }

  high(topic = "raw"): number {
    return this.broker.watermarks({ topic, partition: 0 }).high;
  }

  blocks(): VerdictBlock[] {
    return this.broker.readCommitted("shop.verdicts").map((record) => decodeVerdictBlock(record.value!));
  }

  /** Counts of all blocks, without those that are 0. */
  verdicts(): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const { counts } of this.blocks())
      for (const verdict of VERDICTS) if (counts[verdict] > 0) sums[verdict] = (sums[verdict] ?? 0) + counts[verdict];
    return sums;
  }
}
