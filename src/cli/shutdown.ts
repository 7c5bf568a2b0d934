import { hangUpIsIgnored } from "./hang-up.ts";

/** Signals that ask a process to end, and at once when they come twice, with the exit code a shell expects of each. */
const EXIT_CODE = { SIGINT: 130, SIGTERM: 143 } as const;
type StopSignal = keyof typeof EXIT_CODE;

/** Longer than a transaction needs to finish or abort, shorter than the 30 s after which most supervisors kill. */
const HARD_LIMIT_MS = 25_000;

export interface Shutdown {
  /** Aborts at the first SIGINT, SIGTERM or SIGHUP, and when the process that started us is gone. */
  readonly signal: AbortSignal;
  /** Asks for the end from inside, as the first signal would. */
  request(why: string): void;
  /** Stops listening; a later signal has its default effect again. */
  dispose(): void;
}

const requests = new Set<(why: string) => void>();

/** Asks whatever runs in this process to end. Returns false when nothing here waits for such a request. */
export function requestShutdown(why: string): boolean {
  for (const request of requests) request(why);
  return requests.size > 0;
}

/** The parts of `process` that are used, so that tests can hand in their own. */
export interface ShutdownHost {
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
  exit(code: number): void;
  readonly connected: boolean;
  /** Whether whoever started the process had it ignore SIGHUP, as nohup does. */
  readonly ignoresHangUp: boolean;
  warn(line: string): void;
}

export interface ShutdownOptions {
  /** ms from the first signal until the process ends whatever it is doing (default 25,000). */
  readonly hardLimitMs?: number;
  readonly host?: ShutdownHost;
}

/**
 * One way to end for every long-running command: the first SIGINT, SIGTERM or SIGHUP (but under nohup) aborts `signal` and lets
 * the command finish; a second SIGINT or SIGTERM exits at once (128 + its number); after the hard limit the process exits with 1.
 *
 * A child whose parent vanished ends as well: nobody would restart it any more, and the next start of the
 * parent would find its consumer-group identity taken.
 */
export function listenForShutdown(options: ShutdownOptions = {}): Shutdown {
  const host = options.host ?? processHost();
  const hardLimitMs = options.hardLimitMs ?? HARD_LIMIT_MS;
  const controller = new AbortController();
  let deadline: NodeJS.Timeout | undefined;

  const request = (why: string): void => {
    if (controller.signal.aborted) return;
    deadline = setTimeout(() => {
      host.warn(
        `error: not stopped ${hardLimitMs / 1000} s after ${why}, ending now (nothing is lost: the open transaction aborts)`,
      );
      host.exit(1);
    }, hardLimitMs);
    deadline.unref();
    controller.abort(new DOMException(`stopped by ${why}`, "AbortError"));
  };
  let isSignalled = false;
  const onSignal = (name: StopSignal) => (): void => {
    // Ctrl-C in `… | tee` also ends the pipe, which asks for the end by itself: that is no second signal.
    if (isSignalled) host.exit(EXIT_CODE[name]);
    isSignalled = true;
    request(name);
  };
  const onHangUp = (): void => {
    // Closing the terminal must not leave servers behind, unless nohup was asked for. Its shell sends this a second time: no sign of
    // impatience.
    if (!host.ignoresHangUp) request("SIGHUP");
  };
  const listeners = [
    ["SIGINT", onSignal("SIGINT")],
    ["SIGTERM", onSignal("SIGTERM")],
    ["SIGHUP", onHangUp],
  ] as const;
  const onDisconnect = (): void => request("the end of the parent process");

  for (const [name, listener] of listeners) host.on(name, listener);
  requests.add(request);
  if (host.connected) host.on("disconnect", onDisconnect);
  return {
    signal: controller.signal,
    request,
    dispose: () => {
      clearTimeout(deadline);
      requests.delete(request);
      for (const [name, listener] of listeners) host.off(name, listener);
      host.off("disconnect", onDisconnect);
    },
  };
}

function processHost(): ShutdownHost {
  return {
    on: (event, listener) => process.on(event, listener),
    off: (event, listener) => process.off(event, listener),
    exit: (code) => process.exit(code),
    connected: process.connected,
    ignoresHangUp: hangUpIsIgnored(),
    warn: (line) => process.stderr.write(`${line}\n`),
  };
}
