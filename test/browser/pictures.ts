/** Pictures of the live page for the documents: of whatever `third-umpire run` plays at the moment, and of nothing else. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { packageFile } from "../../src/local/paths.ts";
import { loadSettings } from "../../src/settings.ts";
import { DESKTOP, launch, look, PHONE, shown, type Viewing } from "./look.ts";

const PICTURES: readonly (readonly [name: string, viewing: Viewing, part: string])[] = [
  ["live-desktop", { ...DESKTOP, height: 1000 }, ""],
  ["live-desktop-dark", { ...DESKTOP, height: 1000, dark: true }, ""],
  ["live-umpire", DESKTOP, "#umpire"],
  ["live-phone", PHONE, ""],
  ["live-phone-dark", { ...PHONE, dark: true }, ""],
];
/** Charts and numbers run to their new values for less than that. */
const ANIMATION_MS = 900;

it("takes the pictures that the documents show, from a page that is live", async () => {
  const folder = packageFile("docs/images");
  mkdirSync(folder, { recursive: true });
  const { dashboardPort } = loadSettings();
  const browser = await launch(inject("chromium"));
  try {
    for (const [name, viewing, part] of PICTURES) {
      const { page, complaints, close } = await look(browser, `http://127.0.0.1:${dashboardPort}/#/odi`, viewing);
      await shown(page);
      if (part !== "") await page.click("[data-misbehave=odi-repeat]:enabled");
      await page.mouse.move(1, 1);
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
      await page.waitForTimeout(ANIMATION_MS + (part === "" ? 0 : ANIMATION_MS));
      await page.evaluate(() => window.scrollTo(0, 0));
      const path = join(folder, `${name}.png`);
      if (part === "") await page.screenshot({ path });
      else await page.locator(part).screenshot({ path });
      expect(complaints).toEqual([]);
      await close();
    }
  } finally {
    await browser.close();
  }
});
