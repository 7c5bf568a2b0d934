import { describe, expect, test } from "vitest";
import { backoffMs } from "../../../src/domain/backoff.ts";
import { FatalError, RetryableError } from "../../../src/domain/errors.ts";
import { classifyPostgresError } from "../../../src/postgres/errors.ts";

const coded = (code: string, message = "said the server"): Error => Object.assign(new Error(message), { code });

describe("an error of Postgres is named by what it asks for", () => {
  test.each([
    "ECONNREFUSED",
    "ECONNRESET",
    "CONNECTION_CLOSED",
    "57P01",
    "57P03",
    "53300",
    "53100",
    "40001",
    "55006",
    "XX000",
    "08006",
  ])("%s may pass: retry", (code) => {
    expect(classifyPostgresError(coded(code), "reading")).toBeInstanceOf(RetryableError);
  });

  test.each([
    ["28P01", /password/u],
    ["3D000", /create the database/u],
    ["42501", /replication/u],
    ["42P01", /feed/u],
    ["53400", /max_replication_slots/u],
  ])("%s needs a person: one line, with the remedy", (code, remedy) => {
    const error = classifyPostgresError(coded(code, "no\nsecond line"), "reading");
    expect(error).toBeInstanceOf(FatalError);
    expect((error as FatalError).remedy).toMatch(remedy);
    expect((error as FatalError).message).toBe(`reading: no (SQLSTATE ${code})`);
  });

  test("a connection that pg ends without a code is a lost connection", () => {
    expect(classifyPostgresError(new Error("Connection terminated unexpectedly"), "reading")).toBeInstanceOf(
      RetryableError,
    );
  });

  test("both families refused is one refusal", () => {
    const both = new AggregateError([coded("ECONNREFUSED", "connect ECONNREFUSED ::1"), coded("ECONNREFUSED")]);
    expect(classifyPostgresError(both, "reading")).toMatchObject({
      message: "reading: Postgres cannot be reached (connect ECONNREFUSED ::1)",
    });
  });

  test("what no database reported stays what it is: a bug must not be retried", () => {
    for (const error of [new TypeError("x is undefined"), new FatalError("known"), "text"]) {
      expect(classifyPostgresError(error, "reading")).toBe(error);
    }
  });
});

test("back-off doubles to its cap, and at least half of it is waited", () => {
  expect([0, 1, 2, 20].map((attempt) => backoffMs(attempt, 0))).toEqual([50, 100, 200, 2500]);
  expect([0, 1, 2, 20].map((attempt) => backoffMs(attempt, 1))).toEqual([100, 200, 400, 5000]);
});
