import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { effectiveKafkaConfig, installKafka, kafkaService } from "../../src/local/kafka.ts";
import { localSupervisor } from "../../src/local/index.ts";
import { kafkaDir, kafkaVersion } from "../../src/local/paths.ts";
import { freePort } from "../../src/local/ports.ts";
import { findJava } from "../../src/local/run-command.ts";
import { loadSettings } from "../../src/settings.ts";
import { settingsOnFreePorts } from "./stack.ts";

/** What a right is about, as Kafka's own tool wants it: `{ topic: "a", "transactional-id": "b" }`. */
export type Resource = Readonly<Partial<Record<"topic" | "group" | "transactional-id", string>>>;

/** A broker that lets nobody do anything without a right, but for its administrator. */
export interface GuardedKafka {
  /** PLAINTEXT: whoever comes here is the user without rights. */
  readonly brokers: string;
  /** Gives that user a right on what has this name, or begins with it. It holds when this returns. */
  grant(operations: readonly string[], resource: Resource, options?: { readonly prefixed: boolean }): Promise<void>;
  stop(): Promise<void>;
}

/** The administrator has a listener of its own, where a password is asked for; so has the controller. */
export async function startGuardedKafka(): Promise<GuardedKafka> {
  const project = loadSettings();
  await installKafka(project, (line) => process.stderr.write(`${line}\n`));
  const dir = mkdtempSync(join(tmpdir(), "third-umpire-guarded-"));
  const settings = await settingsOnFreePorts(dir);
  const adminPort = await freePort();
  const supervisor = localSupervisor(settings);
  const service = kafkaService(settings, { jars: project });
  const login = `org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="admin"`;
  const jaas = `${login} user_admin="admin";`;
  const beforeStart = async (): Promise<void> => {
    await service.beforeStart?.();
    const listener = `,ADMIN://127.0.0.1:${adminPort}`;
    const guarded = effectiveKafkaConfig(settings)
      .replace(/^((?:advertised\.)?listeners=PLAINTEXT:[^,\n]*)/gmu, `$1${listener}`)
      .replace(
        /^listener\.security\.protocol\.map=.*$/mu,
        "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,ADMIN:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
      );
    const more = [
      "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      "super.users=User:admin",
      "inter.broker.listener.name=ADMIN",
      "sasl.enabled.mechanisms=PLAIN",
      "sasl.mechanism.inter.broker.protocol=PLAIN",
      "sasl.mechanism.controller.protocol=PLAIN",
      `listener.name.admin.plain.sasl.jaas.config=${jaas}`,
      `listener.name.controller.plain.sasl.jaas.config=${jaas}`,
    ];
    writeFileSync(join(kafkaDir(settings), "server.properties"), [guarded, ...more, ""].join("\n"));
    writeFileSync(
      join(dir, "admin.properties"),
      ["security.protocol=SASL_PLAINTEXT", "sasl.mechanism=PLAIN", `sasl.jaas.config=${login};`, ""].join("\n"),
    );
  };
  const stop = async (): Promise<void> => {
    await supervisor.stopAll();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await supervisor.start({ ...service, beforeStart });
  } catch (error) {
    await stop();
    throw error;
  }
  const grant: GuardedKafka["grant"] = async (operations, resource, options) => {
    const about = Object.entries(resource).flatMap(([kind, name]) => [`--${kind}`, name]);
    await promisify(execFile)(findJava() ?? "java", [
      ...["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", `${kafkaDir(project)}/${kafkaVersion}/*`],
      ...["org.apache.kafka.tools.AclCommand", "--bootstrap-server", `127.0.0.1:${adminPort}`],
      ...["--command-config", join(dir, "admin.properties"), "--add", "--allow-principal", "User:ANONYMOUS"],
      ...operations.flatMap((operation) => ["--operation", operation]),
      ...about,
      ...(options?.prefixed === true ? ["--resource-pattern-type", "prefixed"] : []),
    ]);
  };
  return { brokers: settings.brokers, grant, stop };
}
