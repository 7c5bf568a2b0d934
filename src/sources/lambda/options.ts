import type { SourceOptions } from "../kit/index.ts";
import type { SourceObjects } from "./events.ts";

export interface LambdaSourceOptions extends SourceOptions {
  /** Address of the Lambda API; null: AWS itself, found by region, with the credentials that the AWS SDK finds. */
  readonly endpoint: string | null;
  readonly region: string;
  /** Name or ARN, with or without a qualifier. */
  readonly functionName: string;
  readonly objects: SourceObjects;
  /** A Kafka transaction takes polls until it holds this many events or bytes, or there is nothing left to read. */
  readonly maxEvents?: number;
  readonly maxBytes?: number;
  /** Objects of one poll, 1 … 100. */
  readonly pollObjects?: number;
}

const MIB = 1024 * 1024;

export const DEFAULTS: Readonly<Record<"maxEvents" | "maxBytes" | "pollObjects", number>> = {
  maxEvents: 1000,
  maxBytes: 8 * MIB,
  pollObjects: 100,
};
