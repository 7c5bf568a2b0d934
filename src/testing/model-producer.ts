import { FatalError, FencedError, RetryableError } from "../domain/errors.ts";
import { AbortRequiredError } from "../kafka/abort-required.ts";
import { IndefiniteCommitError } from "../kafka/indefinite.ts";
import type {
  CommittedOffset,
  GroupConsumer,
  ProducerOptions,
  RecordHeaders,
  TransactionalProducer,
  WriteBatch,
} from "../kafka/log.ts";
import { ModelConsumer } from "./model-consumer.ts";
import type { Operation } from "./model-faults.ts";
import { invariant } from "./model-invariant.ts";
import type { ModelProcess } from "./model-process.ts";

const defaultMaxMessageBytes = 1_048_576;
const maxMetadataBytes = 4096;

/**
 *   new ──open──> ready ──begin──> in-transaction ──commit, abort──> ready
 *                                       └─AbortRequiredError─> abort-required ──abort──> ready
 *   any ──FencedError, IndefiniteCommitError──> dead        any ──close──> closed
 *
 * A dead one answers every further call with the error that it died of.
 *
 * A FencedError of sendOffsets speaks of the group, not of the producer: the transaction must be aborted.
 */
type ProducerState = "new" | "ready" | "in-transaction" | "abort-required" | "dead" | "closed";

export class ModelProducer implements TransactionalProducer {
  readonly #process: ModelProcess;
  readonly #options: ProducerOptions;
  #epoch = -1;
  #state: ProducerState = "new";
  #death: FencedError | IndefiniteCommitError | undefined;

  constructor(process: ModelProcess, options: ProducerOptions) {
    invariant(options.transactionalId.length > 0, "a transactional id is not empty");
    invariant(options.transactionTimeoutMs > 0, `a transaction timeout of ${options.transactionTimeoutMs} ms`);
    this.#process = process;
    this.#options = options;
  }

