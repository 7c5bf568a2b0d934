import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { packageFile } from "../../src/local/paths.ts";
import type { PipelineState } from "../../src/dashboard/api.ts";
import { rawCsv2, rawJson, rawYaml } from "../support/raw-matches.ts";
import { DESKTOP, launch, look, PHONE, shown, type Viewing } from "./look.ts";
import { PageStack } from "./stack.ts";

const PICTURES: readonly (readonly [name: string, viewing: Viewing, hash: string, part: string])[] = [
  ["live-desktop", { ...DESKTOP, height: 1000 }, "#/odi", ""],
  ["live-desktop-dark", { ...DESKTOP, height: 1000, dark: true }, "#/odi", ""],
  ["live-umpire", { ...DESKTOP, dark: false }, "#/odi", "#umpire"],
  ["live-phone", PHONE, "#/odi", ""],
  ["live-phone-dark", { ...PHONE, dark: true }, "#/odi", ""],
];

it("takes the pictures that the documents show", async () => {
  const folder = packageFile(process.env["PICTURES"] ?? "docs/images");
  mkdirSync(folder, { recursive: true });
  const stack = await PageStack.start();
  const browser = await launch(inject("chromium"));
  try {
    const odi = rawCsv2("1144530");
    const t20i = rawJson("1485939");
    await stack.feed(rawJson("1459387"));
    await stack.settled();
    await stack.feed(rawYaml("817215").slice(0, 500));
    await stack.settled();
    await stack.feed(t20i.slice(0, 210));
    await stack.settled();
    await stack.feed([...odi.slice(0, 560), ...odi.slice(540, 552)]);
    stack.dashboard.onMisbehave(() => Promise.resolve({ ok: true, text: "12 rows were put into Postgres again" }));
    stack.dashboard.pipeline(PROCESSES);
    for (const [name, viewing, hash, part] of PICTURES) {
      const { page, complaints, close } = await look(browser, `${stack.url}${hash}`, viewing);
      await shown(page);
      await stack.feed(odi.slice(560 + 4 * PICTURES.findIndex(([other]) => other === name)).slice(0, 4));
      await stack.feed(odi.slice(530, 531));
      await stack.settled();
      await page.click("[data-misbehave=odi-repeat]:enabled");
      await page.waitForSelector("text=12 rows were put into Postgres again");
      await page.mouse.move(1, 1);
      await page.evaluate(() => window.scrollTo(0, 0));
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
      // The charts have drawn their last animation.
      await page.waitForTimeout(900);
      const path = join(folder, `${name}.png`);
      if (part === "") await page.screenshot({ path });
      else await page.locator(part).screenshot({ path });
      expect(complaints).toEqual([]);
      await close();
    }
  } finally {
    await browser.close();
    await stack.stop();
  }
});

/** As `play` tells it. */
const PROCESSES: PipelineState = {
  sources: (["odi", "t20i", "test"] as const).map((id, n) => ({
    id,
    fed: [596, 392, 501][n] ?? 0,
    repeated: [17, 0, 0][n] ?? 0,
    events: [596, 392, 501][n] ?? 0,
    lag: null,
    health: "working",
    state: "streaming",
    message: "",
    restarts: 0,
  })),
  processors: [
    {
      name: "processor-1",
      health: "working",
      state: "running",
      message: "",
      partitions: 6,
      records: 1489,
      lag: 0,
      commits: 212,
      commitMs: { p50: 9, p99: 21 },
      restarts: 0,
    },
  ],
  processes: [
    "kafka",
    "postgres",
    "mongodb",
    "lambda",
    "source-odi",
    "source-t20i",
    "source-test",
    "processor-1",
    "loader",
  ].map((name, n) => ({ name, health: "working", state: "ready", pid: 4100 + n, restarts: 0 })),
};
