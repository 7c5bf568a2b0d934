import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { repeatInPostgres } from "../../../src/feed/again/postgres.ts";
import { postgresTarget } from "../../../src/feed/index.ts";
import { WriteBatch } from "../../../src/kafka/log.ts";
import { localSupervisor, postgresService, type Supervisor } from "../../../src/local/index.ts";
import type { Settings } from "../../../src/settings.ts";
import type { PostgresSourceOptions } from "../../../src/sources/postgres/index.ts";
import { remedyWorks } from "../../support/remedies/works.ts";
import { makeSuperuser } from "../../support/postgres.ts";
import { settingsOnFreePorts } from "../../support/stack.ts";
import { insertBalls, newWorld, startSource, type World } from "./harness.ts";

/* What ends the Postgres source or its feed for good: the remedy is done on a server of its own, and they go on. */

let settings: Settings;
let supervisor: Supervisor;
let superuserUrl: string;
let world: World;
/** What a person changes. */
let options: Partial<PostgresSourceOptions>;
const base = mkdtempSync(join(tmpdir(), "tu-remedies-"));

beforeAll(async () => {
  settings = await settingsOnFreePorts(base);
  superuserUrl = await makeSuperuser(settings);
  supervisor = localSupervisor(settings);
  await supervisor.start(postgresService(settings));
});
afterAll(async () => {
  await supervisor.stopAll();
  rmSync(base, { recursive: true, force: true });
});
beforeEach(async () => {
  world = await newWorld(superuserUrl);
  options = {};
  await insertBalls(world, 3);
});
afterEach(() => world.close());

/** Runs the source until it streams; throws what ends it before. */
async function attempt(): Promise<void> {
  const source = startSource(world, options);
  try {
    await source.until(({ state }) => state === "streaming");
  } finally {
    await source.stop();
  }
}

function at(change: (url: URL) => void): string {
  const url = new URL(world.url);
  change(url);
  return url.href;
}

/** A role that may do all that a source does, but for what `attributes` leave out. */
async function role(attributes: string): Promise<string> {
  const name = `role_${world.name}`;
  await world.sql.unsafe(`create role ${name} ${attributes} password 'p'`);
  await world.sql.unsafe(`grant usage on schema odi to ${name}`);
  await world.sql.unsafe(`grant select on all tables in schema odi to ${name}`);
  world.closers.push(async () => {
    await world.sql.unsafe(`drop owned by ${name}`);
    await world.sql.unsafe(`drop role ${name}`);
  });
  options = {
    connection: at((url) => {
      url.username = name;
      url.password = "p";
    }),
  };
  return name;
}

async function restart(): Promise<void> {
  await supervisor.stop("postgres");
  await supervisor.start(postgresService(settings));
}

const rightAddress = (): void => void (options = {});

test("a wrong password is corrected", async () => {
  options = { connection: at((url) => (url.password = "wrong")) };
  await remedyWorks("postgres/password", {
    attempt,
    does: { "correct user and password in the connection address (TU_POSTGRES_URL)": rightAddress },
  });
});

test("a role that may not log in is allowed to, or another is named", async () => {
  const name = await role("nologin replication");
  const allow = (): unknown => world.sql.unsafe(`alter role ${name} with login`);
  const connection = { ...options };
  await remedyWorks("postgres/login", {
    attempt,
    does: { "correct the connection address (TU_POSTGRES_URL)": rightAddress },
  });
  options = connection;
  await remedyWorks("postgres/login", { attempt, does: { "give it LOGIN": allow } });
});

test("a database that is not there is created, and the feed fills it; or its name is corrected", async () => {
  const name = `later_${world.name}`;
  options = { connection: at((url) => (url.pathname = `/${name}`)) };
  const feed = postgresTarget({ connection: options.connection! });
  await remedyWorks("postgres/database", {
    attempt: () => feed.prepare().catch((error: unknown) => Promise.reject(feed.classify(error, "preparing") as Error)),
    does: { "create the database": () => world.sql.unsafe(`create database ${name}`) },
  });
  await feed.close();
  await world.sql.unsafe(`drop database ${name}`);
  await remedyWorks("postgres/database", {
    attempt,
    does: { "correct its name in the connection address (TU_POSTGRES_URL)": rightAddress },
  });
});

test("a right that is missing is granted", async () => {
  const name = await role("login replication");
  await world.sql.unsafe(`revoke select on odi.deliveries from ${name}`);
  const grant = (): unknown => world.sql.unsafe(`grant select on odi.deliveries to ${name}`);
  await remedyWorks("postgres/right", { attempt, does: { "grant the right that is named": grant } });
});

test("a role that may not replicate is allowed to", async () => {
  const name = await role("login");
  const statement = `alter role ${name} with replication`;
  const does = { "alter role ": () => world.sql.unsafe(statement) };
  await remedyWorks("postgres/replication-role", { attempt, does });
});

test("a schema that is not there is made by the feed", async () => {
  await world.sql`drop schema odi cascade`;
  const feed = postgresTarget({ connection: world.url });
  await remedyWorks("postgres/schema", {
    attempt: () => repeatInPostgres(world.url, 1),
    does: { "create the schema first: `third-umpire feed` does it": () => feed.prepare() },
  });
  await feed.close();
});

test("what Postgres alone can name stands in its log with the statement", async () => {
  await world.sql`alter table odi.deliveries rename column inserted_at to inserted`;
  const look = async (): Promise<void> => {
    expect(readFileSync(join(settings.localDir, "logs", "postgres.log"), "utf8")).toMatch(/STATEMENT: .*inserted_at/su);
    await world.sql`alter table odi.deliveries rename column inserted to inserted_at`;
  };
  await remedyWorks("postgres/statement", {
    attempt: () => repeatInPostgres(world.url, 1),
    does: { "see the Postgres log for the statement": look },
  });
});

