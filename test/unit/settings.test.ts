import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect, parseEnv } from "node:util";
import { describe, expect, it } from "vitest";
import { FatalError } from "../../src/domain/errors.ts";
import { ensureLocalPasswords, passwordFile } from "../../src/local/passwords.ts";
import { packageFile } from "../../src/local/paths.ts";
import { parseSettings, projectRoot, redactedSettings, redactUrl, settingNames } from "../../src/settings.ts";
import { remedyWorks } from "../support/remedies/works.ts";

const example = readFileSync(packageFile(".env.example"), "utf8");
const parse = (env: Record<string, string>): ReturnType<typeof parseSettings> => parseSettings(env, "/project");

function failure(env: Record<string, string>): FatalError {
  try {
    parse(env);
  } catch (error) {
    if (error instanceof FatalError) return error;
    throw error;
  }
  throw new Error("no error was thrown");
}

describe(".env.example", () => {
  it("has every setting of the schema and no other", () => {
    expect(Object.keys(parseEnv(example)).toSorted()).toEqual([...settingNames].toSorted());
  });

  it("shows the defaults: using it unchanged changes nothing", () => {
    const env = parseEnv(example) as Record<string, string>;
    expect(redactedSettings(parse(env))).toEqual(redactedSettings(parse({})));
  });

  it("says something about every setting", () => {
    const lines = example.split("\n");
    const bare = lines.filter((line, i) => line.startsWith("TU_") && !/^(#|TU_)/.test(lines[i - 1] ?? ""));
    expect(bare).toEqual([]);
  });
});

describe("settings", () => {
  it("put everything below the local folder of the project", () => {
    const settings = parse({});
    expect(settings.localDir).toBe("/project/.local");
    expect(settings.warehouseDir).toBe("/project/.local/warehouse");
    expect(settings.stateDir).toBe("/project/.local/state");
    expect(parse({ TU_LOCAL_DIR: "/elsewhere" }).warehouseDir).toBe("/elsewhere/warehouse");
  });

  it("find Kafka and Postgres on the local ports unless they are named", () => {
    const moved = parse({ TU_KAFKA_PORT: "9999", TU_POSTGRES_PORT: "8888" });
    expect(moved.brokers).toBe("127.0.0.1:9999");
    expect(moved.postgresUrl).toBe("postgres://umpire@127.0.0.1:8888/cricket");
    expect(parse({ TU_KAFKA_BROKERS: "a:1,b:2" }).brokers).toBe("a:1,b:2");
    expect(parse({ TU_KAFKA_BROKERS: "[::1]:1,[fe80::1%eth0]:2,c:3" }).brokers).toBe("[::1]:1,[fe80::1%eth0]:2,c:3");
    expect(parse({ TU_POSTGRES_URL: "postgresql://x@db:1/y" }).postgresUrl).toBe("postgresql://x@db:1/y");
  });

  it("escape a password with signs that mean something in an address", () => {
    const { postgresUrl } = parse({ TU_POSTGRES_PASSWORD: "a@b/c?d#e%" });
    expect(decodeURIComponent(new URL(postgresUrl).password)).toBe("a@b/c?d#e%");
  });

  it("take an empty variable for an absent one", () => {
    expect(parse({ TU_PARTITIONS: "", TU_KAFKA_BROKERS: "  " }).partitions).toBe(4);
  });

  it.each([
    [{ TU_KAFKA_PORT: "80" }, "TU_KAFKA_PORT must be at least 1024"],
    [{ TU_KAFKA_PORT: "many" }, 'TU_KAFKA_PORT must be a whole number from 1024 to 65535, and not "many"'],
    [{ TU_PARTITIONS: "2.5" }, "TU_PARTITIONS must be a whole number from 1 to 1024"],
    [{ TU_LOG_LEVEL: "loud" }, "TU_LOG_LEVEL must be one of trace, debug, info, warn, error, fatal"],
    [{ TU_KAFKA_BROKERS: "localhost" }, "TU_KAFKA_BROKERS must be host:port"],
    [{ TU_KAFKA_BROKERS: "::1:9092" }, "IPv6 addresses in brackets ([::1]:9092)"],
    [{ TU_POSTGRES_URL: "http://x" }, "TU_POSTGRES_URL must be an address of the form postgres://"],
    [{ TU_POSTGRES_DATABASE: "a-b" }, "TU_POSTGRES_DATABASE must be letters, digits and underscores"],
  ])("reject %j, naming the variable and what is allowed", (env, message) => {
    expect(failure(env as Record<string, string>).message).toContain(message);
  });

  it("reject a variable that is not one, with the likeliest one meant", () => {
    const error = failure({ TU_KAFKA_PROT: "1" });
    expect(error.message).toBe("TU_KAFKA_PROT is not a setting");
    expect(error.remedy).toContain("TU_KAFKA_PORT");
  });

  it("leave variables of others alone", () => {
    expect(() => parse({ PATH: "/bin", KAFKA_PORT: "x", POSTGRES_USER: "!" })).not.toThrow();
  });
});

describe("secrets", () => {
  const settings = parse({
    TU_POSTGRES_PASSWORD: "s3cret",
    TU_POSTGRES_URL: "postgres://me:s3cret@db.example:5432/cricket",
  });

  it("are replaced however settings are printed", () => {
    for (const text of [JSON.stringify(settings), inspect(settings), JSON.stringify(redactedSettings(settings))]) {
      expect(text).not.toContain("s3cret");
      expect(text).toContain("db.example");
    }
  });

  it("are not repeated in errors", () => {
    expect(failure({ TU_POSTGRES_PASSWORD: "two words" }).message).not.toContain("two words");
    expect(failure({ TU_POSTGRES_URL: "mysql://me:s3cret@db/x" }).message).not.toContain("s3cret");
  });

  it("are replaced in addresses, even with an @ in the password", () => {
    expect(redactUrl("postgres://me:a@b@db:1/x")).toBe("postgres://me:***@db:1/x");
    expect(redactUrl("postgres://me@db:1/x")).toBe("postgres://me@db:1/x");
    expect(redactUrl("127.0.0.1:29092")).toBe("127.0.0.1:29092");
  });
});

describe("passwords of the local servers", () => {
  const fresh = (): string => mkdtempSync(join(tmpdir(), "passwords-"));

  it("are made once, at random, in a file that only its owner reads", () => {
    const dir = fresh();
    const made = ensureLocalPasswords(dir);
    expect(ensureLocalPasswords(dir)).toEqual(made);
    expect(statSync(passwordFile(dir)).mode & 0o777).toBe(0o600);
    expect(new Set([made.postgres, made.mongodb, ...Object.values(ensureLocalPasswords(fresh()))]).size).toBe(4);
    const settings = parseSettings({ TU_LOCAL_DIR: dir }, "/project");
    expect(new URL(settings.postgresUrl).password).toBe(made.postgres);
    expect(new URL(settings.mongodbUrl).password).toBe(made.mongodb);
  });

  it("of the settings win", () => {
    const dir = fresh();
    ensureLocalPasswords(dir);
    const settings = parseSettings({ TU_LOCAL_DIR: dir, TU_POSTGRES_PASSWORD: "mine" }, "/project");
    expect(new URL(settings.postgresUrl).password).toBe("mine");
    expect(settings.mongodbPassword).toMatch(/^[\w-]{32}$/u);
  });

  it("are closed again when a copy opened them", () => {
    const dir = fresh();
    ensureLocalPasswords(dir);
    chmodSync(passwordFile(dir), 0o644);
    ensureLocalPasswords(dir);
    expect(statSync(passwordFile(dir)).mode & 0o777).toBe(0o600);
  });

  it("that cannot be read: another folder helps", async () => {
    let dir = fresh();
    mkdirSync(passwordFile(dir));
    await remedyWorks("passwords/own-folder", {
      attempt: () => parseSettings({ TU_LOCAL_DIR: dir }, "/project"),
      does: { "set TU_LOCAL_DIR to a folder of your own": () => (dir = fresh()) },
    });
  });

  it("that are no passwords are not overwritten: to remove the file helps", async () => {
    const dir = fresh();
    writeFileSync(passwordFile(dir), "{");
    expect(() => parseSettings({ TU_LOCAL_DIR: dir }, "/project")).toThrow(/does not hold the passwords/u);
    expect(() => ensureLocalPasswords(dir)).toThrow(FatalError);
    expect(readFileSync(passwordFile(dir), "utf8")).toBe("{");
    const made = await remedyWorks("passwords/remove-file", {
      attempt: () => ensureLocalPasswords(dir),
      does: { "remove the file": () => rmSync(passwordFile(dir)) },
    });
    expect(parseSettings({ TU_LOCAL_DIR: dir }, "/project").postgresPassword).toBe(made.postgres);
  });
});

describe("the project folder", () => {
  it("is the nearest one upwards with a package.json, so that commands work from below it", () => {
    const root = mkdtempSync(join(tmpdir(), "settings-"));
    mkdirSync(join(root, "a", "b"), { recursive: true });
    writeFileSync(join(root, "package.json"), "{}");
    expect(projectRoot(join(root, "a", "b"))).toBe(root);
  });
});
