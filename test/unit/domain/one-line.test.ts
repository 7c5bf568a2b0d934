import { describe, expect, it } from "vitest";
import { oneLine } from "../../../src/domain/one-line.ts";

describe("oneLine: a reason quotes its input, and must still be one line", () => {
  it("escapes what would break a line or a terminal, and leaves names alone", () => {
    expect(oneLine('got "\n" beside \u001b[31m, S Fouché\u2028\u007F')).toBe(
      'got "\\n" beside \\u001b[31m, S Fouché\\u2028\\u007f',
    );
  });

  it("cuts what is too long to read", () => {
    expect(oneLine("x".repeat(501))).toHaveLength(500);
    expect(oneLine("x".repeat(500))).toBe("x".repeat(500));
  });
});
