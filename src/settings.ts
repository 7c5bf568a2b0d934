/**
 * Every setting of the program: one schema, read from the environment and from `.env`.
 *
 * `.env.example` lists the same keys (test/unit/settings.test.ts compares the two). A variable that is
 * already in the environment wins over the file; an empty value counts as absent.
 */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { inspect } from "node:util";
import { z } from "zod";
import { FatalError } from "./domain/errors.ts";
import { ensureLocalPasswords, readLocalPasswords } from "./local/passwords.ts";

export interface Settings {
  /** Folder of everything the program makes: servers, their data, logs, pid files. Absolute. */
  readonly localDir: string;
  /** Folder of the DuckDB warehouse. Absolute. */
  readonly warehouseDir: string;
  /** Folder of the processors' local state. Absolute. */
  readonly stateDir: string;
  /** Kafka bootstrap servers, `host:port[,host:port]`. */
  readonly brokers: string;
  /** Ports of the local Kafka, on the loopback address. */
  readonly kafkaPort: number;
  readonly kafkaControllerPort: number;
  /** Largest Java heap of the local Kafka, MB. */
  readonly kafkaHeapMb: number;
  /** Port of the local Postgres, on the loopback address. */
  readonly postgresPort: number;
  readonly postgresUser: string;
  /** Of the local Postgres; empty: none has been made yet. */
  readonly postgresPassword: string;
  readonly postgresDatabase: string;
  /** `postgres://` address the feed writes to and the source reads from. */
  readonly postgresUrl: string;
  /** Port of the local MongoDB, on the loopback address. */
  readonly mongodbPort: number;
  readonly mongodbUser: string;
  /** Of the local MongoDB; empty: none has been made yet. */
  readonly mongodbPassword: string;
  readonly mongodbDatabase: string;
  /** `mongodb://` or `mongodb+srv://` address the feed writes to and the source watches. */
  readonly mongodbUrl: string;
  /** Port of the local Lambda endpoint, on the loopback address. */
  readonly lambdaPort: number;
  /** Address of the Lambda API; null: AWS itself, found by region. */
  readonly lambdaEndpoint: string | null;
  readonly lambdaRegion: string;
  readonly lambdaFunction: string;
  /** Where the object store behind the function keeps its objects: an absolute folder, or `s3://bucket/prefix`. */
  readonly objectStore: string;
  /** Where the live page is served. */
  readonly dashboardHost: string;
  readonly dashboardPort: number;
  /** What a request has to carry when the page is served beyond the loopback address; null on the loopback address. */
  readonly dashboardToken: string | null;
  /** Port of the local Superset, on the loopback address. */
  readonly supersetPort: number;
  /** Partition count of every topic the program creates. */
  readonly partitions: number;
  /** A transaction is committed after this time or this many records, whichever comes first. */
  readonly commitIntervalMs: number;
  readonly commitMaxRecords: number;
  /** How long the consumer group waits for a silent member before its partitions go to another; null: the brokers are asked. */
  readonly sessionTimeoutMs: number | null;
  /** How long the broker leaves a transaction open before it aborts it. */
  readonly transactionTimeoutMs: number;
  /** How long raw and clean topics keep their records. */
  readonly retentionHours: number;
  readonly quarantineRetentionHours: number;
  /** Time between two balls of a live match. 0 = as fast as possible. */
  readonly liveIntervalMs: number;
  readonly logLevel: LogLevel;
}

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

const number = (from: number, to: number): z.ZodCoercedNumber =>
  z.coerce
    .number({ error: `must be a whole number from ${from} to ${to}` })
    .int({ error: `must be a whole number from ${from} to ${to}` })
    .min(from, { error: `must be at least ${from}` })
    .max(to, { error: `must be at most ${to}` });
const count = (from: number, to: number, ifAbsent: number): z.ZodType<number> => number(from, to).default(ifAbsent);
const port = (ifAbsent: number): z.ZodType<number> => count(1024, 65_535, ifAbsent);
const name = (ifAbsent: string): z.ZodType<string> =>
  z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, {
      error: "must be letters, digits and underscores, at most 63, not starting with a digit",
    })
    .default(ifAbsent);

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
const broker = String.raw`(?:[^\s:,[\]]+|\[[\da-fA-F:.]+(?:%\w+)?\]):\d{1,5}`;
const brokerList = new RegExp(`^${broker}(?:,${broker})*$`, "u");

