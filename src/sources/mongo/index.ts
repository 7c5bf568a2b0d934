/** The MongoDB source: a change stream into Kafka, position and events in one transaction (DESIGN 8, EO-11, EO-13). */
export { markMongo } from "./mark.ts";
export type { MongoMark } from "./mark.ts";
export type { MongoSourceOptions } from "./options.ts";
export { runMongoSource } from "./source.ts";
