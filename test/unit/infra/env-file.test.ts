import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseSettings } from "../../../src/settings.ts";
import { ROOT } from "../../support/cli.ts";

/* `just env-pull`: what terraform puts out goes in at stdin, .env comes out. */

const PASSWORDS = { TF_VAR_atlas_password: "p:a/s?s#w@r%d!'(*)", TF_VAR_supabase_password: `x"y\`z'&=+$` };
const OUTPUT = {
  TU_POSTGRES_URL: "postgresql://postgres:{supabase_password}@db.abc.supabase.co:5432/postgres?sslmode=verify-full",
  TU_MONGODB_URL: "mongodb+srv://third_umpire:{atlas_password}@third-umpire.ab1cd.mongodb.net/cricket?w=majority",
  TU_LAMBDA_ENDPOINT: "aws",
  TU_OBJECT_STORE: "s3://third-umpire-1/objects",
};

let folder = "";
let file = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "third-umpire-env-"));
  file = join(folder, ".env");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function pull(
  output: unknown,
  env: Readonly<Record<string, string>> = PASSWORDS,
): { code: number | null; said: string } {
  const done = spawnSync(process.execPath, [join(ROOT, "scripts/env-pull.mjs"), file], {
    input: typeof output === "string" ? output : JSON.stringify(output),
    env: { PATH: process.env["PATH"] ?? "", ...env },
    encoding: "utf8",
  });
  return { code: done.status, said: done.stdout + done.stderr };
}

const read = (): NodeJS.Dict<string> => parseEnv(readFileSync(file, "utf8"));

describe("env-pull", () => {
  test("writes settings that the program takes, with the passwords encoded for an address", () => {
    expect(pull(OUTPUT).code).toBe(0);
    const settings = parseSettings(read(), "/project");
    expect(decodeURIComponent(new URL(settings.postgresUrl).password)).toBe(PASSWORDS.TF_VAR_supabase_password);
    expect(decodeURIComponent(new URL(settings.mongodbUrl).password)).toBe(PASSWORDS.TF_VAR_atlas_password);
    expect(new URL(settings.mongodbUrl).host).toBe("third-umpire.ab1cd.mongodb.net");
    expect(settings).toMatchObject({ lambdaEndpoint: null, objectStore: "s3://third-umpire-1/objects" });
  });

  test("leaves a file that its owner alone may read, and no other file", () => {
    writeFileSync(file, "TU_PARTITIONS=8\n", { mode: 0o644 });
    pull(OUTPUT);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual([".env"]);
  });

  test("keeps the lines that are not its own, and their order", () => {
    writeFileSync(
      file,
      "# mine\r\nTU_PARTITIONS=8\r\n\r\nTU_LAMBDA_ENDPOINT=http://old # old\r\nexport OTHER='a b'\r\n",
    );
    pull(OUTPUT);
    expect(readFileSync(file, "utf8").split("\n").slice(0, 5)).toEqual([
      "# mine",
      "TU_PARTITIONS=8",
      "",
      "TU_LAMBDA_ENDPOINT='aws'",
      "export OTHER='a b'",
    ]);
  });

  test("leaves one line of a setting that stood there twice", () => {
    writeFileSync(file, "TU_LAMBDA_ENDPOINT=http://one\nTU_LAMBDA_ENDPOINT=http://two\n");
    pull(OUTPUT);
    expect(readFileSync(file, "utf8").match(/TU_LAMBDA_ENDPOINT/gu)).toHaveLength(1);
    expect(read()["TU_LAMBDA_ENDPOINT"]).toBe("aws");
  });

  test("changes nothing when it is run again", () => {
    pull(OUTPUT);
    const first = readFileSync(file, "utf8");
    pull(OUTPUT);
    expect(readFileSync(file, "utf8")).toBe(first);
  });

  test("keeps the role that db-init made on the same server, and replaces it for another server", () => {
    const role = "postgresql://third_umpire:secret@db.abc.supabase.co:5432/postgres?sslmode=verify-full";
    writeFileSync(file, `TU_POSTGRES_URL='${role}'\n`);
    expect(pull(OUTPUT).said).toContain("left as it is");
    expect(read()["TU_POSTGRES_URL"]).toBe(role);
    pull({ ...OUTPUT, TU_POSTGRES_URL: OUTPUT.TU_POSTGRES_URL.replace("db.abc", "db.xyz") });
    expect(read()["TU_POSTGRES_URL"]).toContain("@db.xyz.supabase.co");
  });

  test("never prints a password", () => {
    const { said } = pull(OUTPUT);
    for (const password of Object.values(PASSWORDS)) {
      expect(said).not.toContain(password);
      expect(said).not.toContain(encodeURIComponent(password));
    }
  });

  test.each([
    ["a password that is not set", OUTPUT, { TF_VAR_atlas_password: "x" }, "TF_VAR_supabase_password"],
    ["nothing, because nothing was applied", "", PASSWORDS, "infra-apply"],
    ["something else than settings", { PATH: "/tmp" }, PASSWORDS, "map of TU_ settings"],
    ["a value that is no text", { TU_PARTITIONS: 4 }, PASSWORDS, "map of TU_ settings"],
  ])("refuses %s, and leaves .env as it was", (_, output, env, complaint) => {
    const { code, said } = pull(output, env);
    expect(code).toBe(1);
    expect(said).toContain(complaint);
    expect(said).not.toContain("    at ");
    expect(existsSync(file)).toBe(false);
  });
});
