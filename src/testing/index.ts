/**
 * What a test of a topology needs, without a broker: an in-memory Kafka with its transactions, groups and
 * faults, behind the same Log port.
 *
 * ```ts
 * const broker = new ModelBroker();
 * broker.createTopic({ name: "orders", partitions: 1 });
 * broker.append("orders", 0, "k", "v");
 * const log = new ModelLog(broker, { clientId: "p1" });     // one per process
 * // … run the processor on `log` …
 * broker.readCommitted("clean");
 * ```
 *
 * No call takes real time. Time is `broker.clock`: tests advance it, and it moves by itself to the next
 * timeout when every process waits. It depends on nothing but Node.
 */
export { ModelBroker } from "./model-broker.ts";
export type { Bytes, ModelBrokerOptions, ModelRecord } from "./model-broker.ts";
export { ModelFaults } from "./model-faults.ts";
export type {
  CommitOutcome,
  FaultCall,
  FaultHook,
  FaultRates,
  FaultTarget,
  Moment,
  Operation,
} from "./model-faults.ts";
export { ModelInvariantError } from "./model-invariant.ts";
export { ModelLog } from "./model-log.ts";
export { ModelKilledError } from "./model-process.ts";
export type { MarkerDelay, MarkerTarget } from "./model-transactions.ts";
export { VirtualClock } from "./virtual-clock.ts";
