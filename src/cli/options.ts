import { InvalidArgumentError } from "commander";

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Reads a duration as people write it: "5s", "250ms", "1.5m", "0". Returns ms.
 * @throws InvalidArgumentError on anything else, a bare number other than 0 included: 5 of what?
 */
export function parseDuration(text: string): number {
  if (text === "0") return 0;
  const match = /^(?<amount>\d+(?:\.\d+)?)(?<unit>ms|s|m|h)$/u.exec(text.trim());
  const factor = UNIT_MS[match?.groups?.["unit"] ?? ""];
  if (match === null || factor === undefined) {
    throw new InvalidArgumentError("a duration looks like 5s, 250ms, 1.5m or 0.");
  }
  return Math.round(Number(match.groups?.["amount"]) * factor);
}

/** Reads a share from 0 to 1. @throws InvalidArgumentError */
export function parseRate(text: string): number {
  const rate = text.trim() === "" ? Number.NaN : Number(text);
  if (!(rate >= 0 && rate <= 1)) throw new InvalidArgumentError("a rate is a number from 0 to 1.");
  return rate;
}

/** Makes a reader of whole numbers within bounds. The reader throws InvalidArgumentError. */
export function parseInteger(min: number, max: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^-?\d+$/u.test(text.trim()) ? Number(text) : Number.NaN;
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    const bound = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new InvalidArgumentError(`a whole number ${bound} is needed.`);
  };
}

/** Collects an option that may be given more than once. */
export function collect<T>(parse: (text: string) => T): (text: string, before: readonly T[] | undefined) => T[] {
  return (text, before) => [...(before ?? []), parse(text)];
}

/** What `--crash` can hit. "source" and "feed" stand for all of them, one after the other. */
export const CRASH_TARGETS = [
  "kafka",
  "postgres",
  "mongo",
  "lambda",
  "source",
  "source-odi",
  "source-t20i",
  "source-test",
  "processor",
  "loader",
  "feed",
  "feed-odi",
  "feed-t20i",
  "feed-test",
] as const;
export type CrashTarget = (typeof CRASH_TARGETS)[number];

/** Kill `target` with SIGKILL every `everyMs`. */
export interface CrashSpec {
  readonly target: CrashTarget;
  readonly everyMs: number;
}

/** Below this a service spends its whole life restarting and nothing is learnt. */
const CRASH_EVERY_MIN_MS = 1000;

/** Reads "postgres:60s". @throws InvalidArgumentError */
export function parseCrash(text: string): CrashSpec {
  const [name = "", every, ...rest] = text.split(":");
  const target = CRASH_TARGETS.find((candidate) => candidate === name);
  if (target === undefined || every === undefined || rest.length > 0) {
    throw new InvalidArgumentError(`a crash looks like postgres:60s; what can be killed: ${CRASH_TARGETS.join(", ")}.`);
  }
  const everyMs = parseDuration(every);
  if (everyMs < CRASH_EVERY_MIN_MS)
    throw new InvalidArgumentError("killing more often than every second leaves nothing running.");
  return { target, everyMs };
}
