import { expect, inject, it } from "vitest";
import { mongodbAdminUrl } from "../../src/local/mongodb.ts";
import { livePageUrl } from "../../src/local/pages.ts";
import { closeMongo, openMongo } from "../../src/mongo/client.ts";
import { cliStack, eventually } from "../support/cli.ts";
import { databaseUrl } from "../support/database-url.ts";
import { launch, look, shifts, violations } from "./look.ts";

/** Played while somebody looks, one of each source. */
const LIVE = { odi: "1144530", t20i: "1485939", test: "817215" } as const;
/** Balls of each that have to be seen. */
const BALLS = 60;
const BUDGET_MS = 1000;

type Seen = readonly [matchId: string, deliveries: number, at: number];

declare global {
  interface Window {
    seen: Seen[];
  }
}

/** Notes when each scoreboard shows each ball: after the frame that draws it. */
function noteBalls(): void {
  window.seen = [];
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      const { match = "", deliveries = "" } = (target as HTMLElement).dataset;
      requestAnimationFrame(() => window.seen.push([match, Number(deliveries), Date.now()]));
    }
  }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ["data-deliveries"] });
}

it("each ball is on the page within a second of its insert at the source, in the median", async () => {
  const stack = await cliStack();
  const browser = await launch(inject("chromium"));
  try {
    const matches = Object.values(LIVE).flatMap((id) => ["--match", id]);
    const folders = ["--odi", "data/odi", "--t20i", "data/t20i", "--test", "data/test"];
    const play = stack.start(["play", ...folders, ...matches, "--interval", "500ms", "--json"]);
    await eventually(() => /loaded [1-9]/u.test(play.out()), 240_000, play.out);
    const { page, complaints } = await look(browser, livePageUrl(stack.settings));
    await page.waitForFunction(() => document.querySelectorAll(".board[data-match]").length === 3, null, {
      timeout: 120_000,
    });
    const before = await shifts(page);
    await page.evaluate(noteBalls);
    await page.waitForFunction(
      ([ids, balls]) => ids.every((id) => window.seen.filter(([match]) => match === id).length >= balls),
      [Object.values(LIVE), BALLS] as const,
      { timeout: 600_000, polling: 1000 },
    );
    const seen = await page.evaluate(() => window.seen);
    expect((await shifts(page)) - before).toBeLessThan(0.01);
    expect(await violations(page)).toEqual([]);
    expect(complaints).toEqual([]);
    const fromOplog = await oplogInserts(mongodbAdminUrl(stack.settings), LIVE.t20i);
    play.child.kill("SIGINT");
    await play.ended;

    const inserts = await stack.json<{ match_id: string; n: string; at: string }[]>(["sql", INSERTS, "--json"]);
    const insertedAt = new Map(inserts.map(({ match_id, n, at }) => [`${match_id} ${n}`, Number(at)]));
    for (const [index, at] of fromOplog.entries()) insertedAt.set(`${LIVE.t20i} ${index + 1}`, at);
    for (const [source, id] of Object.entries(LIVE)) {
      const delays = seen
        .filter(([match]) => match === id)
        .map(([match, n, at]) => at - (insertedAt.get(`${match} ${n}`) ?? Number.NaN));
      const { median, p95 } = spread(delays);
      console.log(`${source}: ${delays.length} balls, from insert to page: median ${median} ms, 95 % within ${p95} ms`);
      expect(median).toBeLessThan(BUDGET_MS);
    }
  } finally {
    await browser.close();
    await stack.remove();
  }
});

/** The n-th delivery of each match, and when its source says it was written. */
const INSERTS = `SELECT match_id, row_number() OVER (PARTITION BY match_id ORDER BY log_offset) AS n, epoch_ms(source_time) AS at FROM deliveries`;

/** When each delivery of a match was written, in ms: the change events of the local server (5.0) know the second only, its oplog knows more. */
async function oplogInserts(adminUrl: string, matchId: string): Promise<number[]> {
  const client = openMongo(databaseUrl(adminUrl, "local"), { applicationName: "test" });
  try {
    const entries = client
      .db()
      .collection<OplogEntry>("oplog.rs", { readConcern: { level: "local" } })
      .find({ "o.applyOps.o.match_id": matchId }, { sort: { $natural: 1 } });
    const times: number[] = [];
    for await (const { wall, o } of entries) {
      for (const { ns } of o.applyOps) if (ns.endsWith(".deliveries")) times.push(wall.getTime());
    }
    return times;
  } finally {
    await closeMongo(client);
  }
}

interface OplogEntry {
  readonly wall: Date;
  readonly o: { readonly applyOps: readonly { readonly ns: string }[] };
}

function spread(delays: readonly number[]): { readonly median: number; readonly p95: number } {
  const sorted = delays.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
  return { median: at(0.5), p95: at(0.95) };
}
