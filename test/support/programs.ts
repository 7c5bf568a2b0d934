import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../../src/local/run-command.ts";

/**
 * Makes `name` in `dir` a program that runs `command` with the programs that are on the PATH now. A PATH of `dir` alone then has this
 * program, whatever else is installed beside it.
 */
export function putProgram(
  dir: string,
  name: string,
  { command = findProgram(name), env = {} }: { command?: string | null; env?: Readonly<Record<string, string>> } = {},
): void {
  if (command === null) throw new Error(`this test needs ${name} on the PATH`);
  const set = Object.entries({ PATH: process.env["PATH"] ?? "", ...env }).map(
    ([key, value]) => `${key}=${quoted(value)}`,
  );
  const script = `#!/bin/sh\nexport ${set.join(" ")}\nexec ${quoted(command)} "$@"\n`;
  writeFileSync(join(dir, name), script, { mode: 0o755 });
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
