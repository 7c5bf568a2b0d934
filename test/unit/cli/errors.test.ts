import { CommanderError } from "commander";
import { describe, expect, it } from "vitest";
import { exitCodeOf, failureLine, SilentExit, toFailure, UsageError } from "../../../src/cli/errors.ts";
import { FatalError, RetryableError } from "../../../src/domain/errors.ts";

function line(error: unknown): string | undefined {
  const failure = toFailure(error);
  return failure === undefined ? undefined : failureLine(failure);
}

describe("errors become one line", () => {
  it("gives the remedy of a fatal error, and exit code 1", () => {
    const error = new FatalError("port 29092 is in use", { remedy: "set TU_KAFKA_PORT" });
    expect(line(error)).toBe("error: port 29092 is in use (remedy: set TU_KAFKA_PORT)");
    expect(exitCodeOf(error)).toBe(1);
  });

  it("is one line even when the message is not", () => {
    expect(line(new RetryableError("no answer\n  from the broker\n"))).toBe("error: no answer; from the broker");
  });

  it("knows a remedy for common system errors", () => {
    const error = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:25432"), { code: "ECONNREFUSED" });
    expect(line(error)).toContain("(remedy: start the local stack with `third-umpire up`");
  });

  it("knows a remedy for what caused an error of ours, such as a Kafka that is not there", () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    const settings = new RetryableError("no topic settings from Kafka", { cause: refused });
    const client = Object.assign(new Error("broker transport failure"), { code: -195 });
    const answer = new RetryableError("no answer from Kafka", { cause: client });
    for (const error of [settings, answer]) expect(line(error)).toContain("(remedy: start the local stack with");
  });

  it("takes the first of an aggregate, whose own message is empty", () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED ::1:25432"), { code: "ECONNREFUSED" });
    expect(line(new AggregateError([refused], ""))).toContain("connect ECONNREFUSED ::1:25432");
  });

  it("turns commander's suggestion into the remedy, and exits with 2", () => {
    const error = new CommanderError(
      1,
      "commander.unknownCommand",
      "error: unknown command 'plya'\n(Did you mean play?)",
    );
    expect(line(error)).toBe("error: unknown command 'plya' (remedy: did you mean play?)");
    expect(exitCodeOf(error)).toBe(2);
  });

  it("is silent about help and version, and about commands that have said everything", () => {
    const help = new CommanderError(0, "commander.helpDisplayed", "(outputHelp)");
    expect([line(help), exitCodeOf(help)]).toEqual([undefined, 0]);
    expect([line(new SilentExit(1)), exitCodeOf(new SilentExit(1))]).toEqual([undefined, 1]);
  });

  it("exits with 2 when a subcommand is missing, after its help", () => {
    const missing = new CommanderError(1, "commander.help", "(outputHelp)");
    expect([line(missing), exitCodeOf(missing)]).toEqual([undefined, 2]);
  });

  it("calls a wrong use by exit code 2", () => {
    const error = new UsageError("there is no partition 9", "choose one from 0 to 3");
    expect([line(error), exitCodeOf(error)]).toEqual([
      "error: there is no partition 9 (remedy: choose one from 0 to 3)",
      2,
    ]);
  });

  it("copes with anything that can be thrown", () => {
    expect(line("just text")).toBe("error: just text");
    expect(line(undefined)).toBe("error: undefined");
    expect(line(new TypeError(""))).toBe("error: TypeError");
  });
});
