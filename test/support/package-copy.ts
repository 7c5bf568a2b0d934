import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { builtMain, ROOT } from "./cli.ts";

const execute = promisify(execFile);

/** The package as a person has it who installed it: the files that npm packs, and no others. */
export interface PackageCopy {
  readonly dir: string;
  /** Unpacks it once more, as npm does; packages that it depends on are those of this tree. */
  install(): Promise<void>;
  remove(): void;
}

export async function packageCopy(): Promise<PackageCopy> {
  builtMain();
  const place = mkdtempSync(join(tmpdir(), "tu-package-"));
  const dir = join(place, "package");
  await execute("npm", ["pack", "--pack-destination", place], { cwd: ROOT });
  const archive = readdirSync(place).find((name) => name.endsWith(".tgz"));
  if (archive === undefined) throw new Error("npm packed nothing");
  const install = async (): Promise<void> => {
    await execute("tar", ["-xzf", join(place, archive), "-C", place]);
  };
  await install();
  symlinkSync(join(ROOT, "node_modules"), join(dir, "node_modules"));
  return { dir, install, remove: () => rmSync(place, { recursive: true }) };
}
