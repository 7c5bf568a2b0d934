import type {
  GroupConsumer,
  GroupConsumerOptions,
  IsolationLevel,
  Log,
  LogAdmin,
  LogReader,
  ProducerOptions,
  TransactionalProducer,
} from "../kafka/log.ts";
import { ModelAdmin } from "./model-admin.ts";
import type { ModelBroker } from "./model-broker.ts";
import { ModelConsumer } from "./model-consumer.ts";
import { ModelProcess } from "./model-process.ts";
import { ModelProducer } from "./model-producer.ts";
import { ModelReader } from "./model-reader.ts";

/**
 * The Log of one process on a `ModelBroker`. Several of them on one broker are several processes, which
 * may be killed or stopped one by one.
 */
export class ModelLog implements Log {
  readonly #process: ModelProcess;

  /** `clientId` names the process in fault targets and messages. */
  constructor(broker: ModelBroker, options: { readonly clientId?: string } = {}) {
    this.#process = new ModelProcess(broker, options.clientId ?? "client");
  }

  get clientId(): string {
    return this.#process.clientId;
  }

  get isKilled(): boolean {
    return this.#process.isKilled;
  }

  /**
   * SIGKILL: everything stops where it is. An open transaction stays open, memberships run out with their
   * session, and every call of its objects, waiting or later, rejects with `ModelKilledError`.
   */
  kill(): void {
    this.#process.kill();
  }

  /** SIGSTOP: heartbeats stop, and calls wait until `thaw`. After the session timeout it is a zombie. */
  freeze(): void {
    this.#process.freeze();
  }

  /** SIGCONT: goes on where it was, without knowing what happened meanwhile. */
  thaw(): void {
    this.#process.thaw();
  }

  consumer(options: GroupConsumerOptions): GroupConsumer {
    this.#process.assertAlive();
    return new ModelConsumer(this.#process, options);
  }

  producer(options: ProducerOptions): TransactionalProducer {
    this.#process.assertAlive();
    return new ModelProducer(this.#process, options);
  }

  reader(options: { readonly isolation: IsolationLevel; readonly maxQueuedBytes?: number }): LogReader {
    this.#process.assertAlive();
    return new ModelReader(this.#process, options.isolation);
  }

  admin(): LogAdmin {
    this.#process.assertAlive();
    return new ModelAdmin(this.#process);
  }
}
