/** What the function answered, checked: an answer is another program's, maybe of another version. */
import type { FunctionItem, GetAnswer, ListAnswer } from "../../object-store/function.ts";
import { FatalError, RetryableError } from "../../domain/errors.ts";

/** @throws FatalError when it is no answer of this function; RetryableError when objects are missing in it. */
export function parseList(payload: string, after: number, name: string): ListAnswer {
  const answer = parse<ListAnswer>(payload, name);
  const { items, next, head, pollAfterMs, store } = answer;
  const isAnswer =
    Array.isArray(items) &&
    Number.isSafeInteger(next) &&
    Number.isSafeInteger(head) &&
    typeof pollAfterMs === "number" &&
    typeof store === "string" &&
    items.every(isItem);
  if (!isAnswer) throw notOurs(name);
  // Numbers are without a hole, and so is what comes: whoever skips one would never be asked for it again.
  const wrong = items.findIndex((item, place) => item.seq !== after + 1 + place);
  const end = after + items.length;
  if (wrong >= 0 || next !== end)
    throw new RetryableError(`function ${name} was asked for objects after ${after} and left some out`);
  return answer;
}

/** @throws FatalError when it is no answer of this function. */
export function parseGet(payload: string, name: string): GetAnswer {
  const answer = parse<GetAnswer>(payload, name);
  if (answer.item !== null && !isItem(answer.item)) throw notOurs(name);
  return answer;
}

function parse<T>(payload: string, name: string): T {
  try {
    const value: unknown = JSON.parse(payload);
    if (typeof value === "object" && value !== null) return value as T;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw notOurs(name);
}

function isItem(value: unknown): value is FunctionItem {
  if (typeof value !== "object" || value === null) return false;
  const { seq, key, etag, at, contentType, size, body } = value as Record<string, unknown>;
  return (
    Number.isSafeInteger(seq) &&
    [key, etag, at, contentType].every((field) => typeof field === "string") &&
    typeof size === "number" &&
    (body === null || typeof body === "string")
  );
}

function notOurs(name: string): FatalError {
  return new FatalError(`function ${name} does not answer as the object store's function does`, {
    remedy: "correct TU_LAMBDA_FUNCTION, or deploy the function of this version: just infra-apply",
  });
}
