import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { MisbehaveRequest } from "../../src/dashboard/api.ts";
import { countingProxy } from "../support/counting-proxy.ts";
import { rawCsv2, rawJson, rawYaml } from "../support/raw-matches.ts";
import { accessibility, cells, DESKTOP, launch, look, PHONE, shifts, shown, violations } from "./look.ts";
import { PageStack } from "./stack.ts";

/** Played to its end. */
const FINISHED = "1459387";
const T20I = rawJson("1485939");
const ODI = rawCsv2("1144530");
const TEST = rawYaml("817215");
/** Balls of the T20I that are bowled while somebody looks. */
const TO_COME = 60;

let stack: PageStack;
let browser: Browser;
let next = T20I.length - TO_COME;

beforeAll(async () => {
  browser = await launch(inject("chromium"));
  stack = await PageStack.start();
  await stack.feed(rawJson(FINISHED));
  // Three balls are sent again, and one record cannot be read.
  await stack.feed([...ODI.slice(0, 420), ...ODI.slice(417, 420)]);
  await stack.feed([{ ...(ODI[300] ?? fail()), value: "no JSON" }]);
  await stack.feed(TEST.slice(0, 400));
  await stack.feed(T20I.slice(0, next));
  await stack.settled();
});

afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

function fail(): never {
  throw new Error("the match is shorter than the test thinks");
}

/** One more ball of the T20I, from its raw topic to the warehouse. */
async function bowl(balls = 1): Promise<void> {
  for (let n = 0; n < balls; n++) await stack.feed([T20I[next++] ?? fail()]);
  await stack.settled();
}

const matchHash = (id: string): string => `#/match/${id}`;
const texts = (rows: readonly (readonly unknown[])[]): string[][] =>
  rows.map((row) => row.map((value) => (value === null ? "–" : String(value as string | number))));

describe("the page shows what SQL says", () => {
  it.each([FINISHED, "1485939", "1144530", "817215"])("in the cards and charts of match %s", async (id) => {
    const { page, complaints, close } = await look(browser, `${stack.url}${matchHash(id)}`);
    await shown(page);
    const innings = await stack.sql(
      `SELECT innings, team, runs, wickets FROM innings WHERE match_id = '${id}' ORDER BY 1`,
    );
    const tabs = page.locator(".tab");
    expect(await tabs.count()).toBe(innings.length);
    for (const [n, [number, team, runs, wickets]] of innings.entries()) {
      await tabs.nth(n).click();
      const where = `match_id = '${id}' AND innings = ${String(number)}`;
      expect(await tabs.nth(n).innerText()).toContain(String(team));

      const batting = await stack.sql(
        `SELECT batter, runs, balls, fours, sixes FROM batting WHERE ${where} ORDER BY position`,
      );
      const battingRows = (await cells(page, "section[aria-labelledby=batting] tbody tr:not(.to-come)")).map(
        ([name, , ...rest]) => [name, ...rest.slice(0, 4)],
      );
      expect(battingRows).toEqual(texts(batting));

      const total = await cells(page, "section[aria-labelledby=batting] tr.sum");
      expect(total[0]?.[2]).toBe(String(runs));
      expect(total[0]?.[3]).toContain(String(wickets));

      const bowling = await stack.sql(
        `SELECT bowler, maidens, runs, wickets, wides, noballs FROM bowling WHERE ${where} ORDER BY position`,
      );
      const bowlingRows = (await cells(page, "section[aria-labelledby=bowling] tbody tr")).map(
        ([name, , maidens, conceded, taken, , wides, noballs]) => [name, maidens, conceded, taken, wides, noballs],
      );
      expect(bowlingRows).toEqual(texts(bowling));

      const overs = await stack.sql(
        `SELECT over_no + 1, sum(runs_total), sum(wicket_count) FROM deliveries WHERE ${where} GROUP BY 1 ORDER BY 1`,
      );
      await page.click("section[aria-labelledby=manhattan-title] button");
      expect(await cells(page, "section[aria-labelledby=manhattan-title] tbody tr")).toEqual(texts(overs));
      await page.click("section[aria-labelledby=manhattan-title] button");
    }
    const last = innings.at(-1)?.[0];
    const totals = await stack.sql(
      `SELECT over_no + 1, sum(sum(runs_total)) OVER o, sum(sum(wicket_count)) OVER o FROM deliveries
       WHERE match_id = '${id}' AND innings = ${String(last)} GROUP BY over_no WINDOW o AS (ORDER BY over_no) ORDER BY 1`,
    );
    await page.click("section[aria-labelledby=worm-title] button");
    const worm = (await cells(page, "section[aria-labelledby=worm-title] tbody tr"))
      .map((row) => row[innings.length])
      .filter((cell) => cell !== "");
    expect(worm).toEqual(totals.map(([, runs, wickets]) => `${String(runs)}/${String(wickets)}`));
    expect(complaints).toEqual([]);
    await close();
  });

  it("in the umpire's panel, with what each rejected replay repeated", async () => {
    const { page, close } = await look(browser, stack.url);
    await page.waitForSelector("[data-record]");
    const [counts] = await stack.sql(
      "SELECT sum(accepted), sum(duplicate), sum(correction), sum(stale), sum(late), sum(poison) FROM verdict_counts",
    );
    const tiles = await page.$$eval("[data-verdict]", (found) =>
      found.map((tile) => tile.textContent?.replaceAll(",", "")),
    );
    expect(tiles).toEqual(counts?.map(String));
    const records = await page.getAttribute("[data-records]", "data-records");
    expect(Number(records)).toBe(counts?.reduce<number>((sum, value) => sum + Number(value), 0));
    const rejected = await stack.sql(
      "SELECT input_topic || '/' || input_partition || '@' || input_offset, first_seen_offset FROM verdicts WHERE verdict = 'duplicate'",
    );
    expect(rejected).toHaveLength(3);
    for (const [place, first] of rejected) {
      const text = await page.innerText(`[data-record="${String(place)}"]`);
      expect(text).toContain("Duplicate");
      expect(text).toContain(`repeats cricket.odi.raw/0@${String(first)}`);
    }
    await close();
  });
});

