import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startDashboard, type Dashboard } from "../../../src/dashboard/server/index.ts";
import type { MatchView } from "../../../src/dashboard/api.ts";
import { partitionFor } from "../../../src/domain/partition.ts";
import { type TransactionalProducer, WriteBatch } from "../../../src/kafka/log.ts";
import { type LoaderStatus, runLoader } from "../../../src/loader/index.ts";
import { cleanDelivery, cleanMatch, delivery, json, match, verdictBlock } from "../../support/clean-records.ts";
import { EventClient } from "../../support/dashboard.ts";
import { type Clean, cleanTopics, PARTITIONS } from "../loader/harness.ts";

/** Deliveries of the made-up match. */
const BALLS = 40;
const MATCH = "live-1";

let dir: string;
let stops: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tu-live-"));
});

afterEach(async () => {
  for (const stop of stops.toReversed()) await stop();
  stops = [];
  rmSync(dir, { recursive: true, force: true });
});

interface Pipeline {
  readonly clean: Clean;
  readonly dashboard: Dashboard;
  readonly errors: unknown[];
  readonly status: () => LoaderStatus | undefined;
  /** One transaction of the processor: the n-th delivery of the match, and the verdict on it. Resolves when it is on the page. */
  ball(n: number): Promise<void>;
}

/** A real loader on real topics with its page; the match's record is loaded. */
async function startPipeline(
  options: { events?: { waitingBytesMax?: number; clientsMax?: number } } = {},
): Promise<Pipeline> {
  const clean = await cleanTopics();
  const controller = new AbortController();
  const errors: unknown[] = [];
  const dashboard = await startDashboard({
    host: "127.0.0.1",
    port: 0,
    token: null,
    signal: controller.signal,
    onNote: () => undefined,
    onError: (error) => errors.push(error),
    ...options,
  });
  let last: LoaderStatus | undefined;
  const loading = runLoader({
    log: clean.log,
    warehouseDir: dir,
    topics: clean.topics,
    groupId: `${clean.prefix}-group`,
    signal: controller.signal,
    publishIntervalMs: 300,
    onStatus: (status) => {
      last = status;
      dashboard.status(status);
    },
    observer: dashboard,
  });
  loading.catch(() => undefined);
  const producer = clean.log.producer({ transactionalId: `${clean.prefix}-p`, transactionTimeoutMs: 30_000 });
  await producer.open();
  stops.push(
    () => producer.close(),
    () => dashboard.close(),
    async () => {
      controller.abort();
      await loading;
    },
  );
  await transact(clean, producer, [[clean.topics.matches, json(cleanMatch(match(MATCH)))]]);
  const witness = await EventClient.open(dashboard.url);
  stops.push(async () => witness.close());
  const onPage = async (n: number): Promise<void> => {
    if (n > 0) await witness.wait("ball", ({ deliveries }) => deliveries === n + 1);
    // The first one brings the match into memory, from where it is followed.
    else await witness.wait("match", ({ live }) => live?.match.deliveries === 1);
  };
  let offset = 0;
  return {
    clean,
    dashboard,
    errors,
    status: () => last,
    ball: async (n) => {
      await transact(clean, producer, [
        [clean.topics.deliveries, json(cleanDelivery(delivery(MATCH, n), n))],
        [clean.topics.verdicts, verdictBlock(0, offset, 4, 1)],
      ]);
      offset += 5;
      await onPage(n);
    },
  };
}

async function transact(
  { topics }: Clean,
  producer: TransactionalProducer,
  records: readonly (readonly [topic: string, value: Buffer])[],
): Promise<void> {
  const key = Buffer.from(MATCH);
  const batch = new WriteBatch();
  for (const [topic, value] of records) {
    batch.append(topic, topic === topics.verdicts ? 0 : partitionFor(key, PARTITIONS), key, value);
  }
  await producer.begin();
  await producer.write(batch);
  await producer.commit();
}

function median(values: readonly number[]): string {
  return (values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN).toFixed(1);
}

