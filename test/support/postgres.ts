import { randomBytes } from "node:crypto";
import { postgresData, preparePostgres } from "../../src/local/postgres.ts";
import { runAsSuperuser } from "../../src/local/postgres-role.ts";
import type { Settings } from "../../src/settings.ts";

/**
 * Makes a superuser who can log in, which the product has not. Returns its address. The server must not run yet.
 */
export async function makeSuperuser(settings: Settings): Promise<string> {
  await preparePostgres(settings, () => undefined);
  const password = randomBytes(16).toString("hex");
  await runAsSuperuser(postgresData(settings), "postgres", [
    `CREATE ROLE tester SUPERUSER LOGIN PASSWORD '${password}'`,
  ]);
  return `postgres://tester:${password}@127.0.0.1:${settings.postgresPort}/${settings.postgresDatabase}`;
}
