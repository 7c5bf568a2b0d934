import type { Command } from "commander";
import pc from "picocolors";
import { examine, type Finding } from "../../local/doctor.ts";
import { loadSettings } from "../../settings.ts";
import { SilentExit } from "../errors.ts";
import { print, printJson } from "../output.ts";

export function register(program: Command): void {
  program
    .command("doctor")
    .description("check what the program needs from this machine, with the command that mends what is missing")
    .option("--json", "one JSON document")
    .action(async (options: { json?: true }) => {
      const findings = await examine(loadSettings());
      const ok = findings.every((finding) => finding.ok || !finding.required);
      if (options.json === true) printJson({ ok, findings });
      else
        print(...findings.flatMap(lines), ok ? "everything needed is there" : "something needed is missing, see above");
      if (!ok) throw new SilentExit(1);
    });
}

function lines(finding: Finding): string[] {
  const mark = finding.ok ? pc.green("ok     ") : finding.required ? pc.red("missing") : pc.yellow("note   ");
  const remedy = finding.ok || finding.remedy === null ? [] : [`          ${finding.remedy}`];
  return [`${mark} ${finding.name.padEnd(16)} ${finding.found}`, ...remedy];
}
