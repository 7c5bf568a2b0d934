import type { Command } from "commander";
import { localStatus, type ProcessStatus } from "../../local/index.ts";
import { loadSettings } from "../../settings.ts";
import { print, printJson, span, table } from "../output.ts";

export function register(program: Command): void {
  program
    .command("status")
    .description("show every process of this project: pid, state, restarts, log file")
    .option("--json", "one JSON document")
    .action((options: { json?: true }) => {
      const now = Date.now();
      const processes = localStatus(loadSettings()).map((status) => ({ ...status, uptimeMs: uptime(status, now) }));
      if (options.json === true) printJson({ processes });
      else if (processes.length === 0) print("nothing runs and nothing ran here; start with: third-umpire run");
      else print(...rows(processes));
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
