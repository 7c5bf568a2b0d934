import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Log, TransactionalProducer } from "../../../src/kafka/log.ts";
import { WriteBatch } from "../../../src/kafka/log.ts";
import { createTopic, eventually, openProducer, openReader } from "../../contract/log-harness.ts";
import type { CopierEvent, CopierOptions } from "./copier.child.ts";
import { brokers, openLog, unique } from "./harness.ts";

const partitions = 4;
const sessionTimeoutMs = 3_000;

/** A copier process and what it said, with the time it was heard, ms. */
class Copier {
  readonly child: ChildProcess;
  readonly heard: (CopierEvent & { readonly at: number })[] = [];
  readonly owned: Set<number> = new Set();

  constructor(options: CopierOptions) {
    this.child = fork(fileURLToPath(new URL("./copier.child.ts", import.meta.url)), [JSON.stringify(options)], {
      execArgv: ["--import", "tsx"],
    });
    this.child.setMaxListeners(0); // one for each thing waited for
    this.child.on("message", (message) => {
      const event = message as CopierEvent;
      this.heard.push({ ...event, at: performance.now() });
      if (event.type === "assigned") for (const partition of event.partitions) this.owned.add(partition);
      if (event.type === "revoked") for (const partition of event.partitions) this.owned.delete(partition);
    });
  }

  async until(what: string, holds: (copier: Copier) => boolean): Promise<void> {
    await eventually(what, async () => {
      if (holds(this)) return true;
      await Promise.race([once(this.child, "message"), once(this.child, "exit"), sleep(100)]);
      return holds(this) ? true : undefined;
    });
  }

  async untilSaid(type: CopierEvent["type"], after = 0): Promise<CopierEvent & { readonly at: number }> {
    const find = (): (CopierEvent & { readonly at: number }) | undefined =>
      this.heard.find((event) => event.type === type && event.at > after);
    await this.until(`a copier said ${type}`, () => find() !== undefined);
    return find()!;
  }

  async exit(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, "exit");
    return this.child.exitCode;
  }
}

let log: Log;
let feeder: TransactionalProducer;
let input: string;
let output: string;
let groupId: string;
let fed = 0;
let feeding: { stop: () => Promise<void> };
let copiers: Copier[];

beforeEach(async () => {
  log = openLog();
  input = await createTopic(log, unique("copy.in"), partitions);
  output = await createTopic(log, unique("copy.out"), partitions);
  groupId = unique("copy");
  feeder = await openProducer(log, unique("feeder"));
  fed = 0;
  copiers = [];
  feeding = feed();
});

afterEach(async () => {
  await feeding.stop();
  for (const { child } of copiers) child.kill("SIGKILL");
  await Promise.all(copiers.map((copier) => copier.exit()));
  await feeder.close();
  const admin = log.admin();
  await admin.deleteTopics([input, output]);
  await admin.close();
});

/** A hundred records, twenty times a second, until stopped. */
function feed(): { stop: () => Promise<void> } {
  let on = true;
  const done = (async () => {
    while (on) {
      const batch = new WriteBatch();
      for (let index = 0; index < 100; index++, fed++) {
        batch.append(input, fed % partitions, Buffer.from("k"), Buffer.from(String(fed)));
      }
      await feeder.begin();
      await feeder.write(batch);
      await feeder.commit();
      await sleep(50);
    }
  })();
  return {
    stop: async () => {
      on = false;
      await done;
    },
  };
}

function start(instanceId: string): Copier {
  const copier = new Copier({ brokers: brokers(), groupId, instanceId, input, output, sessionTimeoutMs });
  copiers.push(copier);
  return copier;
}

