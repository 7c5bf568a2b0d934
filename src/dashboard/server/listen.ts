import { once } from "node:events";
import type { Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly signal: AbortSignal;
  /** One line for a person whenever it changes; null: the page is there. */
  readonly onNote: (note: string | null) => void;
  readonly retryMs?: number;
  readonly random?: () => number;
}

const RETRY_MS = 5000;

/**
 * Listens, and tries again now and then while somebody else has the port: the page is worth less than the loading.
 * Resolves when it listens, or when `signal` aborts.
 */
export async function listen(server: Server, options: ListenOptions): Promise<void> {
  const { host, port, signal, onNote, retryMs = RETRY_MS, random = Math.random } = options;
  while (!signal.aborted) {
    try {
      server.listen({ host, port });
      await once(server, "listening", { signal });
      onNote(null);
      return;
    } catch (error) {
      if (signal.aborted) return;
      onNote(reason(error, host, port));
      await sleep(retryMs * (0.5 + random() / 2), undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}

function reason(error: unknown, host: string, port: number): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  if (code === "EADDRINUSE")
    return `no live page: port ${port} is taken; end what has it, or set TU_DASHBOARD_PORT to another`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
    return `no live page: ${host} is no address of this machine; correct TU_DASHBOARD_HOST`;
  if (code === "EACCES") return `no live page: port ${port} may not be used; set TU_DASHBOARD_PORT to another`;
  return `no live page: ${error instanceof Error ? error.message : String(error)}`;
}
