import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function launch(executablePath: string): Promise<Browser> {
  // Chromium refuses its sandbox to root; what it loads here is our own page.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return await chromium.launch({ executablePath, args });
}

export interface Viewing {
  readonly width: number;
  readonly height: number;
  readonly dark?: boolean;
}

export const DESKTOP: Viewing = { width: 1440, height: 900 };
export const PHONE: Viewing = { width: 390, height: 844 };

/** A page with a list of all that a reader of its console would frown at. */
export interface Look {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Console errors and warnings, uncaught errors, failed requests, violations of the content policy. */
  readonly complaints: string[];
  close(): Promise<void>;
}

interface Watched {
  shifts: number;
  violations: string[];
}

declare global {
  interface Window {
    watched: Watched;
  }
}

/** Counts layout shifts and violations from the first moment. */
function watch(): void {
  window.watched = { shifts: 0, violations: [] };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { value, hadRecentInput } = entry as PerformanceEntry & { value: number; hadRecentInput: boolean };
      if (!hadRecentInput) window.watched.shifts += value;
    }
  }).observe({ type: "layout-shift", buffered: true });
  document.addEventListener("securitypolicyviolation", (event) =>
    window.watched.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`),
  );
}

/** Opens the page and waits until it is connected. */
export async function look(browser: Browser, url: string, viewing: Viewing = DESKTOP): Promise<Look> {
  const { width, height, dark = false } = viewing;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "no-preference",
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.addInitScript(watch);
  await page.goto(url);
  await page.waitForSelector("[data-connection=live]");
  return { page, context, complaints, close: () => context.close() };
}

/** Waits until the match is shown large, with its charts. */
export async function shown(page: Page): Promise<void> {
  await page.waitForSelector("[data-chart=worm] canvas");
  await page.waitForSelector("[data-chart=manhattan] canvas");
}

export function shifts(page: Page): Promise<number> {
  return page.evaluate(() => window.watched.shifts);
}

export function violations(page: Page): Promise<string[]> {
  return page.evaluate(() => window.watched.violations);
}

/** What axe-core finds, in short: rule, and where. Runs beside the page: its policy lets no script of ours in. */
export async function accessibility(page: Page): Promise<string[]> {
  const isThere = await page.evaluate(() => "axe" in window);
  if (!isThere) await page.evaluate(AXE);
  return await page.evaluate(async () => {
    interface Found {
      readonly violations: readonly {
        readonly id: string;
        readonly nodes: readonly { readonly target: unknown; readonly failureSummary?: string }[];
      }[];
    }
    const { axe } = window as unknown as { axe: { run(): Promise<Found> } };
    const { violations: found } = await axe.run();
    return found.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${String(node.target)} ${node.failureSummary ?? ""}`),
    );
  });
}

/** Text of all cells, row by row. */
export function cells(page: Page, rows: string): Promise<string[][]> {
  return page.$$eval(rows, (found) =>
    found.map((row) =>
      Array.from(row.querySelectorAll("th, td"), (cell) => (cell.firstChild?.textContent ?? "").trim()),
    ),
  );
}
