import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMAND_NAMES } from "../../../src/cli/program.ts";

const MAIN = resolve(import.meta.dirname, "../../../src/cli/main.ts");

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program as a person would, in a process of its own. */
function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Result> {
  return new Promise((done) => {
    const options = { env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, ...env } };
    execFile(process.execPath, ["--import", "tsx", MAIN, ...args], options, (error, stdout, stderr) => {
      done({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

describe("the command line", { timeout: 30_000 }, () => {
  let empty: string;
  beforeAll(() => void (empty = mkdtempSync(join(tmpdir(), "tu-empty-"))));
  afterAll(() => rmSync(empty, { recursive: true }));

  it("lists every command with a description in --help, and exits with 0", async () => {
    const { code, stdout, stderr } = await run(["--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const name of COMMAND_NAMES) expect(stdout).toMatch(new RegExp(`^  ${name}(?: .*)? {2,}\\w`, "mu"));
    expect(stdout).toContain("Examples:");
  });

  it("prints the version of package.json", async () => {
    const { version } = (await import("../../../package.json", { with: { type: "json" } })).default;
    expect(await run(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it.each([
    ["an unknown command, with a suggestion", ["plya"], "error: unknown command 'plya' (remedy: did you mean play?)\n"],
    [
      "an unknown option, with a suggestion",
      ["state", "--jsn"],
      "error: unknown option '--jsn' (remedy: did you mean --json?)\n",
    ],
    ["nothing to play", ["play"], "error: nothing to play (remedy: name a folder with --odi, --t20i, --test)\n"],
    [
      "a feed of two sources",
      ["feed", "--odi", "a", "--test", "b"],
      "error: a feed has one source: exactly one of --odi, --t20i, --test (remedy: start one feed for each)\n",
    ],
    [
      "a source that does not exist",
      ["source", "ipl"],
      "error: command-argument value 'ipl' is invalid for argument 'source'. Allowed choices are odi, t20i, test. (remedy: `--help` lists what there is)\n",
    ],
    [
      "a match that no folder holds",
      ["play", "--t20i", "data/t20i", "--match", "1"],
      "error: match 1 is not in the folders (remedy: choose one that is, e.g. 1268191, 1349386, 1415706)\n",
    ],
    [
      "a malformed record id",
      ["quarantine", "show", "7"],
      'error: "7" is no record id (remedy: an id looks like cricket.odi.raw/2/1234; `third-umpire quarantine list` prints them)\n',
    ],
    [
      "a folder that is not there",
      ["play", "--odi", "/nonexistent"],
      "error: /nonexistent cannot be read (remedy: give a folder of Cricsheet CSV: ID.csv and ID_info.csv, or ID.csv alone (original form))\n",
    ],
  ])("answers %s in one line and with exit code 2", async (_what, args, stderr) => {
    expect(await run(args)).toEqual({ code: 2, stdout: "", stderr });
  });

  it.each([
    ["--interval", "5"],
    ["--crash", "moon:5s"],
    ["--replay-rate", "2"],
    ["--processors", "0"],
    ["--seed", "lucky"],
  ])("names the option %s that has a wrong value", async (option, value) => {
    const { code, stderr } = await run(["play", "--odi", empty, option, value]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      new RegExp(`^error: option '${option} <[^>]+>' argument '${value}' is invalid\\. .+\\n$`, "u"),
    );
  });

  it("says what is wrong with a folder that holds no matches", async () => {
    const { code, stderr } = await run(["play", "--odi", empty]);
    expect([code, stderr.split("\n").length]).toEqual([2, 2]);
    expect(stderr).toContain("holds no files for --odi");
  });

  it("shows a stack trace only where it was asked for", async () => {
    const args = ["state", "--partition", "0"];
    const quiet = await run(args, { TU_PARTITIONS: "none" });
    expect([quiet.code, quiet.stdout]).toEqual([1, ""]);
    expect(quiet.stderr).toMatch(/^error: TU_PARTITIONS .+\(remedy: .+\)\n$/u);
    const debug = await run(args, { TU_PARTITIONS: "none", TU_LOG_LEVEL: "debug" });
    expect(debug.stderr).toMatch(/\n {4}at /u);
  });

  it("exits with 2 after the help of a command whose subcommand is missing", async () => {
    const { code, stderr } = await run(["quarantine"]);
    expect(code).toBe(2);
    expect(stderr).toContain("Usage: third-umpire quarantine");
  });
});
