import { RetryableError } from "../../../src/domain/errors.ts";
import { type GroupConsumer, type GroupConsumerOptions, IndefiniteCommitError } from "../../../src/kafka/log.ts";
import { type ModelBroker, ModelLog } from "../../../src/testing/index.ts";
import type { Scenario } from "./scenario-types.ts";

/** Faults come while it is not over; those of the model itself are ended with it. */
export interface Storm {
  over: boolean;
}

/** A process that likes to die while it is asked to give partitions up: the moment at which Kafka may forget them. */
export class RevocationKilledLog extends ModelLog {
  readonly #die: (consumer: GroupConsumer) => void;

  constructor(broker: ModelBroker, clientId: string, rate: number, random: () => number, storm: Storm) {
    super(broker, { clientId });
    this.#die = (consumer) => {
      const remove = broker.faults.before("*", ({ client }) => {
        if (storm.over || this.isKilled) remove();
        else if (client.clientId === clientId && consumer.pendingRebalance()?.kind === "revoke" && random() < rate)
          client.kill();
      });
    };
  }

  override consumer(options: GroupConsumerOptions): GroupConsumer {
    const consumer = super.consumer(options);
    this.#die(consumer);
    return consumer;
  }
}

/** A claim that is aborted without a definite answer: nothing but its number tells it from the commit before it. */
export function loseAnswersOfClaims(
  broker: ModelBroker,
  { lostClaims }: Scenario,
  random: () => number,
  storm: Storm,
): void {
  broker.faults.before("commit", ({ producer }) => {
    if (storm.over || producer === undefined || !broker.transactions.isClaim(producer.transactionalId)) return;
    if (random() < lostClaims) throw new IndefiniteCommitError("injected: a claim got no definite answer");
  });
}

export function failToOpenProducers(
  broker: ModelBroker,
  { openFails }: Scenario,
  random: () => number,
  storm: Storm,
): void {
  broker.faults.before("producer.open", () => {
    if (storm.over || openFails === 0 || random() >= openFails) return;
    throw new RetryableError("injected: the producer could not be opened");
  });
}

/** SIGSTOP for longer than the session: a zombie that wakes up and does not know. */
export function freezeSometimes(
  broker: ModelBroker,
  log: ModelLog,
  { freezeRate }: Scenario,
  random: () => number,
  storm: Storm,
): () => void {
  if (freezeRate === 0) return () => undefined;
  let over = false;
  const remove = broker.faults.before("*", ({ client }) => {
    if (over || storm.over || client.clientId !== log.clientId || random() >= freezeRate) return;
    client.freeze();
    broker.clock.at(broker.clock.now() + 2_000 + Math.floor(random() * 5_000), () => client.thaw());
  });
  return () => {
    over = true;
    remove();
    log.thaw();
  };
}
