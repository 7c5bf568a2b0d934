import { FatalError } from "../../../domain/errors.ts";
import type { Settings } from "../../../settings.ts";
import type { SourceId } from "../sources.ts";
import type { Mark } from "./mark.ts";
import { markPostgres } from "./odi.ts";

/** How the end of each source is found. */
export const MARKS: Readonly<Record<SourceId, (settings: Settings) => Promise<Mark>>> = {
  odi: markPostgres,
  t20i: notYet,
  test: notYet,
};

function notYet(): Promise<Mark> {
  throw new FatalError("this source cannot be marked yet");
}