const environment = z.object({
  TU_LOCAL_DIR: z.string().default(".local"),
  TU_WAREHOUSE_DIR: z.string().optional(),
  TU_STATE_DIR: z.string().optional(),
  TU_KAFKA_BROKERS: z
    .string()
    .regex(brokerList, {
      error: "must be host:port, several separated by commas, IPv6 addresses in brackets ([::1]:9092)",
    })
    .optional(),
  TU_KAFKA_PORT: port(29_092),
  TU_KAFKA_CONTROLLER_PORT: port(29_093),
  TU_KAFKA_HEAP_MB: count(256, 32_768, 768),
  TU_POSTGRES_PORT: port(25_432),
  TU_POSTGRES_USER: name("umpire"),
  TU_POSTGRES_PASSWORD: z
    .string()
    .regex(/^[\x21-\x7e]+$/, { error: "must be printable ASCII without spaces" })
    .optional(),
  TU_POSTGRES_DATABASE: name("cricket"),
  TU_POSTGRES_URL: z
    .string()
    .refine(isPostgresUrl, { error: "must be an address of the form postgres://user:password@host:port/database" })
    .optional(),
  TU_MONGODB_PORT: port(27_117),
  TU_MONGODB_USER: name("umpire"),
  TU_MONGODB_PASSWORD: z
    .string()
    .regex(/^[\x21-\x7e]+$/, { error: "must be printable ASCII without spaces" })
    .optional(),
  TU_MONGODB_DATABASE: name("cricket"),
  TU_MONGODB_URL: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\/[^\s]+$/, {
      error: "must be an address of the form mongodb://user:password@host:port/database or mongodb+srv://…",
    })
    .optional(),
  TU_LAMBDA_PORT: port(29_101),
  TU_LAMBDA_ENDPOINT: z
    .string()
    .refine((text) => text === "aws" || (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)), {
      error: 'must be an http address, or "aws"',
    })
    .optional(),
  TU_LAMBDA_REGION: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, { error: "must be an AWS region, e.g. eu-west-1" })
    .default("eu-west-1"),
  TU_LAMBDA_FUNCTION: z
    .string()
    .regex(/^[A-Za-z0-9:_-]{1,170}$/, { error: "must be the name or ARN of a function" })
    .default("third-umpire-object-store"),
  TU_OBJECT_STORE: z.string().optional(),
  TU_DASHBOARD_HOST: z
    .string()
    .regex(/^[A-Za-z0-9.:_-]+$/, { error: "must be an address or a host name" })
    .default("127.0.0.1"),
  TU_DASHBOARD_PORT: port(29_180),
  TU_DASHBOARD_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{16,}$/, { error: "must be at least 16 printable ASCII characters without spaces" })
    .optional(),
  TU_SUPERSET_PORT: port(29_188),
  TU_PARTITIONS: count(1, 1024, 4),
  TU_COMMIT_INTERVAL_MS: count(1, 60_000, 100),
  TU_COMMIT_MAX_RECORDS: count(1, 1_000_000, 10_000),
  TU_SESSION_TIMEOUT_MS: number(1000, 1_800_000).optional(),
  TU_TRANSACTION_TIMEOUT_MS: count(1000, 900_000, 10_000),
  TU_RETENTION_HOURS: count(1, 87_600, 168),
  TU_QUARANTINE_RETENTION_HOURS: count(1, 87_600, 720),
  TU_LIVE_INTERVAL_MS: count(0, 3_600_000, 5000),
  TU_LOG_LEVEL: z.enum(logLevels, { error: `must be one of ${logLevels.join(", ")}` }).default("info"),
});

type Environment = z.infer<typeof environment>;

/** Every variable the program reads, as in `.env.example`. */
export const settingNames: readonly string[] = Object.keys(environment.shape);

/**
 * Reads the settings. `.env` of the project (nearest folder upwards with a `package.json`) is loaded first;
 * relative folders are relative to that project.
 *
 * @throws FatalError naming the variable and what is allowed.
 */
export function loadSettings(): Settings {
  const root = projectRoot(process.cwd());
  const file = join(root, ".env");
  if (existsSync(file)) process.loadEnvFile(file);
  const settings = parseSettings(process.env, root);
  return lacksPassword(settings) && makePasswords(settings.localDir) ? parseSettings(process.env, root) : settings;
}

