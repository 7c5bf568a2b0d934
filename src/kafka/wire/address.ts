/** `host:port` of a broker. An IPv6 address stands in brackets, as in URLs: `[::1]:9092`. */

/** The host without brackets, as sockets want it. */
export function parseAddress(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(":");
  return { host: bareHost(address.slice(0, colon)), port: Number(address.slice(colon + 1)) };
}

export function formatAddress(host: string, port: number): string {
  return host.includes(":") ? `[${bareHost(host)}]:${port}` : `${host}:${port}`;
}

/** A host of a URL or of an address, without the brackets of IPv6. */
export function bareHost(host: string): string {
  return host.replace(/^\[(.*)\]$/u, "$1");
}