/** Stops feeding and reads what was copied: every number once, in order per partition. */
async function expectExactlyOnce(): Promise<void> {
  await feeding.stop();
  const reader = await openReader(
    log,
    "read_committed",
    Array.from({ length: partitions }, (_, partition) => ({ topic: output, partition, offset: 0 })),
  );
  const copied: number[][] = Array.from({ length: partitions }, () => []);
  await eventually(`${fed} records were copied`, async () => {
    for (const batch of await reader.fetch(10_000, 100)) {
      for (let index = 0; index < batch.length; index++) copied[batch.partition]!.push(Number(batch.value(index)));
    }
    return copied.flat().length >= fed ? true : undefined;
  });
  await reader.fetch(10_000, 200);
  await reader.close();
  for (let partition = 0; partition < partitions; partition++) {
    const expected = Array.from(
      { length: Math.ceil((fed - partition) / partitions) },
      (_, n) => n * partitions + partition,
    );
    expect(copied[partition]).toEqual(expected);
  }
}

test("two processes share the partitions, and a process told to stop closes and exits by itself", async () => {
  const one = start("one");
  await one.until("one has all", ({ owned }) => owned.size === 4);
  const two = start("two");
  await two.until("two has half", ({ owned }) => owned.size === 2);
  await two.untilSaid("committed");
  expect(new Set([...one.owned, ...two.owned])).toEqual(new Set([0, 1, 2, 3]));
  expect(one.heard.some((event) => event.type === "revoked" && event.lost)).toBe(false);
  await expectExactlyOnce();
  const told = performance.now();
  one.child.kill("SIGTERM");
  two.child.kill("SIGTERM");
  expect([await one.exit(), await two.exit()]).toEqual([0, 0]);
  expect(performance.now() - told).toBeLessThan(5_000);
});

test("of two processes one is killed: the other commits in its place within the session timeout and a second", async () => {
  const one = start("one");
  await one.until("one has all", ({ owned }) => owned.size === 4);
  const two = start("two");
  await two.until("two has half", ({ owned }) => owned.size === 2);
  await one.untilSaid("committed", (await two.untilSaid("committed")).at);
  const orphans = [...one.owned];
  const killedAt = performance.now();
  one.child.kill("SIGKILL");
  const inItsPlace = (): (CopierEvent & { at: number }) | undefined =>
    two.heard.find(
      (event) =>
        event.type === "committed" && event.at > killedAt && event.partitions.some((each) => orphans.includes(each)),
    );
  await two.until("two commits for the dead one", () => inItsPlace() !== undefined);
  const tookMs = inItsPlace()!.at - killedAt;
  console.log(`takeover after SIGKILL: ${Math.round(tookMs)} ms (session timeout ${sessionTimeoutMs} ms)`);
  expect(tookMs).toBeLessThan(sessionTimeoutMs + 1_000);
  await expectExactlyOnce();
});

test("a process killed and restarted with the same instance id commits again within a second of being up", async () => {
  const one = start("one");
  await one.until("one has all", ({ owned }) => owned.size === 4);
  await one.untilSaid("committed");
  one.child.kill("SIGKILL");
  await one.exit();
  const again = start("one");
  const open = await again.untilSaid("open");
  const committed = await again.untilSaid("committed");
  console.log(`static restart: first commit ${Math.round(committed.at - open.at)} ms after being up`);
  expect(committed.at - open.at).toBeLessThan(1_000);
  await expectExactlyOnce();
});

test("a process that slept through its session is a zombie: its transaction is refused, nothing is copied twice (EO-7)", async () => {
  const one = start("one");
  await one.until("one has all", ({ owned }) => owned.size === 4);
  await one.untilSaid("committed");
  one.child.kill("SIGSTOP");
  const two = start("two");
  await two.until("two has all", ({ owned }) => owned.size === 4);
  await two.untilSaid("committed");
  const wokenAt = performance.now();
  one.child.kill("SIGCONT");
  const outcome = await Promise.race([one.untilSaid("failed", wokenAt), one.untilSaid("revoked", wokenAt)]);
  if (outcome.type === "failed") expect(outcome.error).toBe("FencedError");
  else expect(outcome).toMatchObject({ lost: true });
  await expectExactlyOnce();
});
