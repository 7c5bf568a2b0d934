// Runs Terraform, or OpenTofu, with the given arguments: whichever is on the PATH and new enough. Where neither is, OpenTofu is
// built once from its Go module (checked against Go's checksum database) and kept below .local.
//
//   node scripts/terraform.mjs -chdir=infra plan
//   node scripts/terraform.mjs --which          prints the program's path only
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
/** Write-only arguments came with 1.11, in both; OpenTofu's mocked providers cope with them since 1.12. */
const needed = { terraform: [1, 11], tofu: [1, 12] };
const tofu = "v1.12.6";
const module = "github.com/opentofu/opentofu";
const minutes = 60_000;

const program = installed() ?? kept() ?? build();
if (process.argv[2] === "--which") console.log(program);
else process.exitCode = run(program, process.argv.slice(2), { stdio: "inherit" }).status ?? 1;

function installed() {
  return Object.keys(needed).find((name) => isNewEnough(name));
}

function isNewEnough(name) {
  const shown = run(name, ["version", "-json"], { timeout: minutes });
  if (shown.status !== 0) return false;
  // A warning about the user's configuration may stand before the JSON.
  const version = /"terraform_version":\s*"(\d+)\.(\d+)\./.exec(shown.stdout);
  if (version === null) return false;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  const [wantedMajor, wantedMinor] = needed[name];
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function place() {
  return join(root, ".local", "opentofu", `${tofu}-${process.platform}-${process.arch}`, "tofu");
}

function kept() {
  return existsSync(place()) ? place() : undefined;
}

/** `go install` refuses a module with replace directives, as this one has: it is built inside its own folder of the module cache. */
function build() {
  const env = { ...process.env, CGO_ENABLED: "0" };
  const download = run("go", ["mod", "download", "-json", `${module}@${tofu}`], { env, timeout: 10 * minutes });
  if (download.error !== undefined) {
    fail(
      "neither terraform (1.11 or later) nor tofu (1.12 or later) is on the PATH, and there is no Go to build tofu with",
    );
  }
  if (download.status !== 0)
    fail(`Go could not fetch ${module} ${tofu}: ${lastLine(download.stdout + download.stderr)}`);
  console.error(`terraform: none is installed; building OpenTofu ${tofu} (once, about 4 minutes)`);
  const target = place();
  const temporary = `${target}-${process.pid}`;
  mkdirSync(dirname(target), { recursive: true });
  try {
    const args = [
      "build",
      "-trimpath",
      "-buildvcs=false",
      `-ldflags=-s -w -X ${module}/version.dev=no`,
      "-o",
      temporary,
      "./cmd/tofu",
    ];
    const built = run("go", args, { cwd: JSON.parse(download.stdout).Dir, env, timeout: 30 * minutes });
    if (built.status !== 0) fail(`OpenTofu was not built: ${lastLine(built.stderr)}`);
    renameSync(temporary, target);
  } finally {
    rmSync(temporary, { force: true });
  }
  return target;
}

function run(command, args, options) {
  return spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024, ...options });
}

function lastLine(text) {
  return text.trim().split("\n").at(-1);
}

function fail(what) {
  console.error(`terraform: ${what}`);
  console.error(
    "  install Terraform (https://developer.hashicorp.com/terraform/install), OpenTofu (https://opentofu.org/docs/intro/install) or Go (https://go.dev/dl)",
  );
  process.exit(1);
}