describe("a page that somebody looks at", () => {
  it.each([
    ["desktop", DESKTOP],
    ["phone", PHONE],
  ])("follows each ball on a %s, and nothing on it moves", async (_, viewing) => {
    const { page, complaints, close } = await look(browser, `${stack.url}#/t20i`, viewing);
    await shown(page);
    const before = await shifts(page);
    for (let n = 0; n < 12; n++) {
      await bowl();
      const [count] = (await stack.sql("SELECT count(*) FROM deliveries WHERE match_id = '1485939'")).flat();
      expect(Number(count)).toBe(next - 1);
      const [team, runs, wickets] = (
        await stack.sql(
          "SELECT team, runs, wickets FROM innings WHERE match_id = '1485939' AND deliveries > 0 ORDER BY innings DESC LIMIT 1",
        )
      ).flat();
      await page.waitForFunction(
        ([name, total]) =>
          document.querySelector(`.total[data-team="${name}"] .total-runs`)?.textContent?.includes(total ?? "") ===
          true,
        [String(team), `${String(runs)}/${String(wickets)}`],
      );
    }
    expect((await shifts(page)) - before).toBeLessThan(0.01);
    expect(before).toBeLessThan(0.1);
    expect(await violations(page)).toEqual([]);
    expect(complaints).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(viewing.width);
    await close();
  });

  it.each([
    ["light", DESKTOP],
    ["dark", { ...DESKTOP, dark: true }],
    ["light on a phone", PHONE],
    ["dark on a phone", { ...PHONE, dark: true }],
  ])("has nothing that axe objects to: %s", async (_, viewing) => {
    const { page, close } = await look(browser, stack.url, viewing);
    await shown(page);
    await page.click("section[aria-labelledby=worm-title] button");
    await page.click("summary");
    expect(await accessibility(page)).toEqual([]);
    await close();
  });

  it("has nothing that axe objects to in its picker", async () => {
    const { page, close } = await look(browser, stack.url, PHONE);
    await page.click("header button >> nth=0");
    await page.waitForSelector(".found-match");
    expect(await accessibility(page)).toEqual([]);
    await close();
  });

  it("finds any loaded match by keyboard alone, and shows how a finished one ended", async () => {
    const { page, close } = await look(browser, stack.url);
    await shown(page);
    await page.focus("header button >> nth=0");
    await page.keyboard.press("Enter");
    await page.keyboard.type("lord's 2019");
    await page.waitForFunction(() => document.querySelectorAll(".found-match").length === 1);
    // The first one empties the field, as in any search.
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog:not([open])", { state: "attached" });
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("All matches");
    await page.goto(`${stack.url}${matchHash(FINISHED)}`);
    await page.waitForSelector("[data-result=true]");
    expect(await page.innerText(".verdict-line")).toMatch(/ won by | tied/u);
    await close();
  });

  it("makes a source misbehave when that is possible, and says what came of it", async () => {
    const asked: MisbehaveRequest[] = [];
    stack.dashboard.onMisbehave((request) => {
      asked.push(request);
      return Promise.resolve({ ok: true, text: "12 rows were put in again" });
    });
    const { page, close } = await look(browser, stack.url);
    await page.click("[data-misbehave=odi-repeat]:enabled");
    await page.waitForSelector("text=12 rows were put in again");
    expect(asked).toEqual([{ source: "odi", kind: "repeat" }]);
    stack.dashboard.onMisbehave(null);
    await page.waitForSelector("[data-misbehave=odi-repeat]:disabled");
    await close();
  });
});

describe("a page whose connection breaks", () => {
  it("says so, resumes behind its last event, and fetches nothing that it has", async () => {
    const wire = await countingProxy({ host: "127.0.0.1", port: Number(new URL(stack.url).port) });
    const { page, context, close } = await look(browser, `http://127.0.0.1:${wire.port}/#/t20i`);
    await shown(page);
    const fetched: string[] = [];
    page.on("request", (request) => fetched.push(new URL(request.url()).pathname));
    await context.setOffline(true);
    wire.cut();
    await page.waitForSelector("[role=alert] >> text=Connection lost");
    await bowl(3);
    await context.setOffline(false);
    await page.waitForSelector("[data-connection=live]");
    const [score] = (
      await stack.sql("SELECT runs || '/' || wickets FROM innings WHERE match_id = '1485939' AND innings = 2")
    ).flat();
    await page.waitForSelector(`.total-runs >> text=${String(score)}`);
    expect(fetched.filter((path) => path !== "/api/v1/events")).toEqual([]);
    await close();
    await wire.close();
  });

  it("comes back by itself when the server was started anew, with everything since", async () => {
    const { page, close } = await look(browser, `${stack.url}#/t20i`);
    await shown(page);
    await stack.halt();
    await page.waitForSelector("[data-connection=lost]");
    await stack.feed(T20I.slice(next, (next += 3)));
    await stack.serve();
    await page.waitForSelector("[data-connection=live]");
    await stack.settled();
    const [score] = (
      await stack.sql("SELECT runs || '/' || wickets FROM innings WHERE match_id = '1485939' AND innings = 2")
    ).flat();
    await page.waitForSelector(`.total-runs >> text=${String(score)}`);
    await close();
  });
});
