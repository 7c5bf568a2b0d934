import { expect } from "vitest";
import { REGISTER, textsOf } from "./register.ts";

/** What a person is told who is stuck, where it is no error that is thrown: a line of a command, a finding of `doctor`. */
export class Told extends Error {
  readonly remedy: string;
  constructor(remedy: string) {
    super(remedy);
    this.remedy = remedy;
  }
}

export interface Run<T> {
  /** Fails in the state that the remedy is for, and names it. Called again when the remedy was done: then it must succeed. */
  readonly attempt: () => T | Promise<T>;
  /** What the remedy says, word by word, and how the test does it. */
  readonly does: Readonly<Record<string, () => unknown>>;
}

/**
 * Runs a remedy: the attempt fails and tells it, the test does what it says, and the same attempt succeeds. The gate
 * (test/unit/remedies.test.ts) looks for these calls. @returns what the second attempt gave
 */
export async function remedyWorks<T>(id: string, { attempt, does }: Run<T>): Promise<T> {
  const entry = REGISTER.find((each) => each.id === id);
  if (entry === undefined) throw new Error(`no remedy ${id} in test/support/remedies/`);
  const told = remedyOf(await failureOf(attempt));
  const patterns = textsOf(entry).map(patternOf);
  expect(patterns.some((pattern) => pattern.test(told)) ? "told" : `another remedy was told: ${told}`).toBe("told");
  expect(Object.keys(does).length, "a remedy that nobody does proves nothing").toBeGreaterThan(0);
  for (const [words, act] of Object.entries(does)) {
    expect(told, "only what the remedy says may be done").toContain(words);
    await act();
  }
  return await attempt();
}

/** A text of the register, as it is at run time. */
export function patternOf(text: string): RegExp {
  const parts = text.split("{}").map((part) => part.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&"));
  return new RegExp(parts.join(".*"), "su");
}

async function failureOf(attempt: () => unknown): Promise<unknown> {
  try {
    await attempt();
  } catch (error) {
    return error;
  }
  throw new Error("the attempt succeeded before anything was mended");
}

function remedyOf(error: unknown): string {
  if (!(error instanceof Error)) throw error;
  const remedy: unknown = Reflect.get(error, "remedy");
  if (typeof remedy !== "string") throw error;
  return remedy;
}
