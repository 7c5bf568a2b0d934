/** Somebody who looks at a dashboard of Superset without a login, and what he sees. */
import { type Browser, type BrowserContext, chromium, type Page, type Response } from "playwright-core";
import type { Dashboard } from "../../src/superset/describe.ts";

/** As Chromium asks for nothing but the page: this machine may have no other network. */
const FLAGS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync"],
];

/** Long enough for a machine that has other things to do. */
export const PATIENCE_MS = 180_000;

export async function openBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: FLAGS });
}

/** What Superset answered to one chart. */
export interface ChartAnswer {
  readonly sliceId: number;
  readonly filters: readonly { readonly col: string; readonly op: string; readonly val?: unknown }[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly columns: readonly string[];
}

export class Viewer {
  readonly page: Page;
  readonly dashboard: Dashboard;
  /** Console errors, failed requests, answers of 400 and more. */
  readonly complaints: string[] = [];
  /** The newest answer by chart. */
  readonly answers: Map<number, ChartAnswer> = new Map();
  /** How many charts were answered, and how often each. */
  answered = 0;
  readonly counts: Map<number, number> = new Map();
  readonly #context: BrowserContext;

  private constructor(context: BrowserContext, page: Page, dashboard: Dashboard) {
    this.#context = context;
    this.page = page;
    this.dashboard = dashboard;
  }

  static async open(browser: Browser, base: string, dashboard: Dashboard): Promise<Viewer> {
    // Tall: charts are drawn when they are in view.
    const context = await browser.newContext({ viewport: { width: 1440, height: 3000 } });
    const page = await context.newPage();
    const viewer = new Viewer(context, page, dashboard);
    page.on("console", (message) => {
      if (message.type() === "error") viewer.complaints.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => viewer.complaints.push(`page: ${error.message}`));
    page.on("requestfailed", (request) => {
      // A filter that has settled drops the question asked without it.
      const why = request.failure()?.errorText ?? "";
      if (why !== "net::ERR_ABORTED") viewer.complaints.push(`${request.url()}: ${why}`);
    });
    page.on("response", (response) => void viewer.#note(response));
    await page.goto(`${base}/superset/dashboard/${dashboard.slug}/?standalone=1`, { timeout: PATIENCE_MS });
    await viewer.drawn();
    return viewer;
  }

  /** Names of the charts of the dashboard. */
  get charts(): readonly string[] {
    return this.dashboard.rows.flatMap((row) => ("heading" in row ? [] : row.charts.map(([name]) => name)));
  }

  /** Resolves when every chart shows a picture, a table, a number, or that there is nothing to show. */
  async drawn(): Promise<void> {
    for (const name of this.charts) {
      const chart = this.page.locator(`[data-test-chart-name="${name}"]`);
      await chart
        .locator("canvas, table, .header-line, [role='alert'], .ant-empty")
        .first()
        .waitFor({ timeout: PATIENCE_MS });
      await chart
        .locator(".loading, [data-test='loading-indicator']")
        .first()
        .waitFor({ state: "detached", timeout: PATIENCE_MS });
    }
  }

  /** What stands in place of a chart that could not be drawn. */
  async alerts(): Promise<readonly string[]> {
    return this.page.locator("[role=alert]").allInnerTexts();
  }

  async text(chart: string): Promise<string> {
    return this.page.locator(`[data-test-chart-name="${chart}"]`).innerText();
  }

  /** Chart id by name, as the page has it. */
  async ids(): Promise<ReadonlyMap<string, number>> {
    const charts = await this.page.locator("[data-test-chart-name]").all();
    return new Map(
      await Promise.all(
        charts.map(
          async (chart) =>
            [
              (await chart.getAttribute("data-test-chart-name")) ?? "",
              Number(await chart.getAttribute("data-test-chart-id")),
            ] as const,
        ),
      ),
    );
  }

  async close(): Promise<void> {
    await this.#context.close();
  }

  async #note(response: Response): Promise<void> {
    const url = new URL(response.url());
    if (response.status() >= 400) {
      const body = await response.text().catch(() => "");
      this.complaints.push(`${response.status()} ${url.pathname}: ${body.slice(0, 300)}`);
    } else if (url.pathname === "/api/v1/chart/data") {
      // The page may be closed, or have gone on, before the answer was read.
      const read = (await response.json().catch(() => null)) as {
        result: { data: ChartAnswer["rows"]; colnames: string[] }[];
      } | null;
      const asked = response.request().postDataJSON() as {
        form_data: { slice_id?: number };
        queries: { filters: ChartAnswer["filters"] }[];
      };
      const [result] = read?.result ?? [];
      const { slice_id: sliceId } = asked.form_data;
      if (result === undefined || sliceId === undefined) return;
      this.answered++;
      this.counts.set(sliceId, (this.counts.get(sliceId) ?? 0) + 1);
      this.answers.set(sliceId, {
        sliceId,
        filters: asked.queries[0]?.filters ?? [],
        rows: result.data,
        columns: result.colnames,
      });
    }
  }
}
