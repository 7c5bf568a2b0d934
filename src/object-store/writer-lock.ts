/**
 * Who may write a file store. Whoever wants to appends a line to the lock file, then reads it: the first line whose process still runs and
 * did not give up is the owner. Appends have one order for everybody and a dead process stays dead, so that no two can both be first, and
 * the lock of a killed writer is free without anybody removing a file under somebody else.
 */
import { randomBytes } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";
import { FatalError } from "../domain/errors.ts";
import { isRunning, processIdentity } from "../local/processes.ts";

interface Line {
  readonly nonce: string;
  readonly pid?: number;
  readonly identity?: string;
  readonly released?: true;
}

/** Takes the lock. Returns what releases it. @throws FatalError naming the process that has it. */
export function takeWriterLock(path: string, dir: string): () => void {
  const nonce = randomBytes(8).toString("hex");
  const identity = processIdentity(process.pid) ?? "";
  append(path, { nonce, pid: process.pid, identity });
  const release = (): void => append(path, { nonce, released: true });
  const lines = readLines(path);
  const released = new Set(lines.filter((line) => line.released === true).map((line) => line.nonce));
  for (const line of lines) {
    if (line.nonce === nonce) return release;
    if (line.pid === undefined || line.identity === undefined || released.has(line.nonce)) continue;
    if (isRunning(line.pid, line.identity)) {
      release();
      throw new FatalError(`the object store ${dir} is being written by another feed (process ${line.pid})`, {
        remedy: "stop the other `third-umpire feed` first",
      });
    }
  }
  throw new FatalError(`${path} does not keep the line that was just appended to it, so nobody can hold its lock`, {
    remedy: "stop every feed of this store, remove that file, and start again: a feed makes it anew",
  });
}

function append(path: string, line: Line): void {
  // Begins with a line end too: what a dying process left unfinished must not swallow it.
  appendFileSync(path, `\n${JSON.stringify(line)}\n`);
}

/** A line that a dying process left unfinished is nobody's. */
function readLines(path: string): Line[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((text) => {
      try {
        return text === "" ? [] : [JSON.parse(text) as Line];
      } catch {
        return [];
      }
    });
}
