/** Whether a host can be reached at all, before any client is asked: its errors do not say whether the name, the way or the port is wrong. */
import { once } from "node:events";
import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import { bareHost, formatAddress } from "../kafka/wire/address.ts";
import { codeOf, messageOf } from "./check.ts";

export interface Reached {
  readonly ok: boolean;
  readonly found: string;
  readonly remedy?: string;
}

/** @returns what was found; throws only the abort. */
export async function reach(host: string, port: number, setting: string, signal: AbortSignal): Promise<Reached> {
  const name = bareHost(host);
  const address = formatAddress(name, port);
  let addresses: { address: string; family: number }[];
  try {
    addresses = await lookup(name, { all: true });
  } catch (error) {
    return {
      ok: false,
      found: `${name} has no address (${codeOf(error) ?? messageOf(error)})`,
      remedy: name.endsWith(".supabase.co")
        ? `correct the host in ${setting}; a project that is paused has no address either: wake it in the dashboard`
        : `correct the host in ${setting}`,
    };
  }
  const onlyIpv6 = addresses.every(({ family }) => family === 6);
  const socket = connect({ host: name, port, signal });
  try {
    await once(socket, "connect", { signal });
    return { ok: true, found: `${address} answers${onlyIpv6 ? ", over IPv6" : ""}` };
  } catch (error) {
    signal.throwIfAborted();
    const why = codeOf(error) ?? messageOf(error);
    if (onlyIpv6) {
      return {
        ok: false,
        found: `${name} has IPv6 addresses only, and ${addresses[0]?.address} cannot be reached (${why})`,
        remedy: "run where there is IPv6 (Docker's bridge and many networks have none), or buy Supabase's IPv4 add-on",
      };
    }
    return { ok: false, found: `${address} cannot be reached (${why})`, remedy: reachRemedy(name, setting) };
  } finally {
    socket.destroy();
  }
}

function reachRemedy(host: string, setting: string): string {
  if (/^(127\.|localhost$|::1$)/u.test(host)) return `third-umpire up starts the local one; or correct ${setting}`;
  return `start the server, let this machine through its firewall, or correct ${setting}`;
}
