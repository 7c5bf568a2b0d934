import { setTimeout as sleep } from "node:timers/promises";

/** Waits `ms`, or less when `signal` aborts; never throws. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // An abort ends the wait early and the caller looks at the signal: it is no failure.
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
