import type { FaultRates } from "../../../src/testing/index.ts";
import type { Fact } from "./reference.ts";

export const PARTITIONS = 2;
/** Two sources of one sport: the second topic is assigned together with the first. */
export const INPUTS = ["in", "in2"] as const;

export interface Step {
  readonly fact: Fact;
  /** Index of the input topic. */
  readonly input: number;
  readonly afterMs: number;
}

/**
 * What no back-off mends: it happens when half of the records have been judged, and the operator has to do what the processors
 * say (operator.ts). "idle hours" asks for nobody: what a long pause does to offsets must not be seen at all.
 */
export const CALAMITIES = [
  "idle hours",
  "some offsets",
  "all offsets",
  "input made again",
  "partitions added",
] as const;
export type Calamity = (typeof CALAMITIES)[number] | "none";

/** One simulated run: input, processes, and what goes wrong. */
export interface Scenario {
  /** Records by partition, each with the virtual ms to wait before it is appended. */
  readonly inputs: readonly (readonly Step[])[];
  readonly processes: number;
  readonly commitMaxRecords: number;
  readonly retentionMs: number | null;
  readonly latenessMs: number | null;
  readonly rates: FaultRates;
  readonly freezeRate: number;
  /** A producer cannot be opened, per call: the other calls fail far less often, and few producers are opened. */
  readonly openFails: number;
  readonly markerDelayMs: number;
  readonly compact: boolean;
  /** Records of the inputs are written in transactions, some of which are aborted: markers take offsets, some of them late. */
  readonly transactionalInputs: boolean;
  /** Retention deletes input records that have been judged. */
  readonly shortInputs: boolean;
  /**
   * After the storm nothing comes for more than a minute, retention empties the inputs, every process is killed, and then
   * the second half of the records comes.
   */
  readonly pause: boolean;
  /** The broker leaves partitions to nobody as Kafka does, when a member is replaced before it answered a revocation. */
  readonly orphansPartitions: boolean;
  /** SIGKILL between a revocation and its answer, per call. */
  readonly killInRevocation: number;
  /** A claim is aborted, and nobody says so. */
  readonly lostClaims: number;
  /** The topology knows deletions; without, what a fact says of them counts for nothing. */
  readonly deletes: boolean;
  /** A second process of the first one's instance id. */
  readonly twin: boolean;
  readonly calamity: Calamity;
  /** SIGKILL of what the operator runs, per call. */
  readonly killTools: number;
  readonly seed: number;
}
