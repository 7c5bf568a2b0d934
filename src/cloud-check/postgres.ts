import { ODI_PUBLICATION, ODI_SCHEMA } from "../pipelines/cricket/sources/odi.ts";
import { classifyPostgresError, isSaidByPostgres } from "../postgres/errors.ts";
import { closeSql, openSql, type Sql } from "../postgres/sql.ts";
import type { Settings } from "../settings.ts";
import { poolerProblem } from "../sources/postgres/address.ts";
import { isCertificateError, messageOf, remedyFor, type Report, secretsOf, type SourceCheck } from "./check.ts";
import { reach } from "./reach.ts";

const POSTGRES_PORT = 5432;
/** The slot of `third-umpire source odi`. */
const SLOT = "odi";
/** Below this a source that pauses for a while may find its slot lost. */
const SAFE_WAL_BYTES_MIN = 128 * 1024 * 1024;
const ADDRESS_REMEDY = "correct TU_POSTGRES_URL: its host and port, sslmode, or other parameters";

/** What the feed and the source of one-day internationals need of Postgres. */
export function postgresCheck(settings: Settings): SourceCheck {
  const { postgresUrl } = settings;
  return {
    source: "postgres",
    secrets: secretsOf(postgresUrl),
    run: async (report, signal) => {
      const pooler = poolerProblem(postgresUrl);
      if (pooler !== null) report("address", "missing", pooler.message, pooler.remedy);
      const url = new URL(postgresUrl);
      const reached = await reach(url.hostname, Number(url.port || POSTGRES_PORT), "TU_POSTGRES_URL", signal);
      report("reachable", reached.ok ? "ok" : "missing", reached.found, reached.remedy);
      if (!reached.ok) return;
      const sql = openSql(postgresUrl, { applicationName: "third-umpire cloud-check" });
      const close = (): void => void closeSql(sql);
      signal.addEventListener("abort", close);
      try {
        if (!(await checkLogin(sql, report))) return;
        await checkServer(sql, report);
        await checkPublication(sql, report);
        await checkSlot(sql, report);
      } finally {
        signal.removeEventListener("abort", close);
        await closeSql(sql);
      }
    },
  };
}

async function checkLogin(sql: Sql, report: Report): Promise<boolean> {
  try {
    const [row] = await sql<{ version: string; role: string; name: string }[]>`
      select current_setting('server_version') as version, current_user as role, current_database() as name`;
    report("login", "ok", `${row?.role} in ${row?.name}, Postgres ${row?.version}`);
    return true;
  } catch (error) {
    if (isCertificateError(error)) {
      report(
        "login",
        "missing",
        `the server's certificate cannot be trusted (${messageOf(error)})`,
        "Supabase signs its own: download the certificate in the dashboard (Database, SSL) and start with NODE_EXTRA_CA_CERTS=FILE",
      );
      return false;
    }
    const named = classifyPostgresError(error, "login", ADDRESS_REMEDY);
    // It was reached a moment ago: what breaks off now is another kind of server, or one without the TLS that the address asks for.
    const remedy = isSaidByPostgres(error) ? remedyFor(named, ADDRESS_REMEDY) : ADDRESS_REMEDY;
    report("login", "missing", messageOf(named), remedy);
    return false;
  }
}

