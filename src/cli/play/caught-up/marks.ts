import type { Settings } from "../../../settings.ts";
import { T20I_COLLECTIONS } from "../../../pipelines/cricket/sources/t20i.ts";
import { markMongo } from "../../../sources/mongo/index.ts";
import type { SourceId } from "../sources.ts";
import type { Mark } from "./mark.ts";
import { markPostgres } from "./odi.ts";
import { markObjectStore } from "./test.ts";

/** How the end of each source is found. */
export const MARKS: Readonly<Record<SourceId, (settings: Settings) => Promise<Mark>>> = {
  odi: markPostgres,
  t20i: ({ mongodbUrl }) => markMongo(mongodbUrl, T20I_COLLECTIONS),
  test: markObjectStore,
};
