import { mkdtempSync, rmSync, statSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kafkaService, localStatus, localSupervisor, postgresService } from "../../../src/local/index.ts";
import { kafkaAnswers } from "../../../src/local/kafka-ready.ts";
import { postgresDir } from "../../../src/local/paths.ts";
import { postgresAnswers } from "../../../src/local/postgres.ts";
import { loadSettings } from "../../../src/settings.ts";
import { settingsOnFreePorts, startTestStack, type TestStack } from "../../support/stack.ts";

let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack();
});

afterAll(async () => {
  await stack.stop();
});

async function query(text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: stack.postgresUrl });
  client.on("error", () => undefined); // the server is killed under it on purpose
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

/** Kills the server with SIGKILL and waits until it answers again; ms it took. */
async function killAndWait(name: "kafka" | "postgres"): Promise<number> {
  const restarts = (): number => stack.supervisor.list().find((status) => status.name === name)?.restarts ?? 0;
  const state = (): string | undefined => stack.supervisor.list().find((status) => status.name === name)?.state;
  const before = restarts();
  const killedAt = performance.now();
  stack.supervisor.kill(name, "SIGKILL");
  await new Promise<void>((resolve) => {
    stack.supervisor.onChange(() => {
      if (restarts() > before && state() === "ready") resolve();
    });
  });
  return performance.now() - killedAt;
}

describe("the local stack", () => {
  it("answers on the ports of its settings", async () => {
    expect(await kafkaAnswers(stack.settings.kafkaPort)).toBe(true);
    expect(await postgresAnswers(stack.settings)).toBe(true);
  });

  it("listens on the loopback address only", async () => {
    const elsewhere = (port: number): Promise<boolean> =>
      new Promise((resolve) => {
        // Another address of the loopback network: a server on 0.0.0.0 would answer there, one on 127.0.0.1 does not.
        const socket = connect({ port, host: "127.0.0.2" });
        socket.once("connect", () => resolve(socket.destroy() !== undefined));
        socket.once("error", () => resolve(false));
      });
    const { kafkaPort, kafkaControllerPort, postgresPort } = stack.settings;
    expect(await Promise.all([kafkaPort, kafkaControllerPort, postgresPort].map(elsewhere))).toEqual([
      false,
      false,
      false,
    ]);
  });

  it("decodes Postgres' log logically, through pgoutput", async () => {
    expect(await query("show wal_level")).toEqual([{ wal_level: "logical" }]);
    await query("create publication stack_test for all tables");
    const slot = "select slot_name from pg_create_logical_replication_slot('stack_test', 'pgoutput')";
    expect(await query(slot)).toEqual([{ slot_name: "stack_test" }]);
    await query("select pg_drop_replication_slot('stack_test')");
    await query("drop publication stack_test");
  });

  it("shows both servers to other terminals, with their own pids", () => {
    const seen = localStatus(stack.settings).map(({ name, state }) => `${name} ${state}`);
    expect(seen).toEqual(["kafka ready", "postgres ready"]);
    expect(localStatus(stack.settings)).toEqual(
      stack.supervisor.list().toSorted((a, b) => a.name.localeCompare(b.name)),
    );
  });

  it("keeps Postgres' data closed to others, and its server is not root", () => {
    const data = statSync(join(postgresDir(stack.settings), "data"));
    expect(data.mode & 0o077).toBe(0);
    expect(data.uid === 0).toBe(false);
  });

  it("brings Postgres back after SIGKILL with everything that was committed", async () => {
    await query("create table if not exists kept (n int)");
    await query("insert into kept values (41), (1)");
    const tookMs = await killAndWait("postgres");
    expect(await query("select sum(n)::int as sum from kept")).toEqual([{ sum: 42 }]);
    expect(tookMs).toBeLessThan(20_000);
  });

  it("brings Postgres back when it is killed again and again", async () => {
    for (let i = 0; i < 3; i += 1) await killAndWait("postgres");
    expect(await query("select sum(n)::int as sum from kept")).toEqual([{ sum: 42 }]);
  });

  it("brings Kafka back after SIGKILL", async () => {
    const tookMs = await killAndWait("kafka");
    expect(await kafkaAnswers(stack.settings.kafkaPort)).toBe(true);
    expect(tookMs).toBeLessThan(30_000);
  });

  it("answers another start with who runs what", async () => {
    const other = localSupervisor(stack.settings);
    // Same process, so the run file does not stop it: the taken port does.
    const [kafka] = await Promise.allSettled([
      other.start({ ...kafkaService(stack.settings, { jars: loadSettings() }), name: "kafka-2" }),
    ]);
    expect(kafka).toMatchObject({ status: "rejected" });
    expect(String(kafka.status === "rejected" && kafka.reason)).toContain(`port ${stack.settings.kafkaPort}`);
  });
});

describe("a port that is taken", () => {
  it("is named before the server starts, with who holds it and the setting that changes it", async () => {
    const dir = mkdtempSync(join(tmpdir(), "third-umpire-port-"));
    const settings = await settingsOnFreePorts(dir);
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(settings.postgresPort, "127.0.0.1", resolve));
    try {
      const start = localSupervisor(settings).start(postgresService(settings));
      await expect(start).rejects.toMatchObject({
        message: expect.stringMatching(
          new RegExp(`port ${settings.postgresPort}, wanted for Postgres, is taken by .*pid ${process.pid}`),
        ),
        remedy: expect.stringContaining("TU_POSTGRES_PORT"),
      });
    } finally {
      holder.close();
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
