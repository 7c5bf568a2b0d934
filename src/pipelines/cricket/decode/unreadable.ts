import { PoisonError } from "../../../domain/errors.ts";
import { unreadable } from "../../../schemas/compiled.ts";
import { checkSchema } from "../../../schemas/validate.ts";
import { type EventKind, JSON_TYPE } from "./event-kind.ts";
import { jsonDocument } from "./json-text.ts";
import { MAX_RECORD_BYTES } from "../../../kafka/limits.ts";

interface Unreadable {
  readonly file: string | null;
  readonly line: number | string;
  readonly problem: string | null;
}

/** What a feed or source had to give up on: poison by its nature, with the reason it was given there. */
export const unreadableEvent: EventKind = {
  contentType: JSON_TYPE,
  // It carries what was too large for anything else.
  bytesMax: MAX_RECORD_BYTES,
  read(value) {
    const document = jsonDocument(value);
    checkSchema(unreadable, document);
    const { file, line, problem } = document as Unreadable;
    throw new PoisonError(`${file ?? "a file"}, line ${line}: ${problem ?? "unreadable"}`);
  },
};
