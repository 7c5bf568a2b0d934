import pc from "picocolors";
import type { Arrow, AuditReport } from "../audit/index.ts";
import { VERDICTS } from "../domain/review/verdict.ts";
import { count, table } from "./output.ts";

/** The report for people: a line an arrow, then the verdicts, then what was found. */
export function auditLines(report: AuditReport): string[] {
  const { verdicts } = report;
  return [
    ...table<Arrow>(
      [
        { title: "", value: (arrow) => (arrow.differences === 0 ? "✓" : "✗") },
        { title: "FROM", value: ({ from }) => from.what },
        { title: "", right: true, value: ({ from }) => count(from.count) },
        { title: "TO", value: ({ to }) => to.what },
        { title: "", right: true, value: ({ to }) => count(to.count) },
        {
          title: "DIFFERENCES",
          value: ({ differences, explained }) => (differences === 0 ? explained : `${count(differences)} unexplained`),
        },
      ],
      report.arrows,
    ),
    "",
    `Verdicts: ${VERDICTS.map((verdict) => `${count(verdicts[verdict])} ${verdict}`).join(" · ")}.`,
    ...report.notes.map((note) => `Note: ${note}.`),
    ...report.unchecked.map((what) => `Not checked: ${what}.`),
    ...differences(report),
    conclusion(report),
  ];
}

function differences(report: AuditReport): string[] {
  if (report.unexplained === 0) return [];
  const shown = report.differences.map(({ arrow, text }) => `  ${arrow}: ${text}`);
  const hidden = report.unexplained - shown.length;
  return ["", "No verdict explains:", ...shown, ...(hidden > 0 ? [`  and ${count(hidden)} more`] : []), ""];
}

function conclusion(report: AuditReport): string {
  if (report.proved)
    return pc.green("Nothing was lost, nothing was counted twice: every difference is explained by a verdict.");
  if (report.unexplained === 0)
    return "What could be checked is right. Not all of it could: nothing is claimed of the rest.";
  return pc.red(`${count(report.unexplained)} differences that no verdict explains.`);
}
