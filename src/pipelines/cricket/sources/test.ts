/** Test matches: YAML objects behind a Lambda function. */
import { CRICKET_EVENT } from "../../../domain/cricket/topics.ts";
import type { SourceObjects } from "../../../sources/lambda/index.ts";
import { unreadableEvent } from "./unreadable.ts";

export const TEST_OBJECTS: SourceObjects = {
  keyName: "match_id",
  // The first part of an object's key is the match.
  keyOf: (objectKey) => objectKey.split("/")[0] ?? "",
  toEvent: (body) => ({ type: CRICKET_EVENT.testObject, contentType: "application/yaml", value: body }),
  unreadable: (what) => unreadableEvent(CRICKET_EVENT.testUnreadable, what),
};
