import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { cloudCheck } from "../../../src/cloud-check/index.ts";
import { localSupervisor, postgresService, type Supervisor } from "../../../src/local/index.ts";
import { parseSettings, type Settings } from "../../../src/settings.ts";
import { makeSuperuser } from "../../support/postgres.ts";
import { remedyWorks, Told } from "../../support/remedies/works.ts";
import { settingsOnFreePorts } from "../../support/stack.ts";
import { insertBalls, newWorld, startSource, type World } from "../sources/harness.ts";

/* What `cloud-check` tells of the slots of a Postgres: it is done on a server of its own, and the same check finds it well. */

/** The slot that `third-umpire source odi` has, and `cloud-check` looks for. */
const SLOT = "odi";
const SEGMENT_MB = 16;

let settings: Settings;
let supervisor: Supervisor;
let superuserUrl: string;
let world: World;
const base = mkdtempSync(join(tmpdir(), "tu-slots-"));

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
  await insertBalls(world, 3);
});
afterEach(async () => {
  await keep("-1");
  await world.close();
});

/** Throws the first remedy that is told. */
async function attempt(): Promise<void> {
  const lines = await cloudCheck({
    settings: parseSettings({ TU_LOCAL_DIR: base, TU_POSTGRES_URL: world.url }, base),
    openLog: () => Promise.reject(new Error("no log is needed")),
    timeoutMs: 60_000,
    sources: ["postgres"],
  });
  const told = lines.find((line) => line.remedy !== null);
  if (told !== undefined) throw new Told(told.remedy!);
  expect(lines.filter((line) => line.state === "missing")).toEqual([]);
}

async function restart(): Promise<void> {
  await supervisor.stop("postgres");
  await supervisor.start(postgresService(settings));
}

/** Sets max_slot_wal_keep_size. */
async function keep(size: string): Promise<void> {
  await world.sql.unsafe(`alter system set max_slot_wal_keep_size = '${size}'`);
  await world.sql`select pg_reload_conf()`;
}

/** Lets the server write so much, and look what it may remove. */
async function writeWal(megabytes: number): Promise<void> {
  for (let written = 0; written < megabytes; written += SEGMENT_MB) {
    await insertBalls(world, 1);
    await world.sql`select pg_switch_wal()`;
  }
  await world.sql`checkpoint`;
}

/** Runs the source until the server need not keep for it what it has read. */
async function runSource(): Promise<void> {
  const source = startSource(world, { slot: SLOT });
  await source.until(({ state }) => state === "streaming");
  for (let n = 0; ; n++) {
    await insertBalls(world, 1, n);
    await world.sql`select pg_log_standby_snapshot()`;
    const [slot] = await world.sql<{ kept: number }[]>`
      select pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::float8 as kept
        from pg_replication_slots where slot_name = ${SLOT}`;
    if (slot !== undefined && slot.kept < SEGMENT_MB * 1024 * 1024) break;
    await source.until(({ state }) => state === "streaming");
  }
  await source.stop();
}

describe("a server", () => {
  test("whose slots are all taken gets one free, or more of them", async () => {
    const [{ most } = { most: 0 }] = await world.sql<
      { most: number }[]
    >`select current_setting('max_replication_slots')::int as most`;
    const take = async (): Promise<void> => {
      const name = (n: number): string => `taken_${n}`;
      for (let n = 0; n < most; n++) await world.sql`select pg_create_physical_replication_slot(${name(n)})`;
    };
    await take();
    await remedyWorks("cloud/slots", {
      attempt,
      does: { "select pg_drop_replication_slot('NAME')": () => world.sql`select pg_drop_replication_slot('taken_0')` },
    });
    await world.sql`select pg_create_physical_replication_slot('taken_0')`;
    const raise = async (): Promise<void> => {
      await world.sql.unsafe(`alter system set max_replication_slots = ${most + 1}`);
      await restart();
    };
    await remedyWorks("cloud/slots", { attempt, does: { "raise max_replication_slots and restart Postgres": raise } });
    await world.sql`select pg_drop_replication_slot(slot_name) from pg_replication_slots`;
  });

  test("that lost the slot of the source has another one", async () => {
    await runSource();
    await keep("16MB");
    await writeWal(5 * SEGMENT_MB);
    await remedyWorks("cloud/wal-kept", {
      attempt,
      does: {
        "start the source, which takes a snapshot": runSource,
        "raise max_slot_wal_keep_size": () => keep("1GB"),
      },
    });
  });

  test("that will soon lose the slot of the source is read, or keeps more", async () => {
    await runSource();
    await keep("256MB");
    await writeWal(9 * SEGMENT_MB);
    await remedyWorks("cloud/slot-behind", { attempt, does: { "start the source": runSource } });
    await writeWal(9 * SEGMENT_MB);
    await remedyWorks("cloud/slot-behind", { attempt, does: { "raise max_slot_wal_keep_size": () => keep("1GB") } });
  });

  test("that keeps too little for any pause keeps more", async () => {
    await runSource();
    await keep("64MB");
    await remedyWorks("cloud/slot-limit", { attempt, does: { "raise max_slot_wal_keep_size": () => keep("1GB") } });
  });
});
