import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { settingNames } from "../../../src/settings.ts";
import { ROOT } from "../../support/cli.ts";
import { type ProviderStubs, startProviderStubs } from "../../support/provider-stub.ts";

/* The real terraform (or tofu) on infra/, with providers that know their schemas and nothing else: no account, no network. */

interface Ran {
  readonly ok: boolean;
  readonly output: string;
}

/** Building OpenTofu on a machine that has neither program takes minutes, once. */
const INSTALL_MS = 1_200_000;

let program = "";
let stubs: ProviderStubs;
const folders: string[] = [];

beforeAll(async () => {
  const found = await execute(process.execPath, [join(ROOT, "scripts/terraform.mjs"), "--which"]);
  if (!found.ok) throw new Error(found.output);
  program = found.output.trim().split("\n").at(-1) ?? "";
  const schema = (name: string): string => join(ROOT, "test/fixtures/terraform", `${name}.json`);
  stubs = await startProviderStubs({
    "mongodb/mongodbatlas": schema("mongodbatlas"),
    "supabase/supabase": schema("supabase"),
    "hashicorp/aws": schema("aws"),
    "hashicorp/archive": schema("archive"),
  });
}, INSTALL_MS);

afterAll(async () => {
  await stubs.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A copy of infra/, with `change` applied to one of its files, ready to be validated. */
async function configuration(change?: { file: string; from: string; to: string }): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "third-umpire-infra-"));
  folders.push(folder);
  cpSync(join(ROOT, "infra"), folder, {
    recursive: true,
    filter: (path) => !/\/(\.terraform|node_modules|build)(\/|$)|\.tfvars$|\.tfstate/u.test(path),
  });
  if (change !== undefined) {
    const path = join(folder, change.file);
    const before = readFileSync(path, "utf8");
    expect(before).toContain(change.from);
    writeFileSync(path, before.replace(change.from, change.to));
  }
  const init = await terraform(folder, "init", "-backend=false", "-input=false");
  expect(init.output).toContain("successfully initialized");
  return folder;
}

function terraform(folder: string, ...args: readonly string[]): Promise<Ran> {
  return execute(program, [`-chdir=${folder}`, ...args, "-no-color"], stubs.env);
}

function execute(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(TF_|TU_)/u.test(name));
  return new Promise((done) => {
    const options = { env: { ...Object.fromEntries(inherited), CHECKPOINT_DISABLE: "1", ...env }, maxBuffer: 1 << 26 };
    // Long lines are wrapped at 78 characters, wherever that falls.
    execFile(command, args, options, (error, stdout, stderr) => done({ ok: error === null, output: stdout + stderr }));
  });
}

const unwrapped = (text: string): string => text.replaceAll(/[│╷╵\s]+/gu, " ");

describe("infra/", () => {
  test("is written as `terraform fmt` writes it", async () => {
    const ran = await execute(program, ["fmt", "-check", "-recursive", "-diff", join(ROOT, "infra")]);
    expect(ran).toMatchObject({ ok: true });
  });

  test("is valid by the schemas of its providers", async () => {
    const ran = await terraform(await configuration(), "validate");
    expect(ran.output).toContain("The configuration is valid");
    expect(ran.output).not.toContain("Warning");
  });

  test("passes its own tests with mocked providers", async () => {
    const ran = await terraform(await configuration(), "test");
    expect(ran.ok, ran.output).toBe(true);
    expect(ran.output).toMatch(/Success! [1-9]\d* passed, 0 failed/u);
  });

  test("puts out only settings that the program knows", () => {
    const text = readFileSync(join(ROOT, "infra/outputs.tf"), "utf8");
    const named = [...text.matchAll(/^\s+(TU_\w+)\s+=/gmu)].map(([, name]) => name ?? "");
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !settingNames.includes(name))).toEqual([]);
  });
});

describe("negative controls: the checks see", () => {
  test.each([
    ["a misspelt argument", "memory_size ", "memory_sise ", 'argument named "memory_sise" is not expected here'],
    ["a missing argument", "role             = aws_iam_role.function.arn", "", 'The argument "role" is required'],
    [
      "a block of another name",
      "logging_config {",
      "log_config {",
      'Blocks of type "log_config" are not expected here',
    ],
    ["a value of another type", "timeout          = 15", 'timeout = "ten"', "a number is required"],
    [
      "an attribute that does not exist",
      "aws_iam_role.function.arn",
      "aws_iam_role.function.ann",
      "no argument, nested block, or exported attribute named",
    ],
  ])("%s", async (_, from, to, complaint) => {
    const ran = await terraform(await configuration({ file: "modules/object-store/main.tf", from, to }), "validate");
    expect(ran.ok).toBe(false);
    expect(unwrapped(ran.output)).toContain(complaint);
  });

  test("a missing nested attribute of the cluster", async () => {
    const change = { file: "modules/atlas/main.tf", from: "region_name           = var.region", to: "" };
    const ran = await terraform(await configuration(change), "validate");
    expect(ran.ok).toBe(false);
    expect(unwrapped(ran.output)).toContain('attribute "region_name" is required');
  });

  test("a bucket that may be public", async () => {
    const change = {
      file: "modules/object-store/main.tf",
      from: "block_public_policy     = true",
      to: "block_public_policy = false",
    };
    const ran = await terraform(await configuration(change), "test");
    expect(ran.ok).toBe(false);
    expect(unwrapped(ran.output)).toContain("the bucket could be made public");
  });

  test("a password that would be in the state", async () => {
    const change = {
      file: "modules/atlas/main.tf",
      from: "password_wo         = var.password",
      to: "password = var.password",
    };
    const ran = await terraform(await configuration(change), "validate");
    expect(ran.ok).toBe(false);
    expect(unwrapped(ran.output)).toMatch(/ephemeral values? /iu);
  });
});
