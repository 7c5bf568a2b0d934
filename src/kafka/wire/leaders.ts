import { BrokerConnection } from "./broker-connection.ts";
import { type ClusterMetadata, readMetadata } from "./metadata.ts";

/** How long a broker may be silent before it counts as gone, ms. */
const SILENCE_MS = 10_000;

/** One connection to each broker, opened at first need, and who leads which partition. */
export class Leaders {
  readonly #clientId: string;
  /** host:port of brokers to ask first. */
  readonly #bootstrap: readonly string[];
  #known: readonly string[] = [];
  readonly #connections = new Map<string, Promise<BrokerConnection>>();
  #closed = false;

  constructor(brokers: string, clientId: string) {
    this.#bootstrap = brokers.split(",").map((address) => address.trim());
    this.#clientId = clientId;
  }

  /** Asks one broker after the other, and rejects with a plain Error when none answers. */
  async lookUp(topics: readonly string[]): Promise<ClusterMetadata> {
    const failures: string[] = [];
    for (const address of new Set([...this.#known, ...this.#bootstrap])) {
      try {
        const metadata = await readMetadata(await this.connection(address), this.#clientId, topics);
        this.#known = [...metadata.brokers.values()];
        return metadata;
      } catch (error) {
        this.forget(address);
        failures.push(`${address}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    throw new Error(failures.join("; "));
  }

  connection(address: string): Promise<BrokerConnection> {
    if (this.#closed) return Promise.reject(new Error("the reader is closed"));
    let opening = this.#connections.get(address);
    if (opening === undefined) {
      opening = BrokerConnection.open(address, SILENCE_MS);
      this.#connections.set(address, opening);
    }
    return opening;
  }

  /** Drops a connection that failed, so that the next call opens another. */
  forget(address: string): void {
    const opening = this.#connections.get(address);
    this.#connections.delete(address);
    if (opening !== undefined) closeWhenOpen(opening);
  }

  close(): void {
    this.#closed = true;
    for (const address of [...this.#connections.keys()]) this.forget(address);
  }
}

function closeWhenOpen(opening: Promise<BrokerConnection>): void {
  opening.then(
    (connection) => {
      connection.close();
    },
    () => undefined, // It never opened: whoever waited for it was told.
  );
}
