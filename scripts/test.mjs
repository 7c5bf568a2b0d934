// Runs vitest projects one after the other and prints, as its very last line, `N passed, N failed`.
// Exits with 1 when a test failed, a file could not be run, or nothing ran at all: an empty green run proves nothing.
//
//   node scripts/test.mjs unit property
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const projects = process.argv.slice(2);
const reports = mkdtempSync(join(tmpdir(), "third-umpire-reports-"));
const total = { passed: 0, failed: 0 };
let broken = projects.length === 0;

// One vitest run a project: the servers of `integration` must not run beside the timings of the others.
for (const project of projects) {
  console.log(`\n── ${project} ──`);
  const report = join(reports, `${project}.json`);
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const args = ["run", "--project", project, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const done = spawnSync(process.execPath, [vitest, ...args], { cwd: root, stdio: "inherit" });
  const result = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : {};
  const passed = result.numPassedTests ?? 0;
  // A file that does not even load has no tests in it: it counts as one failure.
  const unloaded = (result.testResults ?? []).filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  ).length;
  const failed = (result.numFailedTests ?? 0) + unloaded;
  total.passed += passed;
  total.failed += failed;
  if (passed + failed === 0) console.error(`${project}: no test ran`);
  if (done.status !== 0 || passed + failed === 0) broken = true;
}

rmSync(reports, { recursive: true, force: true });
const ok = !broken && total.failed === 0;
if (broken && total.failed === 0) total.failed = 1; // an error outside any test: never a green line on a red run
process.exitCode = ok ? 0 : 1;
console.log(`\n${total.passed} passed, ${total.failed} failed`);
