import { RetryableError } from "../domain/errors.ts";

/**
 * The broker gave no definite answer to a commit or abort. The producer must be destroyed and the same
 * transactional id re-initialised; then the committed offsets tell what happened (docs: commit step 5).
 */
export class IndefiniteCommitError extends RetryableError {}