async function checkServer(sql: Sql, report: Report): Promise<void> {
  const [facts] = await sql<{ level: string; may: boolean; role: string; used: number; most: number }[]>`
    select current_setting('wal_level') as level, current_user as role,
           (select rolreplication or rolsuper from pg_roles where rolname = current_user) as may,
           (select count(*)::int from pg_replication_slots where slot_name <> ${SLOT}) as used,
           current_setting('max_replication_slots')::int as most`;
  const isLogical = facts?.level === "logical";
  report(
    "wal_level",
    isLogical ? "ok" : "missing",
    String(facts?.level),
    ...(isLogical ? [] : ["set wal_level = logical in postgresql.conf and restart Postgres"]),
  );
  if (facts?.may === true) report("replication", "ok", `${facts.role} may replicate`);
  else {
    report("replication", "missing", `${facts?.role} may not replicate`, `alter role ${facts?.role} with replication`);
  }
  const isFree = (facts?.used ?? 0) < (facts?.most ?? 0);
  report(
    "slots",
    isFree ? "ok" : "missing",
    `${facts?.used} of ${facts?.most} used by others`,
    ...(isFree
      ? []
      : [
          "drop a slot that is not used: select pg_drop_replication_slot('NAME'); or raise max_replication_slots and restart Postgres",
        ]),
  );
}

async function checkPublication(sql: Sql, report: Report): Promise<void> {
  const [facts] = await sql<{ tables: number; may: boolean; name: string }[]>`
    select (select count(*)::int from pg_publication_tables where pubname = ${ODI_PUBLICATION} and schemaname = ${ODI_SCHEMA}) as tables,
           has_database_privilege(current_database(), 'CREATE') as may, current_database() as name`;
  if ((facts?.tables ?? 0) > 0) {
    report("publication", "ok", `${ODI_PUBLICATION}, ${facts?.tables} tables`);
  } else if (facts?.may === true) {
    report("publication", "note", `${ODI_PUBLICATION} does not exist yet; feed and source make it`);
  } else {
    report(
      "publication",
      "missing",
      `${ODI_PUBLICATION} does not exist, and this role may not create it`,
      `grant create on database "${facts?.name}" to the role, or run third-umpire feed once as the owner`,
    );
  }
}

async function checkSlot(sql: Sql, report: Report): Promise<void> {
  const [slot] = await sql<SlotFacts[]>`
    select active, wal_status as status, safe_wal_size::text as safe,
           pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::text as behind,
           pg_size_bytes(current_setting('max_slot_wal_keep_size'))::text as limit,
           pg_size_bytes(current_setting('wal_segment_size'))::text as segment
      from pg_replication_slots where slot_name = ${SLOT}`;
  if (slot === undefined) {
    report("slot", "note", `${SLOT} does not exist yet; the source makes it and takes a snapshot`);
    return;
  }
  if (slot.status === "lost" || slot.status === "unreserved") {
    report(
      "slot",
      "note",
      `${SLOT} is ${slot.status}: the server kept no WAL for it; the source begins a new epoch with a snapshot`,
      "start the source, which takes a snapshot; for a pause as long as this one raise max_slot_wal_keep_size",
    );
    return;
  }
  const behind = `${megabytes(slot.behind)} behind`;
  report("slot", "ok", `${SLOT}, ${slot.active ? "in use" : "nobody reads it"}, ${behind}`);
  // null: the server keeps WAL without a limit, and its disk is the limit.
  if (slot.safe === null) report("safe_wal_size", "ok", "no limit");
  else if (Number(slot.safe) >= SAFE_WAL_BYTES_MIN) report("safe_wal_size", "ok", `${megabytes(slot.safe)} left`);
  else {
    // The segment that is written counts as a whole, and so does the one where the source reads.
    const isEverSafe = Number(slot.limit) >= SAFE_WAL_BYTES_MIN + 2 * Number(slot.segment);
    report(
      "safe_wal_size",
      "note",
      `${megabytes(slot.safe)} left until the slot is lost`,
      isEverSafe
        ? "start the source, or raise max_slot_wal_keep_size"
        : `raise max_slot_wal_keep_size: with ${megabytes(slot.limit)} a short pause of the source is too long`,
    );
  }
}

interface SlotFacts {
  readonly active: boolean;
  readonly status: string | null;
  readonly safe: string | null;
  readonly behind: string | null;
  readonly limit: string;
  readonly segment: string;
}

function megabytes(bytes: string | null): string {
  return bytes === null ? "?" : `${Math.round(Number(bytes) / 1e6)} MB`;
}
