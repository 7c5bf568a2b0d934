import type { Command } from "commander";
import { localStatus, type ProcessStatus } from "../../local/index.ts";
import { type PageStatus, pageStatuses } from "../../local/pages.ts";
import { loadSettings } from "../../settings.ts";
import { print, printJson, span, table } from "../output.ts";

export function register(program: Command): void {
  program
    .command("status")
    .description("show every process of this project (pid, state, restarts, log file) and where its two pages are")
    .option("--json", "one JSON document")
    .action(async (options: { json?: true }) => {
      const settings = loadSettings();
      const now = Date.now();
      const processes = localStatus(settings).map((status) => ({ ...status, uptimeMs: uptime(status, now) }));
      const pages = await pageStatuses(settings);
      if (options.json === true) printJson({ processes, pages });
      else if (processes.length === 0 && !pages.some(({ up }) => up))
        print("nothing runs and nothing ran here; start with: third-umpire run");
      else print(...rows(processes), "", ...pages.map(pageLine));
    });
}

type Row = ProcessStatus & { readonly uptimeMs: number | null };

function uptime(status: ProcessStatus, now: number): number | null {
  return status.pid === null || status.startedAt === null ? null : Math.max(0, now - status.startedAt);
}

function rows(processes: readonly Row[]): string[] {
  return table<Row>(
    [
      { title: "NAME", value: (row) => row.name },
      { title: "PID", value: (row) => String(row.pid ?? "-"), right: true },
      { title: "STATE", value: (row) => row.state },
      { title: "RESTARTS", value: (row) => String(row.restarts), right: true },
      { title: "UP", value: (row) => (row.uptimeMs === null ? "-" : span(row.uptimeMs)), right: true },
      { title: "LAST EXIT", value: (row) => row.lastExit ?? "-" },
      { title: "LOG", value: (row) => row.logFile },
    ],
    processes,
  );
}

function pageLine({ name, url, up, remedy }: PageStatus): string {
  return `${name.padEnd(9)}  ${up ? url : `not there; start it with: ${remedy}`}`;
}
