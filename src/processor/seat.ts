import { RetryableError } from "../domain/errors.ts";
import type { GroupDescription, Log, LogAdmin } from "../kafka/log.ts";
import type { Clock } from "./clock.ts";

export interface SeatOptions {
  readonly log: Log;
  readonly groupId: string;
  readonly instanceId: string;
  readonly signal: AbortSignal;
}

const LOOK_EVERY_MS = 250;
/** Beyond the session timeout, for the coordinator to expire a member that is gone. */
const MARGIN_MS = 1_000;

/**
 * Whether somebody else keeps our seat in the group. To be asked when our own member is closed: it sends no heartbeats,
 * so a seat that is still there after a session timeout is that of a process which lives. False as soon as it is free:
 * the other one has died, or there was none.
 */
export async function isSeatHeld(options: SeatOptions, sessionTimeoutMs: number, clock: Clock): Promise<boolean> {
  const { log, groupId, instanceId, signal } = options;
  const admin = log.admin();
  try {
    let deadline = Infinity;
    while (!signal.aborted) {
      const group = await describe(admin, groupId);
      // A coordinator that was away gives every member a new session.
      if (group === undefined) deadline = Infinity;
      else if (!group.members.some((member) => member.instanceId === instanceId)) return false;
      else if (clock.now() > deadline) return true;
      else if (deadline === Infinity) deadline = clock.now() + sessionTimeoutMs + MARGIN_MS;
      await clock.sleep(LOOK_EVERY_MS, signal);
    }
    return false;
  } finally {
    await admin.close();
  }
}

/** Undefined: no answer. */
async function describe(admin: LogAdmin, groupId: string): Promise<GroupDescription | undefined> {
  try {
    return await admin.groupMembers(groupId);
  } catch (error) {
    if (error instanceof RetryableError) return undefined;
    throw error;
  }
}
