import { FatalError } from "../../domain/errors.ts";
import type { TopicPartition } from "../log.ts";
import { TOPIC_RIGHT_REMEDY } from "../rights.ts";

const OFFSET_OUT_OF_RANGE = 1;
export const TOPIC_RIGHT_LACKS = 29;

/** What an error of a broker means for who reads a partition from `next` on, where asking again does not mend it. */
export function refusal(
  { topic, partition, next }: TopicPartition & { readonly next: number },
  error: number,
): FatalError {
  if (error === OFFSET_OUT_OF_RANGE) {
    return new FatalError(`fetch ${topic}/${partition}: there is no offset ${next} (1)`, {
      remedy:
        "the records after the committed offset are gone: they were deleted by retention before they were read; reset the group on purpose",
    });
  }
  if (error === TOPIC_RIGHT_LACKS) {
    return new FatalError(`fetch ${topic}/${partition}: this user may not read it (${error})`, {
      remedy: TOPIC_RIGHT_REMEDY,
    });
  }
  return new FatalError(`fetch ${topic}/${partition}: the broker answers with error ${error}`, {
    remedy: "look the number up in kafka.apache.org/protocol and report it",
  });
}
