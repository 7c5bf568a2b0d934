export { type Arrow, type AuditReport, type Difference } from "./report.ts";
export { type AuditOptions, auditCricket } from "./run.ts";
