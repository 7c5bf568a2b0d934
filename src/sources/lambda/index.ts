/** The Lambda source: a function before an object store, polled into Kafka, cursor and events in one transaction (EO-11, EO-13). */
export type { SourceObjects } from "./events.ts";
export type { LambdaSourceOptions } from "./options.ts";
export { runLambdaSource } from "./source.ts";
