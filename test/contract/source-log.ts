/** A Log whose producers can be held and made to fail at the commit: Kafka as a source meets it on a bad day. */
import { RetryableError } from "../../src/domain/errors.ts";
import { IndefiniteCommitError, type Log, type TransactionalProducer } from "../../src/kafka/log.ts";

export class BadDayLog {
  /** What the next commit does; afterwards all is well again. */
  nextCommit: "well" | "refused" | "answer lost" = "well";
  /** No commit goes through, each fails at once. */
  refusesAll = false;
  #gate: Promise<void> | undefined;
  #open: (() => void) | undefined;
  #arrived: () => void = () => undefined;
  readonly log: Log;
  readonly #events: string;

  /** `events`: the topic of the events; only transactions that carry some are held. */
  constructor(inner: Log, events: string) {
    this.#events = events;
    this.log = {
      consumer: (options) => inner.consumer(options),
      reader: (options) => inner.reader(options),
      admin: () => inner.admin(),
      producer: (options) => this.#wrap(inner.producer(options)),
    };
  }

  /** From now on no commit of events goes through. Resolves when one waits. */
  hold(): Promise<void> {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve;
    });
    return new Promise((resolve) => {
      this.#arrived = resolve;
    });
  }

  release(): void {
    this.#gate = undefined;
    this.#open?.();
  }

  #wrap(producer: TransactionalProducer): TransactionalProducer {
    let hasEvents = false;
    return {
      open: () => producer.open(),
      begin: () => producer.begin(),
      write: (batch) => {
        hasEvents ||= batch.topics.includes(this.#events);
        return producer.write(batch);
      },
      sendOffsets: (offsets, consumer) => producer.sendOffsets(offsets, consumer),
      abort: () => producer.abort(),
      close: () => producer.close(),
      commit: async () => {
        const isHeld = hasEvents;
        hasEvents = false;
        if (isHeld && this.#gate !== undefined) {
          this.#arrived();
          await this.#gate;
        }
        const outcome = this.nextCommit;
        this.nextCommit = "well";
        if (this.refusesAll || outcome === "refused") throw new RetryableError("the broker refused the commit");
        await producer.commit();
        if (outcome === "answer lost") throw new IndefiniteCommitError("the answer to the commit was lost");
      },
    };
  }
}
