const PLAUSIBLE_RUNS = ["0", "1", "2", "3", "4", "6"] as const;

/**
 * Other runs off the bat than these, as a scorer's slip makes them.
 * @param draw uniform in [0, 1)
 * @returns null for what is no runs of one digit
 */
export function otherRuns(runs: unknown, draw: number): string | null {
  if (typeof runs !== "string" || !/^\d$/u.test(runs)) return null;
  const others = PLAUSIBLE_RUNS.filter((candidate) => candidate !== runs);
  return others[Math.floor(draw * others.length)] ?? "0";
}
