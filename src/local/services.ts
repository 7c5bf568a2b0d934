/** The servers of the local stack: what each needs to be installed, started, and told from one that is run elsewhere. */
import type { Settings } from "../settings.ts";
import { installKafka, kafkaService, type Progress } from "./kafka.ts";
import { lambdaService } from "./lambda.ts";
import { installMongodb, isLocalMongodb, mongodbService } from "./mongodb.ts";
import { installPostgres, postgresService } from "./postgres.ts";
import type { ProcessSpec, Supervisor } from "./supervisor.ts";

export const SERVICE_NAMES = ["kafka", "postgres", "mongodb", "lambda"] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

export interface LocalService {
  /** For people. */
  readonly title: string;
  /** False when the settings name a server that is not ours to start (compose, Supabase, Atlas, AWS). */
  readonly isLocal: (settings: Settings) => boolean;
  /** Fetches what is missing; resolves at once when nothing is. */
  readonly install: (settings: Settings, progress: Progress) => Promise<void>;
  readonly spec: (settings: Settings) => ProcessSpec;
  /** Where it listens, for people; without credentials. */
  readonly address: (settings: Settings) => string;
}

/** One entry a server, in the order in which they start. */
export const SERVICES: Readonly<Record<ServiceName, LocalService>> = {
  kafka: {
    title: "Kafka",
    isLocal: ({ brokers, kafkaPort }) => brokers === `127.0.0.1:${kafkaPort}`,
    install: installKafka,
    spec: (settings) => kafkaService(settings),
    address: ({ kafkaPort }) => `127.0.0.1:${kafkaPort}`,
  },
  postgres: {
    title: "Postgres",
    isLocal: ({ postgresUrl, postgresPort }) => hostOf(postgresUrl) === `127.0.0.1:${postgresPort}`,
    install: installPostgres,
    spec: (settings) => postgresService(settings),
    address: ({ postgresUser, postgresPort, postgresDatabase }) =>
      `postgres://${postgresUser}:***@127.0.0.1:${postgresPort}/${postgresDatabase}`,
  },
  mongodb: {
    title: "MongoDB",
    isLocal: isLocalMongodb,
    install: installMongodb,
    spec: (settings) => mongodbService(settings),
    address: ({ mongodbUser, mongodbPort, mongodbDatabase }) =>
      `mongodb://${mongodbUser}:***@127.0.0.1:${mongodbPort}/${mongodbDatabase}`,
  },
  lambda: {
    title: "Lambda",
    isLocal: ({ lambdaEndpoint, lambdaPort }) => lambdaEndpoint === `http://127.0.0.1:${lambdaPort}`,
    install: () => Promise.resolve(), // the endpoint is this program, and the function is in the package
    spec: (settings) => lambdaService(settings),
    address: ({ lambdaPort }) => `http://127.0.0.1:${lambdaPort}`,
  },
};

/** The servers of `names` that are ours to run. */
export function localServices(
  settings: Settings,
  names: readonly ServiceName[] = SERVICE_NAMES,
): readonly ServiceName[] {
  return names.filter((name) => SERVICES[name].isLocal(settings));
}

/**
 * Installs and starts these servers side by side: what takes long (108 MB of mongod) holds nothing else up. Resolves when
 * all answer.
 */
export async function startServices(
  supervisor: Supervisor,
  settings: Settings,
  names: readonly ServiceName[],
  progress: Progress,
): Promise<void> {
  await Promise.all(
    names.map(async (name) => {
      const { title, install, spec } = SERVICES[name];
      await install(settings, progress);
      progress(`starting ${title}`);
      await supervisor.start(spec(settings));
      progress(`${title} is ready`);
    }),
  );
}

/** `host:port` of an address, credentials left out. An address may name several hosts, which `URL` does not read. */
function hostOf(url: string): string {
  return /^[^/]+\/\/(?:[^@/]*@)?(?<host>[^/?]*)/u.exec(url)?.groups?.["host"] ?? "";
}