/** A local server without a password in the settings: it gets a random one. */
function lacksPassword({ postgresUrl, postgresPassword, mongodbUrl, mongodbPassword }: Settings): boolean {
  const lacks = (url: string, password: string): boolean => password === "" && url.includes("@127.0.0.1:");
  return lacks(postgresUrl, postgresPassword) || lacks(mongodbUrl, mongodbPassword);
}

function makePasswords(localDir: string): boolean {
  try {
    ensureLocalPasswords(localDir);
    return true;
  } catch (error) {
    // Where nothing can be written no local server runs either, and a command that needs none must work.
    if (["EACCES", "EROFS", "EPERM", "ENOSPC", "EDQUOT"].includes(String((error as NodeJS.ErrnoException).code)))
      return false;
    throw error;
  }
}

/**
 * As `loadSettings`, from a given environment: for tests and for several stacks in one process. It writes nothing: passwords that
 * have been made are read, others stay empty.
 */
export function parseSettings(env: Readonly<Record<string, string | undefined>>, root: string): Settings {
  const given = Object.entries(env).filter(([key, value]) => key.startsWith("TU_") && value?.trim() !== "");
  const unknown = given.map(([key]) => key).find((key) => !settingNames.includes(key));
  if (unknown !== undefined) {
    throw new FatalError(`${unknown} is not a setting`, {
      remedy: `did you mean ${closest(unknown)}? .env.example lists all`,
    });
  }
  const parsed = environment.safeParse(Object.fromEntries(given));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const key = String(issue?.path[0]);
    throw new FatalError(`${key} ${issue?.message ?? "is not valid"}${shown(key, env[key])}`, {
      remedy: `correct ${key} in .env or in the environment`,
    });
  }
  return toSettings(parsed.data, root);
}

/** The settings as `name = value` pairs for people and logs, passwords replaced. */
export function redactedSettings(settings: Settings): Record<string, string | number | null> {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]: [string, string | number | null]) => [
      key,
      /(Password|Token)$/.test(key) && value !== null ? "***" : typeof value === "string" ? redactUrl(value) : value,
    ]),
  );
}

