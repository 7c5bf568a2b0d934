// Completes package-lock.json for the platforms npm left out.
//
// npm writes no entry for an optional platform package that the registry at hand did not have (a mirror that lags
// behind), and `npm ci` then refuses the lock file, on every platform. Their exact version stands in the package that
// asks for them, and their platform in their name: that is all an entry needs. Run it after `npm install`; the
// house-rule test says when it was forgotten.
//
//   node scripts/complete-lock.mjs
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const systems = {
  android: "android",
  darwin: "darwin",
  freebsd: "freebsd",
  linux: "linux",
  openharmony: "openharmony",
  win32: "win32",
  windows: "win32",
};
const processors = {
  arm: "arm",
  arm64: "arm64",
  armv7: "arm",
  ia32: "ia32",
  loong64: "loong64",
  ppc64: "ppc64",
  riscv64: "riscv64",
  s390x: "s390x",
  x64: "x64",
};
const libraries = { gnu: "glibc", musl: "musl" };

let added = 0;
for (const entry of Object.values({ ...lock.packages })) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    if (lock.packages[key] !== undefined) continue;
    if (!/^\d/.test(version))
      throw new Error(`${name} is asked for as ${version}: only exact versions can be completed`);
    lock.packages[key] = { version, ...platform(name), ...(entry.dev === true ? { dev: true } : {}), optional: true };
    added += 1;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
if (added > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`package-lock.json: ${added} platform packages added`);

/** `@oxlint/binding-linux-arm64-musl` → os linux, cpu arm64, libc musl. */
function platform(name) {
  const words = name.split(/[-/]/);
  const pick = (table) => words.map((word) => table[word]).find((value) => value !== undefined);
  const [os, cpu, libc] = [pick(systems), pick(processors), pick(libraries)];
  if (os === undefined || cpu === undefined) throw new Error(`${name} does not name its platform`);
  return { cpu: [cpu], ...(os === "linux" && libc !== undefined ? { libc: [libc] } : {}), os: [os] };
}
