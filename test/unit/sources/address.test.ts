import { expect, test } from "vitest";
import { FatalError } from "../../../src/domain/errors.ts";
import { poolerProblem } from "../../../src/sources/postgres/address.ts";
import { runPostgresSource, type SourceStatus } from "../../../src/sources/postgres/index.ts";
import { ModelBroker, ModelLog } from "../../../src/testing/index.ts";
import { ODI_ROWS } from "../../../src/pipelines/cricket/sources/odi.ts";

test.each([
  ["postgres://postgres.abcdefgh:p@aws-0-eu-west-1.pooler.supabase.com:6543/postgres", "db.abcdefgh.supabase.co"],
  ["postgres://postgres.abcdefgh:p@aws-0-eu-west-1.pooler.supabase.com:5432/postgres", "db.abcdefgh.supabase.co"],
  ["postgres://postgres:p@db.abcdefgh.supabase.co:6543/postgres", "db.abcdefgh.supabase.co"],
  ["postgres://umpire:p@pooler.example.org/cricket", "db.<ref>.supabase.co"],
])("a pooler is recognised by its address: %s", (connection, host) => {
  const problem = poolerProblem(connection);
  expect(problem?.message).toMatch(/is a connection pooler, which does not carry logical replication/u);
  expect(problem?.remedy).toContain(`host ${host}, port 5432`);
  expect(problem?.remedy).toContain("IPv6");
  expect(JSON.stringify(problem)).not.toContain(":p@");
});

test.each([
  "postgres://postgres:p@db.abcdefgh.supabase.co:5432/postgres",
  "postgres://umpire@127.0.0.1:6543/cricket",
  "postgres://umpire@localhost:6543/cricket",
  "no address",
])("what is no pooler is let through: %s", (connection) => {
  expect(poolerProblem(connection)).toBeNull();
});

test("a source that is given a pooler ends with one line and the remedy, and tries no connection", async () => {
  const statuses: SourceStatus[] = [];
  const source = runPostgresSource({
    log: new ModelLog(new ModelBroker()),
    connection: "postgres://postgres.abcdefgh:p@aws-0-eu-west-1.pooler.supabase.com:6543/postgres",
    sourceId: "odi",
    slot: "odi",
    publication: "odi",
    rows: ODI_ROWS,
    rawTopic: "raw",
    positionsTopic: "positions",
    gapsTopic: "gaps",
    partitions: 4,
    signal: AbortSignal.timeout(30_000),
    onStatus: (status) => statuses.push(status),
  });
  await expect(source).rejects.toThrow(FatalError);
  expect(statuses.at(-1)).toMatchObject({
    state: "stopped",
    message: expect.stringContaining("is a connection pooler") as string,
  });
});
