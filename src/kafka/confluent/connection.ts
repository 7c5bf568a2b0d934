import { FatalError, RetryableError } from "../../domain/errors.ts";
import { calledBack } from "./binding.ts";
import type { ClientConfig, ClientConsumer, ClientProducer } from "./binding.ts";
import { withDeadline } from "./deadline.ts";
import { reactionTo } from "./errors.ts";

/** Where the cluster is and who we say we are. */
export interface Cluster {
  /** host:port, comma separated. */
  readonly brokers: string;
  readonly clientId: string;
}

/** The first answer of a broker; a broker that is starting refuses connections for a few seconds. */
export const connectTimeoutMs = 10_000;
/** disconnect() takes 10 ms; more than this means that it will never call back. */
const disconnectTimeoutMs = 10_000;

/** Settings of every client we open. */
export function commonConfig(cluster: Cluster): Record<string, unknown> {
  return {
    "bootstrap.servers": cluster.brokers,
    "client.id": cluster.clientId,
    // A broker restarts in seconds: look for it more often than the default, whose back-off grows to 10 s.
    "reconnect.backoff.ms": 50,
    "reconnect.backoff.max.ms": 1_000,
    "socket.nagle.disable": true,
    // How soon to ask again for a stable offset or a coordinator; 100 ms by default, and it doubles.
    "retry.backoff.ms": 20,
    "retry.backoff.max.ms": 200,
    "allow.auto.create.topics": false,
  };
}

const connecting = new WeakMap<ClientConsumer | ClientProducer, Promise<unknown>>();

/** Builds a client; a setting librdkafka does not accept is our caller's mistake. */
export function construct<T>(make: (config: ClientConfig) => T, config: ClientConfig): T {
  try {
    return make(config);
  } catch (cause) {
    throw new FatalError(`the Kafka client refused its settings: ${(cause as Error).message}`, {
      cause,
      remedy: "correct the brokers, group, transactional id or timeouts given to it",
    });
  }
}

/** Connects and waits until a broker has answered. Throws RetryableError within `connectTimeoutMs` and a little. */
export async function connect(
  client: ClientConsumer | ClientProducer,
  cluster: Cluster,
  subject: string,
): Promise<void> {
  const connected = calledBack((done) => client.connect({ allTopics: false, timeout: connectTimeoutMs }, done));
  connecting.set(client, connected);
  try {
    await withDeadline(
      connected,
      connectTimeoutMs * 2,
      () => new RetryableError(`open ${subject}: no answer from Kafka at ${cluster.brokers}`),
    );
  } catch (cause) {
    throw reactionTo(cause, { operation: "open", brokers: cluster.brokers, subject });
  }
}

/**
 * Disconnects, for at most 10 s. The client can hang here (a rebalance nobody answered, a native call that never
 * returns); then the process is told, because nothing else can be done: the broker will expire us.
 */
export async function disconnect(client: ClientConsumer | ClientProducer, subject: string): Promise<void> {
  await untilConnected(client, subject);
  if (!client.isConnected()) return;
  try {
    await withDeadline(
      calledBack<unknown>((done) => {
        // A second disconnect() never calls back; the callers make sure that there is only one. 0: do not wait
        // for records still queued, they belong to a transaction that is being abandoned.
        if (isProducer(client)) client.disconnect(0, done);
        else client.disconnect(done);
      }),
      disconnectTimeoutMs,
      () => new RetryableError(`${subject} did not disconnect within ${disconnectTimeoutMs} ms`),
    );
  } catch (cause) {
    process.emitWarning(cause instanceof Error ? cause : String(cause));
  }
}

/**
 * Waits for a connect that is under way, however it ends: a client that is closed before would come to life afterwards,
 * and a member would keep its place in the group.
 */
export async function untilConnected(client: ClientConsumer | ClientProducer, subject: string): Promise<void> {
  try {
    await withDeadline(
      connecting.get(client) ?? Promise.resolve(),
      connectTimeoutMs * 2,
      () => new RetryableError(`${subject} neither connected nor failed to`),
    );
  } catch {
    // Whoever opened it was told why.
  }
}

function isProducer(client: ClientConsumer | ClientProducer): client is ClientProducer {
  return "produce" in client;
}