/** `postgres://user:secret@host/db` → `postgres://user:***@host/db`; anything else as it is. */
export function redactUrl(text: string): string {
  return text.replace(/(\/\/[^/?#:@\s]*:)[^/?#\s]*@/, "$1***@");
}

/** The nearest folder from `from` upwards that holds a `package.json`; `from` itself when there is none. */
export function projectRoot(from: string): string {
  for (let dir = resolve(from); ; dir = dirname(dir)) {
    if (existsSync(join(dir, "package.json"))) return dir;
    if (dir === dirname(dir)) return resolve(from);
  }
}

function toSettings(env: Environment, root: string): Settings {
  if (env.TU_DASHBOARD_TOKEN === undefined && !LOOPBACK.has(env.TU_DASHBOARD_HOST)) {
    throw new FatalError(`TU_DASHBOARD_HOST is ${env.TU_DASHBOARD_HOST}: others could read the page and stop servers`, {
      remedy:
        "set TU_DASHBOARD_TOKEN to a secret of at least 16 characters without spaces, or serve the page on 127.0.0.1",
    });
  }
  const localDir = resolve(root, env.TU_LOCAL_DIR);
  const made = readLocalPasswords(localDir);
  const postgresPassword = env.TU_POSTGRES_PASSWORD ?? made?.postgres ?? "";
  const mongodbPassword = env.TU_MONGODB_PASSWORD ?? made?.mongodb ?? "";
  const settings: Settings = {
    localDir,
    warehouseDir:
      env.TU_WAREHOUSE_DIR === undefined ? join(localDir, "warehouse") : resolve(root, env.TU_WAREHOUSE_DIR),
    stateDir: env.TU_STATE_DIR === undefined ? join(localDir, "state") : resolve(root, env.TU_STATE_DIR),
    brokers: env.TU_KAFKA_BROKERS ?? `127.0.0.1:${env.TU_KAFKA_PORT}`,
    kafkaPort: env.TU_KAFKA_PORT,
    kafkaControllerPort: env.TU_KAFKA_CONTROLLER_PORT,
    kafkaHeapMb: env.TU_KAFKA_HEAP_MB,
    postgresPort: env.TU_POSTGRES_PORT,
    postgresUser: env.TU_POSTGRES_USER,
    postgresPassword,
    postgresDatabase: env.TU_POSTGRES_DATABASE,
    postgresUrl:
      env.TU_POSTGRES_URL ??
      `postgres://${login(env.TU_POSTGRES_USER, postgresPassword)}@127.0.0.1:${env.TU_POSTGRES_PORT}/${env.TU_POSTGRES_DATABASE}`,
    mongodbPort: env.TU_MONGODB_PORT,
    mongodbUser: env.TU_MONGODB_USER,
    mongodbPassword,
    mongodbDatabase: env.TU_MONGODB_DATABASE,
    mongodbUrl: env.TU_MONGODB_URL ?? localMongodbUrl(env, mongodbPassword),
    lambdaPort: env.TU_LAMBDA_PORT,
    lambdaEndpoint:
      env.TU_LAMBDA_ENDPOINT === "aws" ? null : (env.TU_LAMBDA_ENDPOINT ?? `http://127.0.0.1:${env.TU_LAMBDA_PORT}`),
    lambdaRegion: env.TU_LAMBDA_REGION,
    lambdaFunction: env.TU_LAMBDA_FUNCTION,
    objectStore: objectStoreOf(env.TU_OBJECT_STORE, localDir, root),
    dashboardHost: env.TU_DASHBOARD_HOST,
    dashboardPort: env.TU_DASHBOARD_PORT,
    dashboardToken: env.TU_DASHBOARD_TOKEN ?? null,
    supersetPort: env.TU_SUPERSET_PORT,
    partitions: env.TU_PARTITIONS,
    commitIntervalMs: env.TU_COMMIT_INTERVAL_MS,
    commitMaxRecords: env.TU_COMMIT_MAX_RECORDS,
    sessionTimeoutMs: env.TU_SESSION_TIMEOUT_MS ?? null,
    transactionTimeoutMs: env.TU_TRANSACTION_TIMEOUT_MS,
    retentionHours: env.TU_RETENTION_HOURS,
    quarantineRetentionHours: env.TU_QUARANTINE_RETENTION_HOURS,
    liveIntervalMs: env.TU_LIVE_INTERVAL_MS,
    logLevel: env.TU_LOG_LEVEL,
  };
  return hideSecrets(settings);
}

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "::1", "localhost"]);

function localMongodbUrl(env: Environment, password: string): string {
  const database = env.TU_MONGODB_DATABASE;
  return `mongodb://${login(env.TU_MONGODB_USER, password)}@127.0.0.1:${env.TU_MONGODB_PORT}/${database}?directConnection=true&authSource=${database}`;
}

/** As an address has it; without a password there is none to send. */
function login(user: string, password: string): string {
  return password === "" ? user : `${user}:${encodeURIComponent(password)}`;
}

function objectStoreOf(given: string | undefined, localDir: string, root: string): string {
  if (given === undefined) return join(localDir, "object-store");
  return given.startsWith("s3://") ? given : resolve(root, given);
}

/** `console.log(settings)` and `JSON.stringify(settings)` must not leak the password either. */
function hideSecrets(settings: Settings): Settings {
  const redacted = (): Record<string, string | number | null> => redactedSettings(settings);
  return Object.defineProperties(settings, {
    toJSON: { value: redacted, enumerable: false },
    [inspect.custom]: { value: redacted, enumerable: false },
  });
}

function isPostgresUrl(text: string): boolean {
  return URL.canParse(text) && ["postgres:", "postgresql:"].includes(new URL(text).protocol);
}

function shown(key: string, value: string | undefined): string {
  return value === undefined || /PASSWORD|URL|TOKEN/.test(key) ? "" : `, and not "${value}"`;
}

/** The setting whose name has most letter pairs in common with the given one (Dice's coefficient). */
function closest(given: string): string {
  const pairs = (text: string): Set<string> => new Set(Array.from(text, (_, i) => text.slice(i, i + 2)));
  const wanted = pairs(given);
  const score = (candidate: string): number => {
    const theirs = pairs(candidate);
    return [...theirs].filter((pair) => wanted.has(pair)).length / (theirs.size + wanted.size);
  };
  return settingNames.reduce((best, candidate) => (score(candidate) > score(best) ? candidate : best));
}
