/** The MongoDB source: a change stream into Kafka, position and events in one transaction (EO-11, EO-13). */
export { documentEvent, rowId } from "./events.ts";
export type { Classified, SourceCollections } from "./events.ts";
export { markMongo } from "./mark.ts";
export type { MongoMark } from "./mark.ts";
export type { MongoSourceOptions } from "./options.ts";
export { runMongoSource } from "./source.ts";