  open(): Promise<void> {
    return this.#call("producer.open", async () => {
      this.#expect("new");
      const { transactionalId, transactionTimeoutMs } = this.#options;
      this.#epoch = await this.#process.broker.transactions.init(transactionalId, transactionTimeoutMs);
      this.#state = "ready";
    });
  }

  begin(): Promise<void> {
    return this.#call("begin", async () => {
      // Who asks a dead one again and again must not stop the clock, nor make every millisecond of it a turn.
      if (this.#state === "dead") await this.#process.broker.clock.sleep(10);
      this.#expect("ready");
      this.#state = "in-transaction";
    });
  }

  write(batch: WriteBatch): Promise<void> {
    return this.#call("write", async () => {
      this.#expect("in-transaction");
      if (batch.length === 0) return;
      const { broker } = this.#process;
      const id = this.#options.transactionalId;
      for (let index = 0; index < batch.length; index += 1) this.#checkSize(batch, index);
      const transaction = await broker.transactions.transaction(id, this.#epoch);
      for (let index = 0; index < batch.length; index += 1) {
        if (broker.faults.listensToAppends) {
          await broker.faults.run("before", "append", this.#process, this.#identity());
          this.#process.assertAlive();
        }
        broker.transactions.assertOngoing(transaction);
        const partition = broker.partition({ topic: batch.topics[index]!, partition: batch.partitions[index]! });
        transaction.partitions.add(partition);
        const record = {
          timestamp: broker.clock.now(),
          key: copyOf(batch.keys[index]!),
          value: copyOf(batch.values[index]!),
          headers: copyHeaders(batch.headers[index]),
        };
        partition.append(record, transaction);
      }
      broker.clock.changed();
    });
  }

  sendOffsets(offsets: readonly CommittedOffset[], consumer: GroupConsumer): Promise<void> {
    return this.#call("sendOffsets", async () => {
      this.#expect("in-transaction");
      if (!(consumer instanceof ModelConsumer)) throw new FatalError("sendOffsets needs a consumer of the same Log");
      for (const { topic, partition, metadata } of offsets) {
        if (Buffer.byteLength(metadata) > maxMetadataBytes) {
          throw new FatalError(`offset metadata of ${topic}[${partition}] is longer than ${maxMetadataBytes} bytes`);
        }
      }
      if (offsets.length === 0) return;
      const { transactions } = this.#process.broker;
      const transaction = await transactions.transaction(this.#options.transactionalId, this.#epoch);
      transactions.assertOngoing(transaction);
      consumer.group.addOffsets(transaction, consumer.membership, offsets);
      transaction.groups.add(consumer.group);
    });
  }

  commit(): Promise<void> {
    return this.#call("commit", () => {
      this.#expect("in-transaction");
      this.#process.broker.transactions.end(this.#options.transactionalId, this.#epoch, true);
      this.#state = "ready";
    });
  }

  abort(): Promise<void> {
    return this.#call("abort", () => {
      if (this.#state === "ready") throw new IndefiniteCommitError("no transaction to abort");
      if (this.#state !== "abort-required") this.#expect("in-transaction");
      this.#process.broker.transactions.end(this.#options.transactionalId, this.#epoch, false);
      this.#state = "ready";
    });
  }

  close(): Promise<void> {
    return this.#process.call("producer.close", () => {
      this.#state = "closed";
    });
  }

  async #call(operation: Operation, effect: () => void | Promise<void>): Promise<void> {
    try {
      await this.#process.call(operation, effect, this.#identity());
    } catch (error) {
      if (this.#state !== "closed" && this.#state !== "dead") {
        if (error instanceof FencedError && operation === "sendOffsets") this.#state = "abort-required";
        else if (error instanceof IndefiniteCommitError || error instanceof FencedError) {
          this.#state = "dead";
          this.#death = error;
        } else if (error instanceof AbortRequiredError) this.#state = "abort-required";
      }
      throw error;
    }
  }

  #identity(): { transactionalId: string; epoch: number } {
    return { transactionalId: this.#options.transactionalId, epoch: this.#epoch };
  }

  #expect(wanted: ProducerState): void {
    if (this.#state === wanted) return;
    const who = `producer of ${this.#options.transactionalId}`;
    switch (this.#state) {
      case "dead":
        throw this.#death ?? new FencedError(`${who} is dead; close it and open a new one with the same id`);
      case "abort-required":
        throw new AbortRequiredError(`${who}: the transaction must be aborted`);
      case "closed":
        throw new RetryableError(`${who} is closed`);
      case "new":
        throw new FatalError(`${who} is not open`);
      case "ready":
        throw new FatalError(
          wanted === "new" ? `${who} was opened before` : `${who} has no transaction; call begin first`,
        );
      case "in-transaction":
        throw new FatalError(`${who} is in a transaction; commit or abort it first`);
      default:
        this.#state satisfies never;
    }
  }

  #checkSize(batch: WriteBatch, index: number): void {
    const { spec } = this.#process.broker.partition({
      topic: batch.topics[index]!,
      partition: batch.partitions[index]!,
    });
    const bytes = (batch.keys[index]?.length ?? 0) + (batch.values[index]?.length ?? 0);
    const limit = Math.min(this.#options.maxMessageBytes ?? defaultMaxMessageBytes, spec.maxMessageBytes ?? Infinity);
    if (bytes > limit) {
      throw new FatalError(`a record of ${bytes} bytes for ${spec.name}, where ${limit} are allowed`, {
        remedy: "raise maxMessageBytes of the topic and the producer, or send smaller records",
      });
    }
    if (spec.cleanup === "compact" && batch.keys[index] === null) {
      throw new FatalError(`a record without a key for ${spec.name}, which is compacted`);
    }
  }
}

/** The writer may use its buffers again as soon as `write` has resolved. */
function copyOf(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes);
}

function copyHeaders(headers: RecordHeaders | undefined): RecordHeaders | undefined {
  return headers?.map(([name, value]) => [name, Buffer.from(value)] as const);
}
