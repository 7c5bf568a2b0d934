import { FencedError } from "../domain/errors.ts";

/**
 * Another process joined the group under our instance id, or the broker says so: after a moment in which it did not
 * answer, the other may have been ourselves. Ask the group before giving up.
 */
export class SeatTakenError extends FencedError {}
