import { RetryableError } from "../domain/errors.ts";

/**
 * This transaction cannot be committed, but the producer is sound. The caller aborts, drops what it
 * staged, goes back to the committed offsets and goes on with a new transaction.
 */
export class AbortRequiredError extends RetryableError {}
