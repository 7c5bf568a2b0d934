/**
 * Whether whoever started this process had it ignore SIGHUP. Node gives every signal its default action when it starts, so what was
 * inherited is gone by now; what is left are the traces of whoever set it.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

/** Bit of SIGHUP, the first signal, in the masks of proc(5). */
const SIGHUP_BIT = 1n;
const O_ACCMODE = 0o3;
const O_WRONLY = 0o1;

export function hangUpIsIgnored(env: Readonly<Record<string, string | undefined>> = process.env): boolean {
  return startedByNohup(env) || inputIsNohups() || parentIgnores();
}

/** Shells tell a command under which path they started it, and nohup hands that on. */
function startedByNohup(env: Readonly<Record<string, string | undefined>>): boolean {
  return basename(env["_"] ?? "") === "nohup";
}

/** In place of a terminal GNU nohup gives an input that cannot be read: /dev/null, opened to write. */
function inputIsNohups(): boolean {
  try {
    const flags = /^flags:\s+(?<octal>\d+)$/mu.exec(readFileSync("/proc/self/fdinfo/0", "utf8"))?.groups?.["octal"];
    return (
      (Number.parseInt(flags ?? "0", 8) & O_ACCMODE) === O_WRONLY && readlinkSync("/proc/self/fd/0") === "/dev/null"
    );
  } catch {
    return false; // no /proc, or no input at all
  }
}

/** A script after `trap '' HUP`, or one that runs under nohup itself. */
function parentIgnores(): boolean {
  try {
    const mask = /^SigIgn:\s+(?<hex>[\da-f]+)$/mu.exec(readFileSync(`/proc/${process.ppid}/status`, "utf8"))?.groups?.[
      "hex"
    ];
    return (BigInt(`0x${mask ?? "0"}`) & SIGHUP_BIT) !== 0n;
  } catch {
    return false; // no /proc, or the parent has ended
  }
}
