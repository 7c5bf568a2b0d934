import { InvalidArgumentError } from "commander";
import { describe, expect, it } from "vitest";
import { collect, parseCrash, parseDuration, parseInteger, parseRate } from "../../../src/cli/options.ts";

describe("durations", () => {
  it.each([
    ["0", 0],
    ["5s", 5000],
    ["250ms", 250],
    ["1.5m", 90_000],
    ["2h", 7_200_000],
    ["0s", 0],
  ])("reads %s as %d ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(["", "5", "5 s", "-5s", "s", "1d", "5sec", "0x10ms", "1e3s", "Infinity"])(
    "refuses %j and says what one looks like",
    (text) => {
      expect(() => parseDuration(text)).toThrow(/looks like 5s, 250ms/u);
    },
  );
});

describe("crash specifications", () => {
  it("names what to kill and how often", () => {
    expect(parseCrash("postgres:60s")).toEqual({ target: "postgres", everyMs: 60_000 });
    expect(parseCrash("processor:1s")).toEqual({ target: "processor", everyMs: 1000 });
    expect(parseCrash("source-t20i:30s")).toEqual({ target: "source-t20i", everyMs: 30_000 });
  });

  it.each(["postgres", "postgres:", "zookeeper:5s", ":5s", "postgres:5s:5s", "POSTGRES:5s"])("refuses %j", (text) => {
    expect(() => parseCrash(text)).toThrow(InvalidArgumentError);
  });

  it("refuses to kill so often that nothing could run", () => {
    expect(() => parseCrash("kafka:999ms")).toThrow(/leaves nothing running/u);
    expect(() => parseCrash("kafka:0")).toThrow(/leaves nothing running/u);
  });
});

describe("numbers", () => {
  it("reads rates from 0 to 1, both included", () => {
    expect([parseRate("0"), parseRate("0.3"), parseRate("1")]).toEqual([0, 0.3, 1]);
  });

  it.each(["", " ", "1.01", "-0.1", "a third", "NaN"])("refuses the rate %j", (text) => {
    expect(() => parseRate(text)).toThrow(/from 0 to 1/u);
  });

  it("reads whole numbers within their bounds only", () => {
    const parse = parseInteger(1, 16);
    expect(parse("16")).toBe(16);
    for (const text of ["0", "17", "1.5", "", "four", "1e1", "9007199254740993"])
      expect(() => parse(text)).toThrow(/from 1 to 16/u);
  });

  it("collects an option that is given more than once", () => {
    const parse = collect(parseDuration);
    expect(parse("2s", parse("1s", undefined))).toEqual([1000, 2000]);
  });
});
