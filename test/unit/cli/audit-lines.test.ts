import { describe, expect, test } from "vitest";
import type { AuditReport } from "../../../src/audit/index.ts";
import { auditLines } from "../../../src/cli/audit-lines.ts";
import { zeroCounts } from "../../../src/domain/review/verdict.ts";

const proved: AuditReport = {
  proved: true,
  unexplained: 0,
  arrows: [
    {
      name: "clean",
      proves: "…",
      from: { what: "accepted + corrections", count: 1234 },
      to: { what: "clean records", count: 1234 },
      explained: "17 duplicate, stale or late records went no further",
      differences: 0,
    },
  ],
  verdicts: { ...zeroCounts(), accepted: 1234, duplicate: 17 },
  differences: [],
  unchecked: [],
  notes: [],
};

describe("what audit prints", () => {
  test("both numbers of an arrow, a tick, and what explains the rest", () => {
    const text = auditLines(proved).join("\n");
    expect(text).toMatch(/✓\s+accepted \+ corrections\s+1,234\s+clean records\s+1,234\s+17 duplicate/u);
    expect(text).toMatch(/1,234 accepted · 17 duplicate/u);
    expect(text).toMatch(/Nothing was lost/u);
  });

  test("claims nothing of what could not be checked", () => {
    const text = auditLines({ ...proved, proved: false, unchecked: ["raw/0 begins at offset 4"] }).join("\n");
    expect(text).toMatch(/Not checked: raw\/0 begins at offset 4\./u);
    expect(text).not.toMatch(/Nothing was lost/u);
  });

  test("lists differences, and says how many it does not list", () => {
    const report: AuditReport = {
      ...proved,
      proved: false,
      unexplained: 1500,
      differences: [{ arrow: "clean", text: "raw/0/1 is accepted and not in the clean stream" }],
    };
    const text = auditLines(report).join("\n");
    expect(text).toMatch(/clean: raw\/0\/1 is accepted and not in the clean stream/u);
    expect(text).toMatch(/and 1,499 more/u);
    expect(text).not.toMatch(/Nothing was lost/u);
  });
});
