/**
 * Which publication and which tables stand behind the names that we read: what the server called them when it made them. Kept with the
 * position, because rows may be missing from the stream when one of them was another one, or was away, in between (EO-13), also when
 * all is back in place by now.
 */
import type { Sql } from "../../postgres/sql.ts";
import type { SourceTables } from "./tables.ts";

/** As the position keeps it. */
export interface Published {
  /** Its id, and the transaction that wrote its options last; "none" when it is gone. */
  readonly publication: string;
  /** `orders=16390/16440.741 …`: the table's id, and its part in the publication (id, and the transaction that wrote it). */
  readonly tables: string;
}

/** What the server has now. @throws errors of the client as they are */
export async function readPublished(
  sql: Sql,
  publication: string,
  { schema, tables }: SourceTables,
): Promise<Published> {
  const [itself] = await sql<{ id: string; all: boolean }[]>`
    select oid || '.' || xmin as id, puballtables as all from pg_publication where pubname = ${publication}`;
  const found = await sql<{ name: string; oid: string; part: string | null }[]>`
    select relname as name, c.oid::text as oid, r.oid || '.' || r.xmin as part
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    left join pg_publication_rel r on r.prrelid = c.oid and r.prpubid = (select oid from pg_publication where pubname = ${publication})
    where nspname = ${schema} and relkind in ('r', 'p')`;
  const whole = itself?.all === false ? await schemaPart(sql, publication, schema) : null;
  const named = new Map(
    found.map(({ name, oid, part }) => [name, `${oid}/${part ?? whole ?? (itself?.all === true ? "all" : "none")}`]),
  );
  return {
    publication: itself?.id ?? "none",
    tables: Object.keys(tables)
      .map((name) => `${name}=${named.get(name) ?? "none"}`)
      .join(" "),
  };
}

/** The part of the whole schema in the publication, which Postgres knows from 15 on. */
async function schemaPart(sql: Sql, publication: string, schema: string): Promise<string | null> {
  const [known] = await sql<
    { known: boolean }[]
  >`select to_regclass('pg_catalog.pg_publication_namespace') is not null as known`;
  if (known?.known !== true) return null;
  const [part] = await sql<{ part: string }[]>`
    select s.oid || '.' || s.xmin as part from pg_publication_namespace s join pg_namespace n on n.oid = pnnspid
    join pg_publication p on p.oid = pnpubid where pubname = ${publication} and nspname = ${schema}`;
  return part?.part ?? null;
}

/** Why rows may be missing between two looks; null when nothing changed. */
export function publishedChange(before: Published, now: Published, publication: string, schema: string): string | null {
  if (now.publication === "none") return `publication ${publication} is gone`;
  const [wasId] = before.publication.split(".");
  const [isId] = now.publication.split(".");
  if (wasId !== isId) return `publication ${publication} was dropped and made anew`;
  if (before.publication !== now.publication) return `publication ${publication} was changed`;
  const was = partsOf(before.tables);
  for (const [name, { id, part }] of partsOf(now.tables)) {
    const earlier = was.get(name);
    if (earlier?.id !== id)
      return `table ${schema}.${name} is another one than before: dropped and made anew, or renamed`;
    if (earlier.part !== part)
      return `table ${schema}.${name} was taken out of publication ${publication}, or its part in it was changed`;
  }
  return null;
}

/** The id by which the stream names a table of ours; null for one that is not there. */
export function tableId(tables: string, name: string): number | null {
  const id = Number(partsOf(tables).get(name)?.id);
  return Number.isSafeInteger(id) ? id : null;
}

function partsOf(tables: string): ReadonlyMap<string, { readonly id: string; readonly part: string }> {
  return new Map(
    tables.split(" ").map((entry) => {
      const [name = "", id = "", part = ""] = entry.split(/[=/]/u);
      return [name, { id, part }];
    }),
  );
}
