import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { AdminClient } from "../../../src/kafka/confluent/binding.ts";
import { confluentLog } from "../../../src/kafka/confluent/index.ts";
import { type Log, WriteBatch } from "../../../src/kafka/log.ts";
import { builtMain, eventually, ROOT } from "../../support/cli.ts";

/* A pipeline that lives outside the repository: a module on its own, and the commands that work for any. */

const NAME = `app-${Date.now().toString(36)}`;
const RAW = `${NAME}.raw`;
let dir: string;
let file: string;
let main: string;
let log: Log;

beforeAll(async () => {
  main = builtMain();
  dir = mkdtempSync(join(tmpdir(), "tu-app-"));
  file = join(dir, "orders.mjs");
  writeFileSync(
    file,
    `import { canonicalJson, defineTopology } from ${JSON.stringify(pathToFileURL(join(ROOT, "dist/src/index.js")).href)};
     export default defineTopology({
       name: "${NAME}", inputs: ["${RAW}"], outputs: ["${NAME}.clean"], partitions: 1,
       review: { retention: "unbounded" },
       decode: (record) => JSON.parse(record.value.toString()),
       identify: (order) => ({ key: order.id, content: canonicalJson(order) }),
       process: (order, record, context) => context.emit("${NAME}.clean", record.key, record.value),
     });\n`,
  );
  log = confluentLog({ brokers: inject("brokers"), clientId: NAME });
  const admin = log.admin();
  await admin.createTopics([{ name: RAW, partitions: 1, cleanup: "delete", retentionMs: 3_600_000 }]);
  await admin.close();
});
afterAll(() => rmSync(dir, { recursive: true }));

const env = (): NodeJS.ProcessEnv => ({ ...process.env, TU_KAFKA_BROKERS: inject("brokers"), TU_LOCAL_DIR: dir });

function run(...args: readonly string[]): { readonly code: number | null; readonly out: string; readonly err: string } {
  const done = spawnSync(process.execPath, [main, "--app", file, ...args], { cwd: dir, env: env(), encoding: "utf8" });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

async function send(...values: readonly string[]): Promise<void> {
  const producer = log.producer({ transactionalId: `${NAME}-in`, transactionTimeoutMs: 10_000 });
  await producer.open();
  await producer.begin();
  const batch = new WriteBatch();
  for (const value of values) batch.append(RAW, 0, Buffer.from("k"), Buffer.from(value));
  await producer.write(batch);
  await producer.commit();
  await producer.close();
}

interface Totals {
  readonly totals: readonly { readonly counts: Readonly<Record<string, number>> }[];
}

function totals(): Readonly<Record<string, number>> | undefined {
  const { code, out } = run("verdicts", "--json");
  return code === 0 ? (JSON.parse(out) as Totals).totals[0]?.counts : undefined;
}

/** Runs a processor until so many records have their verdict. */
async function judge(count: number): Promise<void> {
  const child = spawn(process.execPath, [main, "--app", file, "processor"], { cwd: dir, env: env(), stdio: "ignore" });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  try {
    const all = (): number => Object.values(totals() ?? {}).reduce((sum, n) => sum + n, 0);
    await eventually(
      () => Promise.resolve(all() >= count),
      90_000,
      () => `${all()} of ${count} verdicts`,
    );
  } finally {
    child.kill("SIGINT");
  }
  expect(await ended).toBe(0);
}

async function deleteGroup(): Promise<void> {
  const admin = log.admin();
  await eventually(
    async () => (await admin.groupMembers(NAME)).state === "Empty",
    60_000,
    () => "the group still has members",
  );
  await admin.close();
  const client = AdminClient.create({ "bootstrap.servers": inject("brokers") });
  await new Promise<void>((resolve, reject) => {
    client.deleteGroups([NAME], { timeout: 10_000 }, (error) => (error ? reject(error) : resolve()));
  });
  client.disconnect();
}

test(
  "has its processor, verdicts, quarantine and state, and the way out of a deleted group",
  { timeout: 300_000 },
  async () => {
    await send('{"id":"1","n":1}', '{"id":"1","n":1}', '{"id":"1","n":2}', "{");
    await judge(4);
    expect(totals()).toMatchObject({ accepted: 1, duplicate: 1, correction: 1, poison: 1 });
    expect(run("verdicts", "--verdict", "duplicate").out).toMatch(new RegExp(`${RAW}/0/1 +duplicate +k `, "u"));
    expect(run("quarantine", "list").out).toContain(`${RAW}/0/3`);
    writeFileSync(join(dir, "mended.json"), '{"id":"2","n":1}');
    expect(run("quarantine", "retry", `${RAW}/0/3`, "--value", join(dir, "mended.json"))).toMatchObject({ code: 0 });
    await judge(5);
    expect(run("state")).toMatchObject({ code: 0 });
    expect(run("resend").out).toContain("Nothing waits in added partitions.");

    await deleteGroup();
    const refused = run("processor");
    expect(refused.code).toBe(1);
    expect(refused.err).toContain(`third-umpire --app ${file} state rebuild`);
    expect(run("state", "rebuild").out).toContain("The state is rebuilt");
    await send('{"id":"2","n":1}', '{"id":"3","n":1}');
    await judge(7);
    expect(totals()).toMatchObject({ accepted: 3, duplicate: 2, correction: 1, poison: 1 });
  },
);
