import { expect, inject, it } from "vitest";
import { rawCsv2 } from "../support/raw-matches.ts";
import { accessibility, launch, look, shown, violations } from "./look.ts";
import { PageStack } from "./stack.ts";

it("a page opened before anything is loaded says so, and shows the first ball by itself", async () => {
  const stack = await PageStack.start();
  const browser = await launch(inject("chromium"));
  try {
    const { page, complaints } = await look(browser, stack.url);
    await page.waitForSelector("text=No ball has been loaded yet");
    expect(await page.innerText("#match")).toContain("has been loaded yet");
    expect(await accessibility(page)).toEqual([]);
    await stack.feed(rawCsv2("1144530").slice(0, 8));
    await shown(page);
    expect(await page.innerText("[data-format=odi]")).toContain("New Zealand");
    expect(await page.getAttribute("[data-format=odi]", "aria-current")).toBe("true");
    expect(await violations(page)).toEqual([]);
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
    await stack.stop();
  }
});
