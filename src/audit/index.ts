export { type Arrow, type AuditReport, type Difference } from "./report.ts";
export { type AuditOptions, auditOdi } from "./run.ts";
