import { MongoNetworkError, MongoServerError } from "mongodb";
import { describe, expect, it } from "vitest";
import { FatalError, RetryableError } from "../../../src/domain/errors.ts";
import { classifyMongoError } from "../../../src/mongo/errors.ts";

const server = (code: number, errorLabels: string[] = []): Error =>
  new MongoServerError({ message: "it said so", code, errorLabels });

describe("a MongoDB error is named by what it asks for:", () => {
  it.each([
    ["an election", server(10_107)],
    ["a shutdown", server(11_600)],
    ["a conflict of transactions", server(112, ["TransientTransactionError"])],
    ["a commit without an answer", server(0, ["UnknownTransactionCommitResult"])],
    ["a cursor that is gone", server(43)],
    ["a cut connection", new MongoNetworkError("connection closed")],
    ["a socket that the other side has ended", Object.assign(new Error("ended"), { code: "EPIPE" })],
    ["a name that cannot be looked up now", Object.assign(new Error("querySrv"), { code: "ENOTFOUND" })],
  ])("%s is tried again", (_, error) => {
    const named = classifyMongoError(error, "reading");
    expect(named).toBeInstanceOf(RetryableError);
    expect((named as Error).message).toMatch(/^reading: /u);
  });

  it.each([
    ["wrong credentials", server(18), /password/u],
    ["Atlas's bad auth", server(8000), /password/u],
    ["a missing right", server(13), /readWrite/u],
    ["no replica set for a change stream", server(40_573), /--replSet/u],
    ["no replica set for a transaction", server(20), /--replSet/u],
    ["anything else a server refuses", server(9), /names in the message/u],
  ])("%s needs a person", (_, error, remedy) => {
    const named = classifyMongoError(error, "reading");
    expect(named).toBeInstanceOf(FatalError);
    expect((named as FatalError).remedy).toMatch(remedy);
  });

  it("a bug, and an error of ours, stay what they are", () => {
    for (const error of [new TypeError("a bug"), new RetryableError("ours")])
      expect(classifyMongoError(error, "x")).toBe(error);
  });
});
