/**
 * From an empty data folder to a replica set with our user, and on every later start the proof that it is there. Each step looks
 * first at what there is, so a start that was cut short at any instant is finished by the next one:
 *
 * 1. No replica set: initiate it. Nobody can log in yet; MongoDB allows this, and step 2, from the loopback address
 *    as long as there is no user at all.
 * 2. No administrator: create it. Its password is derived from the key file, which only the owner of the data folder can read.
 * 3. User of the settings missing, or with another password: create or change it, as administrator.
 */
import { createHash } from "node:crypto";
import { type Db, MongoClient, MongoServerError } from "mongodb";
import { FatalError } from "../domain/errors.ts";
import type { Settings } from "../settings.ts";

/** A name that TU_MONGODB_USER cannot take. */
const administrator = "third-umpire-admin";
const timeoutMs = 2000;

const alreadyInitialized = 23;
const authenticationFailed = 18;
const unauthorized = 13;
const notMember = 93;
const userExists = 51_003;

interface Login {
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/**
 * One look, and one step further where something is missing. True when the server is primary and lets the user of the settings in.
 *
 * @throws FatalError when the data folder was made with another key file.
 */
export async function prepareMongodb(settings: Settings, key: string): Promise<boolean> {
  const { mongodbPort: port, mongodbUser: user, mongodbPassword: password, mongodbDatabase: database } = settings;
  const admin: Login = { user: administrator, password: derivedPassword(key), database: "admin" };
  try {
    const hello = await at(port, null, (db) => db.command({ hello: 1 }));
    if (hello["setName"] === undefined) {
      if (hello["isreplicaset"] === true) await initiateOrRejoin(port, admin);
      return false;
    }
    if (hello["isWritablePrimary"] !== true) return false;
    if (await logsIn(port, { user, password, database })) return true;
    if (!(await logsIn(port, admin))) await createAdministrator(port, admin);
    await at(port, admin, (_, client) => createUser(client.db(database), user, password));
    return false;
  } catch (error) {
    if (error instanceof FatalError) throw error;
    return false; // starting up, recovering after a crash, electing, or gone: the probe comes again
  }
}

/** The address of the administrator, who may do everything: for tests, and for a person who must repair something. */
export function administratorUrl(settings: Settings, key: string): string {
  return `mongodb://${administrator}:${derivedPassword(key)}@127.0.0.1:${settings.mongodbPort}/?directConnection=true`;
}

async function initiateOrRejoin(port: number, admin: Login): Promise<void> {
  const config = { _id: "rs0", members: [{ _id: 0, host: `127.0.0.1:${port}` }] };
  try {
    await at(port, null, (db) => db.command({ replSetInitiate: config }));
  } catch (error) {
    if (codeOf(error) !== alreadyInitialized && codeOf(error) !== unauthorized) throw error;
    await rejoin(port, admin);
  }
}

/** The data folder was made under another port: the set knows its only member by that one. */
async function rejoin(port: number, admin: Login): Promise<void> {
  await at(port, admin, async (db) => {
    try {
      await db.command({ replSetGetStatus: 1 });
    } catch (error) {
      if (codeOf(error) !== notMember) throw error;
      const { config } = await db.command({ replSetGetConfig: 1 });
      const { version } = config as { version: number };
      const members = [{ _id: 0, host: `127.0.0.1:${port}` }];
      await db.command({ replSetReconfig: { ...config, version: version + 1, members }, force: true });
    }
  });
}

async function createAdministrator(port: number, admin: Login): Promise<void> {
  try {
    await at(port, null, (db) => db.command({ createUser: admin.user, pwd: admin.password, roles: ["root"] }));
  } catch (error) {
    if (codeOf(error) !== unauthorized) throw error;
    throw new FatalError("MongoDB does not know the key file in its folder: its data was made with another one", {
      cause: error,
      remedy: "put that key file back, or begin anew with: third-umpire reset",
    });
  }
}

/** The rights of `readWrite` hold change streams and transactions. */
async function createUser(db: Db, user: string, password: string): Promise<void> {
  const roles = [{ role: "readWrite", db: db.databaseName }];
  try {
    await db.command({ createUser: user, pwd: password, roles });
  } catch (error) {
    if (codeOf(error) !== userExists) throw error;
    await db.command({ updateUser: user, pwd: password, roles });
  }
}

async function logsIn(port: number, login: Login): Promise<boolean> {
  try {
    await at(port, login, (db) => db.command({ ping: 1 }));
    return true;
  } catch (error) {
    if (codeOf(error) === authenticationFailed) return false;
    throw error;
  }
}

/** Calls with a connection of its own to the database of the login, `admin` without one. */
async function at<T>(port: number, login: Login | null, call: (db: Db, client: MongoClient) => Promise<T>): Promise<T> {
  const auth = login === null ? {} : { auth: { username: login.user, password: login.password } };
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/`, {
    directConnection: true,
    ...auth,
    ...(login === null ? {} : { authSource: login.database }),
    serverSelectionTimeoutMS: timeoutMs,
    connectTimeoutMS: timeoutMs,
    socketTimeoutMS: 10_000,
    maxPoolSize: 1,
  });
  try {
    return await call(client.db(login?.database ?? "admin"), client);
  } finally {
    await client.close(true);
  }
}

function derivedPassword(key: string): string {
  return createHash("sha256").update(`third-umpire administrator\n${key}`).digest("hex");
}

function codeOf(error: unknown): number | undefined {
  return error instanceof MongoServerError && typeof error.code === "number" ? error.code : undefined;
}
