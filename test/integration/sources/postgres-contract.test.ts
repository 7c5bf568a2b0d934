import { expect, test } from "vitest";
import { sourceChecks } from "../../contract/source-checks.ts";
import type { RawEvent, SourceHarness, SourceWorld } from "../../contract/source-harness.ts";
import { sourceContract } from "../../contract/source.contract.ts";
import { countingProxy } from "../../support/counting-proxy.ts";
import { runPostgresSource } from "../../../src/sources/postgres/index.ts";
import { newWorld, PARTITIONS, sourceOptions } from "./harness.ts";

const MIB = 1024 * 1024;
/** The operating system's buffers of two connections: data that the source has not read, and nobody can take back. */
const SOCKET_BUFFERS = 14 * MIB;

const LIMITS = { maxEvents: 50, maxBytes: MIB };

const harness: SourceHarness = {
  newWorld: () => newSourceWorld(LIMITS),
  repeats: "never",
  snapshotPoints: ["slot-created", "snapshot-rows"],
  // Twice a batch is held, in the stream and as much in the copy.
  backlog: { rows: 160, bytesEach: MIB / 4, limit: SOCKET_BUFFERS + 4 * MIB },
};

async function newSourceWorld(limits: { readonly maxEvents: number; readonly maxBytes: number }): Promise<SourceWorld> {
  const postgres = await newWorld();
  const { sql, name, log, topics } = postgres;
  const server = new URL(postgres.url);
  const proxy = await countingProxy({ host: server.hostname, port: Number(server.port) });
  const through = new URL(server);
  through.hostname = "127.0.0.1";
  through.port = String(proxy.port);
  return {
    log,
    sourceId: name,
    topics,
    partitions: PARTITIONS,
    append: async (rows) => {
      for (const { key, n, bytes = 1 } of rows) {
        await sql`insert into odi.deliveries (match_id, ball, striker) values (${key}, ${String(n)}, ${"x".repeat(bytes)})`;
      }
    },
    appendUnreadable: async (key) => {
      await sql`insert into odi.unreadable_rows (match_id, file, line, raw, problem) values (${key}, 'f.csv', 7, ${Buffer.from([0xff])}, 'no columns')`;
    },
    loseHistory: async () => {
      await sql`select pg_drop_replication_slot(${name})`;
    },
    run: (options) =>
      runPostgresSource({
        ...sourceOptions(postgres),
        ...options,
        connection: through.href,
        ...limits,
        lingerMs: 5,
        standbyMs: 200,
      }),
    rowOf,
    taken: () => Promise.resolve(proxy.received),
    close: async () => {
      await proxy.close();
      await postgres.close();
    },
  };
}

function rowOf(event: RawEvent): number | undefined {
  const { ball } = JSON.parse(event.value.toString()) as { ball?: string };
  return ball === undefined ? undefined : Number(ball);
}

sourceContract("Postgres", harness);

test("negative control: a source that holds as much as it likes is caught by the checks of back-pressure", async () => {
  const greedy = (): Promise<SourceWorld> =>
    newSourceWorld({ maxEvents: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER });
  const [check] = sourceChecks({ ...harness, newWorld: greedy }).filter(({ title }) =>
    /stands still the stream/u.test(title),
  );
  await expect(check?.run()).rejects.toThrow(/taken from the server while nothing could be committed/u);
});
