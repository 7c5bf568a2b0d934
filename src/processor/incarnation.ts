import { randomBytes } from "node:crypto";

/** A name for a process that no other process has: 16 hex digits. */
export function newIncarnation(): string {
  return randomBytes(8).toString("hex");
}
