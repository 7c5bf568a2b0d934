import { Argument, type Command } from "commander";
import pc from "picocolors";
import {
  CHECKED_SOURCES,
  type CheckedSource,
  cloudCheck,
  type CheckLine,
  type CheckState,
} from "../../cloud-check/index.ts";
import type { Log } from "../../kafka/log.ts";
import { loadSettings } from "../../settings.ts";
import { SilentExit } from "../errors.ts";
import { parseDuration } from "../options.ts";
import { print, printJson } from "../output.ts";

const TIMEOUT_MS = 15_000;

export function register(program: Command): void {
  program
    .command("cloud-check")
    .description(
      "connect to the servers that the settings name and say, for each source, what works and what is missing",
    )
    .addArgument(new Argument("[sources...]", "which to check (default: all)").choices(CHECKED_SOURCES))
    .option("--timeout <duration>", "longest wait for one source", parseDuration, TIMEOUT_MS)
    .option("--json", "one JSON document")
    .action(async (sources: CheckedSource[], options: { timeout: number; json?: true }) => {
      const settings = loadSettings();
      const openLog = async (): Promise<Log> => {
        const { confluentLog } = await import("../../kafka/confluent/index.ts");
        return confluentLog({ brokers: settings.brokers, clientId: "cloud-check" });
      };
      const lines = await cloudCheck({
        settings,
        openLog,
        timeoutMs: options.timeout,
        ...(sources.length === 0 ? {} : { sources }),
      });
      const ok = lines.every((line) => line.state !== "missing");
      if (options.json === true) printJson({ ok, checks: lines });
      else print(...cloudCheckLines(lines));
      if (!ok) throw new SilentExit(1);
    });
}

const MARK: Readonly<Record<CheckState, string>> = {
  ok: pc.green("ok     "),
  note: pc.yellow("note   "),
  missing: pc.red("missing"),
};

/** A line for each check, its remedy below it, and one for each source. */
function cloudCheckLines(lines: readonly CheckLine[]): string[] {
  const width = Math.max(...lines.map((line) => line.check.length));
  const sources = [...new Set(lines.map((line) => line.source))];
  const text = sources.flatMap((source) => [
    pc.bold(source),
    ...lines
      .filter((line) => line.source === source)
      .flatMap((line) => [
        `  ${MARK[line.state]}  ${line.check.padEnd(width)}  ${line.found}`,
        ...(line.remedy === null ? [] : [`  ${" ".repeat(7)}  ${" ".repeat(width)}  → ${line.remedy}`]),
      ]),
  ]);
  const broken = sources.filter((source) => lines.some((line) => line.source === source && line.state === "missing"));
  const summary =
    broken.length === 0
      ? "everything that the settings name can be used"
      : `something is missing: ${broken.join(", ")}; see above`;
  return [...text, summary];
}
