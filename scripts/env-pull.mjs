// Takes the settings that infra/ puts out from stdin and writes them to .env. Passwords are in no output: {name} in an
// address stands for the variable TF_VAR_name of the environment, the one that Terraform was given.
//
//   node scripts/terraform.mjs -chdir=infra output -json env | node scripts/env-pull.mjs [FILE]
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readEnvFile, writeEnvFile } from "./env-file.mjs";

const file = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), "..", ".env");
/** The role that `just db-init` makes; see infra/README.md. */
const ROLE = "third_umpire";

const settings = parse(await readAll(process.stdin));
for (const [name, value] of Object.entries(settings)) settings[name] = withPasswords(name, value);
const kept = keepsRole(settings.TU_POSTGRES_URL, readEnvFile(file).get("TU_POSTGRES_URL"));
if (kept) delete settings.TU_POSTGRES_URL;
writeEnvFile(file, settings);
console.log(`${file}: ${Object.keys(settings).join(", ")} written`);
if (kept) console.log(`${file}: TU_POSTGRES_URL left as it is: it names the role ${ROLE} of the same server`);

function parse(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    fail("stdin holds no JSON: there is no output yet", "just infra-apply first");
  }
  const wrong = Object.entries(Object(value)).filter(([name, it]) => !/^TU_\w+$/.test(name) || typeof it !== "string");
  if (Array.isArray(value) || Object.keys(Object(value)).length === 0 || wrong.length > 0) {
    fail("stdin is not a map of TU_ settings", "terraform output -json env");
  }
  return value;
}

function withPasswords(setting, value) {
  return value.replace(/\{(\w+)\}/g, (_, name) => {
    const password = process.env[`TF_VAR_${name}`] ?? "";
    if (password === "")
      fail(`${setting} needs TF_VAR_${name}, which is not set`, "export it as you did for infra-apply");
    // encodeURIComponent leaves these five; a connection string parser may not.
    return encodeURIComponent(password).replace(
      /[!'()*]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  });
}

function keepsRole(wanted, present) {
  if (wanted === undefined || present === undefined || !URL.canParse(present)) return false;
  const [now, next] = [new URL(present), new URL(wanted)];
  return now.host === next.host && now.username === ROLE;
}

async function readAll(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function fail(what, remedy) {
  console.error(`env-pull: ${what}\n  ${remedy}`);
  process.exit(1);
}
