/** Ports are checked before a server is started on them, so that the error names the port and not a log file. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { FatalError } from "../domain/errors.ts";

/** Whether a server could listen there on the loopback address. */
export async function isPortFree(port: number): Promise<boolean> {
  return await new Promise<boolean>((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" || error.code === "EACCES" ? resolve(false) : reject(error),
    );
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** @throws FatalError naming the port, who holds it where the system tells, and the setting that changes it. */
export async function requireFreePort(port: number, setting: string, purpose: string): Promise<void> {
  if (await isPortFree(port)) return;
  const holder = portHolder(port);
  throw new FatalError(`port ${port}, wanted for ${purpose}, is taken${holder === null ? "" : ` by ${holder}`}`, {
    remedy: `set ${setting} to a free port, or stop that program`,
  });
}

/** Below the ports that Linux gives to outgoing connections (32768 and up): one of those could take it before the server does. */
const TEST_PORTS = { from: 20_000, to: 29_000 };
/** Ports between the first ones of two processes with successive ids, which begin at the same time as a rule. */
const APART = 40;
let taken = 0;

/** A port that is free now, for tests and benchmarks: one that no other call in this process gave. */
export async function freePort(): Promise<number> {
  const count = TEST_PORTS.to - TEST_PORTS.from;
  while (taken < count) {
    const port = TEST_PORTS.from + ((process.pid * APART + taken++) % count);
    if (await isPortFree(port)) return port;
  }
  throw new Error(`no port from ${TEST_PORTS.from} to ${TEST_PORTS.to} is free`);
}

/** `java (pid 4711)`, or null where /proc does not tell. */
export function portHolder(port: number): string | null {
  const inodes = listeningSockets(port);
  if (inodes.size === 0) return null;
  for (const pid of entries("/proc").filter((entry) => /^\d+$/.test(entry))) {
    for (const fd of entries(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkTarget(`/proc/${pid}/fd/${fd}`))?.[1];
      if (inode !== undefined && inodes.has(inode)) return `${programOf(pid)} (pid ${pid})`;
    }
  }
  return null;
}

/** proc_net_tcp(5): field 1 is `address:port` in hexadecimal, field 3 the state (0A = listening), field 9 the inode. */
function listeningSockets(port: number): Set<string> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const inodes = new Set<string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of content(table).split("\n").slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(wanted) === true && fields[3] === "0A" && fields[9] !== undefined) inodes.add(fields[9]);
    }
  }
  return inodes;
}

function programOf(pid: string): string {
  return content(`/proc/${pid}/comm`).trim() || "a program";
}

// Processes end while we look, and those of other users are closed to us: both read as empty.
function entries(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function content(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
