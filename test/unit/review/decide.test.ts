import { describe, expect, it } from "vitest";
import { decide, type Known } from "../../../src/domain/review/decide.ts";

const known = (change: Partial<Known>): Known => ({ sameContent: false, superseded: false, version: null, ...change });

describe("decide: the verdict on a readable record", () => {
  it.each([
    ["a key never seen", undefined, null, false, "accepted"],
    ["a key never seen, behind the allowed lateness", undefined, null, true, "late"],
    ["the latest content again", known({ sameContent: true }), null, false, "duplicate"],
    [
      "the latest content again, however late: a repetition is never reported as late",
      known({ sameContent: true }),
      null,
      true,
      "duplicate",
    ],
    ["new content for a known key", known({}), null, false, "correction"],
    ["new content for a known key, too late to correct", known({}), null, true, "late"],
    ["content that was corrected away", known({ superseded: true }), null, false, "stale"],
    ["an older version", known({ version: 5 }), 4, false, "stale"],
    ["a newer version", known({ version: 5 }), 6, false, "correction"],
    [
      "a newer version that returns to superseded content",
      known({ version: 5, superseded: true }),
      6,
      false,
      "correction",
    ],
    ["the same version with superseded content", known({ version: 5, superseded: true }), 5, false, "stale"],
    ["the same content under a newer version", known({ version: 5, sameContent: true }), 6, false, "duplicate"],
    ["a version where none was known: content decides", known({ superseded: true }), 6, false, "stale"],
  ] as const)("%s", (_title, state, version, late, verdict) => {
    expect(decide(state, version, late)).toBe(verdict);
  });
});