test("wal_level is raised", async () => {
  await world.sql`alter system set wal_level = 'replica'`;
  await restart();
  const raise = async (): Promise<void> => {
    await world.sql`alter system set wal_level = 'logical'`;
    await restart();
  };
  await remedyWorks("postgres/wal-level", {
    attempt,
    does: { "set wal_level = logical in postgresql.conf and restart Postgres": raise },
  });
});

test("slots that are all in use are dropped, or more are allowed", async () => {
  const [{ most } = { most: 0 }] = await world.sql<
    { most: number }[]
  >`select current_setting('max_replication_slots')::int as most`;
  const take = async (): Promise<void> => {
    const name = (n: number): string => `taken_${n}`;
    for (let n = 0; n < most; n++) await world.sql`select pg_create_physical_replication_slot(${name(n)})`;
  };
  const drop = async (): Promise<void> =>
    void (await world.sql`select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name like 'taken_%'`);
  await take();
  await remedyWorks("postgres/slots", { attempt, does: { "drop a slot that is not used": drop } });
  await world.sql`select pg_drop_replication_slot(${world.name})`;
  await take();
  const raise = async (): Promise<void> => {
    await world.sql.unsafe(`alter system set max_replication_slots = ${most + 1}`);
    await restart();
  };
  await remedyWorks("postgres/slots", {
    attempt,
    does: { "raise max_replication_slots in postgresql.conf and restart Postgres": raise },
  });
  await drop();
});

test("a publication that is not there is made, by the feed or by hand", async () => {
  const tables = "odi.match_info, odi.deliveries, odi.csv1_deliveries, odi.csv1_match_info, odi.unreadable_rows";
  await world.sql`drop publication odi`;
  const feed = postgresTarget({ connection: world.url });
  await remedyWorks("postgres/publication", {
    attempt,
    does: { "start `third-umpire feed`, which creates it": () => feed.prepare() },
  });
  await feed.close();
  await world.sql`drop publication odi`;
  const create = (): unknown => world.sql.unsafe(`create publication odi for table ${tables}`);
  await remedyWorks("postgres/publication", { attempt, does: { "create publication odi for table": create } });
});

test("a publication that leaves out a table or an operation is altered", async () => {
  await world.sql`alter publication odi drop table odi.deliveries`;
  const add = (): unknown => world.sql`alter publication odi add table odi.deliveries`;
  await remedyWorks("postgres/publication-tables", {
    attempt,
    does: { "alter publication odi add table odi.deliveries": add },
  });
  await world.sql`alter publication odi set (publish = 'insert')`;
  const all = (): unknown =>
    world.sql.unsafe("alter publication odi set (publish = 'insert, update, delete, truncate')");
  await remedyWorks("postgres/publication-operations", {
    attempt,
    does: { "alter publication odi set (publish = 'insert, update, delete, truncate')": all },
  });
});

test("a publication that leaves out rows or columns takes the whole table again", async () => {
  for (const part of ["where (match_id = 'x')", "(id, match_id)"]) {
    await world.sql.unsafe(`alter table odi.deliveries replica identity default;
      alter publication odi drop table odi.deliveries;
      alter publication odi add table odi.deliveries ${part}`);
    await remedyWorks("postgres/publication-part", {
      attempt,
      does: {
        "alter publication odi drop table odi.deliveries": () =>
          world.sql`alter publication odi drop table odi.deliveries`,
        "alter publication odi add table odi.deliveries": () =>
          world.sql`alter publication odi add table odi.deliveries`,
      },
    });
  }
});

test("a table in partitions is published as one", async () => {
  await world.sql.unsafe(`create table odi.parts (like odi.deliveries) partition by list (match_id);
    create table odi.rest partition of odi.parts default;
    drop table odi.deliveries cascade;
    alter table odi.parts rename to deliveries;
    alter publication odi add table odi.deliveries`);
  const asOne = (): unknown => world.sql.unsafe("alter publication odi set (publish_via_partition_root = true)");
  await remedyWorks("postgres/publication-partitions", {
    attempt,
    does: { "alter publication odi set (publish_via_partition_root = true)": asOne },
  });
});

test("a slot of another program is left to it", async () => {
  const other = `other_${world.name}`;
  await world.sql`select pg_create_logical_replication_slot(${other}, 'test_decoding')`;
  options = { slot: other };
  await remedyWorks("postgres/slot-of-another", { attempt, does: { "choose another slot name": rightAddress } });
  await world.sql`select pg_drop_replication_slot(${other})`;
});

test("a topic of another partition count is taken as it is", async () => {
  await attempt();
  options = { partitions: 8 };
  await remedyWorks("source/partitions", { attempt, does: { "set TU_PARTITIONS=4": rightAddress } });
});

test("a stored position that cannot be read is removed, or the source has another id", async () => {
  await attempt();
  let written = 0;
  const write = async (value: Buffer | null): Promise<void> => {
    const producer = world.log.producer({
      transactionalId: `${world.name}-${written++}`,
      transactionTimeoutMs: 10_000,
    });
    await producer.open();
    await producer.begin();
    const batch = new WriteBatch();
    batch.append(world.topics.positions, 0, Buffer.from(world.name), value);
    await producer.write(batch);
    await producer.commit();
    await producer.close();
  };
  await write(Buffer.from("{"));
  const another = (): void => void (options = { sourceId: `another_${world.name}` });
  await remedyWorks("source/position", { attempt, does: { "give the source another id": another } });
  options = {};
  await remedyWorks("source/position", {
    attempt,
    does: { "write a tombstone for its key to the positions topic": () => write(null) },
  });
});
