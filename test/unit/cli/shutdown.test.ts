import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { listenForShutdown, requestShutdown, type ShutdownHost } from "../../../src/cli/shutdown.ts";

class Host extends EventEmitter implements ShutdownHost {
  readonly exits: number[] = [];
  readonly warnings: string[] = [];
  readonly connected: boolean;
  ignoresHangUp = false;
  constructor(connected = false) {
    super();
    this.connected = connected;
  }
  exit(code: number): void {
    this.exits.push(code);
  }
  warn(line: string): void {
    this.warnings.push(line);
  }
}

describe("shutdown", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("aborts at the first %s and exits at the second one with %d", (name, code) => {
    const host = new Host();
    const { signal, dispose } = listenForShutdown({ host });
    expect(signal.aborted).toBe(false);
    host.emit(name);
    expect([signal.aborted, host.exits]).toEqual([true, []]);
    host.emit(name);
    expect(host.exits).toEqual([code]);
    dispose();
  });

  it("takes the two SIGHUP of a window that is closed for one, and ends at once at a Ctrl-C that follows twice", () => {
    const host = new Host();
    const { signal, dispose } = listenForShutdown({ host });
    host.emit("SIGHUP");
    host.emit("SIGHUP");
    host.emit("SIGTERM");
    expect([signal.aborted, host.exits]).toEqual([true, []]);
    host.emit("SIGTERM");
    expect(host.exits).toEqual([143]);
    dispose();
  });

  it("goes on at SIGHUP when it was started by nohup, and ends at SIGTERM as always", () => {
    const host = new Host();
    host.ignoresHangUp = true;
    const { signal, dispose } = listenForShutdown({ host });
    host.emit("SIGHUP");
    expect([signal.aborted, host.listenerCount("SIGHUP")]).toEqual([false, 1]); // without a listener Node would end
    host.emit("SIGTERM");
    expect(signal.aborted).toBe(true);
    dispose();
  });

  it("does not take the end of its output for a first Ctrl-C: `… | tee` ends with both", () => {
    const host = new Host();
    const { signal, dispose } = listenForShutdown({ host });
    requestShutdown("the end of its output");
    host.emit("SIGINT");
    expect([signal.aborted, host.exits]).toEqual([true, []]);
    host.emit("SIGINT");
    expect(host.exits).toEqual([130]);
    dispose();
  });

  it("exits with 1 when it has not stopped within the hard limit", () => {
    const host = new Host();
    const { dispose } = listenForShutdown({ host, hardLimitMs: 25_000 });
    host.emit("SIGTERM");
    vi.advanceTimersByTime(24_999);
    expect(host.exits).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(host.exits).toEqual([1]);
    expect(host.warnings[0]).toContain("not stopped 25 s after SIGTERM");
    dispose();
  });

  it("ends a child whose parent is gone", () => {
    const host = new Host(true);
    const { signal, dispose } = listenForShutdown({ host });
    host.emit("disconnect");
    expect(signal.aborted).toBe(true);
    dispose();
  });

  it("can be asked for from inside, as when nobody reads our output any more", () => {
    const shutdown = listenForShutdown({ host: new Host() });
    expect([requestShutdown("the end of its output"), shutdown.signal.aborted]).toEqual([true, true]);
    shutdown.dispose();
    expect(requestShutdown("the end of its output")).toBe(false);
  });

  it("does not exit after it was disposed of", () => {
    const host = new Host();
    const shutdown = listenForShutdown({ host });
    host.emit("SIGTERM");
    shutdown.dispose();
    vi.advanceTimersByTime(60_000);
    expect([host.exits, host.listenerCount("SIGTERM"), host.listenerCount("SIGINT")]).toEqual([[], 0, 0]);
  });
});
