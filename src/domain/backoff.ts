/**
 * How long to wait before the next try: doubling from `baseMs` up to `capMs`, with "equal jitter" (half fixed, half random), so
 * that several processes that lost the same server do not come back in step.
 * `attempt` counts from 0; `random` is uniform in [0, 1). Returns ms.
 */
export function backoffMs(attempt: number, random: number, baseMs = 100, capMs = 5000): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(ceiling / 2 + (random * ceiling) / 2);
}
