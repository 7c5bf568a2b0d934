// Changes settings in .env and leaves every other line as it is. The file is replaced in one step and only its owner may read it.
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

const LINE = /^\s*(?:export\s+)?(?<name>\w+)\s*=\s*(?<value>.*?)\s*$/;

/** The settings of the file, unquoted; none when there is no file. */
export function readEnvFile(path) {
  return new Map(lines(path).flatMap((line) => (LINE.test(line) ? [parse(line)] : [])));
}

/** Writes `settings` over the lines that set them, the last of several; those that no line sets are added at the end. */
export function writeEnvFile(path, settings) {
  const missing = new Map(Object.entries(settings));
  const kept = lines(path)
    .reverse()
    .flatMap((line) => {
      const name = LINE.exec(line)?.groups?.name;
      if (name === undefined || !(name in settings)) return [line];
      if (!missing.delete(name)) return []; // an earlier line for the same setting
      return [`${name}=${quote(settings[name])}`];
    })
    .reverse();
  const added = [...missing].map(([name, value]) => `${name}=${quote(value)}`);
  const temporary = `${path}.${process.pid}`;
  try {
    writeFileSync(temporary, `${[...kept, ...added].join("\n")}\n`, { mode: 0o600, flag: "wx" });
    chmodSync(temporary, 0o600); // whatever the umask says
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function lines(path) {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .replace(/\r?\n$/, "")
    .split(/\r?\n/);
}

function parse(line) {
  const { name, value } = LINE.exec(line).groups;
  const quoted = /^(["'`])(?<inner>.*)\1/.exec(value);
  return [name, quoted?.groups.inner ?? value.replace(/\s*#.*$/, "")];
}

/** As Node's own reader of .env takes it: nothing is special between single quotes. */
function quote(value) {
  if (/[\n\r]/.test(value)) throw new Error("a setting cannot hold a line break");
  const mark = ["'", '"', "`"].find((candidate) => !value.includes(candidate));
  if (mark === undefined) throw new Error("a setting cannot hold all three kinds of quotes");
  return `${mark}${value}${mark}`;
}
