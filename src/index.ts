/**
 * third-umpire: a topology with typed steps, run exactly once on Kafka, with a verdict for every record.
 *
 * ```ts
 * const topology = defineTopology({ name: "orders", inputs: ["orders.raw"], outputs: ["orders.clean"], partitions: 4,
 *   review: { retention: "unbounded" },
 *   decode: (record) => JSON.parse(record.value!.toString()),
 *   identify: (order) => ({ key: order.id, content: canonicalJson(order) }),
 *   process: (order, record, context) => context.emit("orders.clean", record.key, record.value),
 * });
 * await runProcessor({ log: kafkaLog({ brokers: "127.0.0.1:9092" }), topology, groupId: "orders", instanceId: "orders-1",
 *   stateDir: "state", signal: AbortSignal.timeout(60_000) });
 * ```
 */
export {
  FatalError,
  FencedError,
  PoisonError,
  ReplacedError,
  RetryableError,
  StateCorruptError,
} from "./domain/errors.ts";
export { partitionFor } from "./domain/partition.ts";
export { canonicalJson, type CanonicalValue } from "./domain/review/canonical.ts";
export { decodeVerdictBlock, type VerdictBlock, type VerdictEntry } from "./domain/review/verdict-block.ts";
export { type Verdict, type VerdictCounts, VERDICTS } from "./domain/review/verdict.ts";
export { confluentLog as kafkaLog } from "./kafka/confluent/index.ts";
export type { Log, LogAdmin, LogReader, RecordBatch, RecordHeaders, TopicSpec } from "./kafka/log.ts";
export * from "./processor/index.ts";
