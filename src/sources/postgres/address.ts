/** What an address alone tells about whether replication can work through it. */

/** Supabase's pooler in transaction mode, on the shared and on the project's own host. */
const POOLER_PORT = "6543";

export interface AddressProblem {
  readonly message: string;
  readonly remedy: string;
}

/**
 * Why the address leads to a pooler and not to the server, or null. A pooler gives each transaction any connection it has, so it
 * carries no replication; Supabase's answers with errors that do not say so.
 */
export function poolerProblem(connection: string): AddressProblem | null {
  if (!URL.canParse(connection)) return null;
  const { hostname, port, username } = new URL(connection);
  const isLocal = hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
  if (isLocal || (!hostname.includes("pooler") && port !== POOLER_PORT)) return null;
  const project =
    /^db\.(\w+)\.supabase\.co$/u.exec(hostname)?.[1] ??
    /^\w+\.(\w+)$/u.exec(decodeURIComponent(username))?.[1] ??
    "<ref>";
  return {
    message: `${hostname}${port === "" ? "" : `:${port}`} is a connection pooler, which does not carry logical replication`,
    remedy: `name the server itself in TU_POSTGRES_URL: for Supabase the host db.${project}.supabase.co, port 5432, user postgres; it has IPv6 only (or the paid IPv4 add-on)`,
  };
}
