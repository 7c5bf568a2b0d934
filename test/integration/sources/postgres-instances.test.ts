import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FatalError } from "../../../src/domain/errors.ts";
import { ReplicationConnection } from "../../../src/sources/postgres/replication.ts";
import { allRowIds, insertBalls, newWorld, readTopic, settle, startSource, type World } from "./harness.ts";

let world: World;
beforeEach(async () => {
  world = await newWorld();
});
afterEach(() => world.close());

const streaming = (status: { state: string }): boolean => status.state === "streaming";

test("EO-7: a second instance takes over at once, the first steps back, and comes again when the second is gone", async () => {
  const first = startSource(world);
  await first.until(streaming);
  await insertBalls(world, 10);
  await settle(world);

  const second = startSource(world);
  await second.until(streaming);
  await insertBalls(world, 10, 10);
  await first.until((status) => status.state === "standby");
  await settle(world);
  // The first stays back: neither takes the source from the other again.
  const restarts = second.current().restarts;
  await insertBalls(world, 10, 20);
  await settle(world);
  expect(first.current().state).toBe("standby");
  expect(second.current().restarts).toBe(restarts);

  await second.stop();
  await first.until(streaming);
  await insertBalls(world, 10, 30);
  await settle(world);
  const ids = (await readTopic(world, world.topics.raw)).map((event) => event.rowId);
  expect(ids.toSorted()).toEqual((await allRowIds(world)).toSorted());
  expect(await readTopic(world, world.topics.gaps, 1)).toEqual([]);
});

test("a slot that another program reads is waited for, with a clear status", async () => {
  const first = startSource(world);
  await first.until(streaming);
  await first.stop();
  const other = await ReplicationConnection.open(world.url, "another program");
  other.start(world.name, "odi", 0n, () => undefined);
  const second = startSource(world);
  await second.until((status) => /slot \w+ is in use by Postgres process \d+; waiting/u.test(status.message));
  // Longer than the patience with an older incarnation of our own: somebody else's session is not ended.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(second.current().state).toBe("starting");
  await other.close();
  await second.until(streaming);
});

describe("what only a person can mend ends the source with one line and a remedy", () => {
  const refused = async (change: { connection?: string; publication?: string }): Promise<FatalError> => {
    const error: unknown = await startSource(world, change).ended.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(FatalError);
    expect((error as FatalError).message).not.toContain("\n");
    return error as FatalError;
  };
  const withUser = (user: string, password: string): string => {
    const url = new URL(world.url);
    url.username = user;
    url.password = password;
    return url.href;
  };

  test("a wrong password", async () => {
    const error = await refused({ connection: withUser("umpire", "wrong") });
    expect(error.message).toMatch(/password authentication failed for user "umpire"/u);
    expect(error.remedy).toMatch(/TU_POSTGRES_URL/u);
  });

  test("a role that may not replicate", async () => {
    const role = `plain_${world.name}`;
    await world.sql.unsafe(`create role ${role} login password 'p'`);
    try {
      const error = await refused({ connection: withUser(role, "p") });
      expect(error.message).toBe(`role ${role} may not replicate`);
      expect(error.remedy).toBe(`alter role ${role} with replication`);
    } finally {
      await world.sql.unsafe(`drop role ${role}`);
    }
  });

  test("a publication that is not there, or leaves out a table", async () => {
    expect((await refused({ publication: "nowhere" })).remedy).toMatch(/create publication nowhere for table/u);
    await world.sql`create publication half for table odi.deliveries`;
    expect(await refused({ publication: "half" })).toMatchObject({
      message:
        "publication half leaves out odi.match_info, odi.csv1_match_info, odi.csv1_deliveries, odi.unreadable_rows",
      remedy:
        "alter publication half add table odi.match_info, odi.csv1_match_info, odi.csv1_deliveries, odi.unreadable_rows",
    });
  });

  test("a database that is not there", async () => {
    const url = new URL(world.url);
    url.pathname = "/nowhere";
    expect((await refused({ connection: url.href })).message).toMatch(/database "nowhere" does not exist/u);
  });

  test("a raw topic with another partition count", async () => {
    const first = startSource(world);
    await first.until(streaming);
    await first.stop();
    const error: unknown = await startSource(world, { partitions: 8 }).ended.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ message: `topic ${world.topics.raw} has 4 partitions, the settings say 8` });
  });
});
