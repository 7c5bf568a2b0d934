export { type Codec, jsonCodec, stringCodec } from "./codec.ts";
export { type RunProcessorOptions, runProcessor } from "./run.ts";
export type { ProcessorState, ProcessorStatus } from "./status.ts";
export {
  type CommitContext,
  type CompleteContext,
  defineTopology,
  headerOf,
  type InputRecord,
  type InternalTopics,
  type ProcessContext,
  type RecordIdentity,
  type ReviewOptions,
  type StateStore,
  type StoreSpec,
  type Topology,
  type TopologySpec,
} from "./topology.ts";