test("a ball in the clean topic is on the page right after its commit, and the match there is that of the warehouse", async () => {
  const pipeline = await startPipeline();
  const { dashboard } = pipeline;
  await pipeline.ball(0);
  const events = await EventClient.open(dashboard.url);
  stops.push(async () => events.close());
  const ages: number[] = [];
  for (let n = 1; n < BALLS; n++) {
    await pipeline.ball(n);
    const ball = await events.wait("ball", ({ deliveries }) => deliveries === n + 1);
    ages.push(Date.now() - ball.committedAt);
    expect(ball.matchId).toBe(MATCH);
    expect(ball.live.match.deliveries).toBe(n + 1);
    expect(ball.worm[0]).toBe((n % 20) + 1);
    expect(ball.ball.label).toBe(`${delivery(MATCH, n).over}.${delivery(MATCH, n).ball}`);
  }
  process.stderr.write(`dashboard: a ball arrives ${median(ages)} ms after its commit (median of ${ages.length})\n`);
  const view = (await (await fetch(new URL(`/api/v1/matches/${MATCH}`, dashboard.url))).json()) as MatchView;
  expect(view.match.deliveries).toBe(BALLS);
  const { totals } = await events.wait("verdicts", (data) => data.totals.accepted === 3 * BALLS);
  expect(totals.duplicate).toBe(BALLS);
  expect(pipeline.errors).toEqual([]);
});

test("who reconnects gets every ball that fell meanwhile, once and in order", async () => {
  const pipeline = await startPipeline();
  const { dashboard } = pipeline;
  await pipeline.ball(0);
  let events = await EventClient.open(dashboard.url);
  await events.wait("hello");
  const seen: number[] = [];
  let from = 1;
  for (const to of [5, 9, 16, 25]) {
    for (let n = from; n <= to; n++) {
      await pipeline.ball(n);
      // Half of them while nobody listens.
      if (n === Math.floor((from + to) / 2)) {
        await events.wait("ball", ({ deliveries }) => deliveries === n + 1);
        events.close();
        await events.ended();
      }
    }
    seen.push(...events.all("ball").map(({ deliveries }) => deliveries));
    const resumed: EventClient = await EventClient.open(dashboard.url, events.lastId);
    expect(await resumed.wait("hello")).toEqual({ resumed: true, version: "1" });
    events = resumed;
    await events.wait("ball", ({ deliveries }) => deliveries === to + 1);
    from = to + 1;
  }
  seen.push(...events.all("ball").map(({ deliveries }) => deliveries));
  events.close();
  expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => n + 2));
});

test("fifty pages that listen and one that does not read keep no commit waiting", async () => {
  const pipeline = await startPipeline({ events: { waitingBytesMax: 200_000 } });
  const { dashboard } = pipeline;
  await pipeline.ball(0);
  for (let n = 1; n < 10; n++) await pipeline.ball(n);
  const alone = pipeline.status()?.batchMs.p50;
  const { hostname, port } = new URL(dashboard.url);
  const sleeper = connect(Number(port), hostname);
  stops.push(async () => sleeper.destroy());
  sleeper.write("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  sleeper.pause();
  const pages = await Promise.all(Array.from({ length: 50 }, () => EventClient.open(dashboard.url)));
  stops.push(async () => pages.forEach((page) => page.close()));
  await Promise.all(pages.map((page) => page.wait("hello")));
  for (let n = 10; n < BALLS; n++) {
    await pipeline.ball(n);
    // What a page may do with each ball at worst.
    await Promise.all(
      pages.map(async (page) => {
        await page.wait("ball", ({ deliveries }) => deliveries === n + 1);
        expect((await fetch(new URL(`/api/v1/matches/${MATCH}`, dashboard.url))).status).toBe(200);
      }),
    );
  }
  for (const page of pages) {
    const balls = page.all("ball").map(({ deliveries }) => deliveries);
    expect(balls).toEqual(Array.from({ length: BALLS - 10 }, (_, n) => n + 11));
  }
  const loaded = pipeline.status()?.batchMs;
  process.stderr.write(
    `dashboard: a commit takes ${alone} ms alone, ${loaded?.p50} ms (p99 ${loaded?.p99}) with 50 pages\n`,
  );
  expect(pipeline.errors).toEqual([]);
});
