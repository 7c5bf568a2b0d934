import { type Db, type Document, MongoServerSelectionError, type MongoClient } from "mongodb";
import { classifyMongoError, REPLICA_SET_REMEDY } from "../mongo/errors.ts";
import { closeMongo, openMongo } from "../mongo/client.ts";
import type { T20iCollection } from "../pipelines/cricket/sources/t20i.ts";
import type { Settings } from "../settings.ts";
import { isCertificateError, messageOf, remedyFor, type Report, secretsOf, type SourceCheck } from "./check.ts";

/** What the feed and the source of T20 internationals need of MongoDB. */
export function mongodbCheck(settings: Settings): SourceCheck {
  const { mongodbUrl } = settings;
  return {
    source: "mongodb",
    secrets: secretsOf(mongodbUrl),
    run: async (report, signal) => {
      const client = openMongo(mongodbUrl, { applicationName: "third-umpire cloud-check" });
      const close = (): void => void closeMongo(client);
      signal.addEventListener("abort", close);
      try {
        const hello = await checkLogin(client, mongodbUrl, report);
        if (hello === null) return;
        if (!checkReplicaSet(hello, report)) return;
        await checkWriting(client.db(), report);
        await checkWatching(client.db(), report);
        await checkOplog(client, report);
      } finally {
        signal.removeEventListener("abort", close);
        await closeMongo(client);
      }
    },
  };
}

/** One connection does both: the driver reports an address that is wrong and a password that is wrong by different errors. */
async function checkLogin(client: MongoClient, address: string, report: Report): Promise<Document | null> {
  try {
    const hello = await client.db().command({ hello: 1 });
    const { version } = await client.db().command({ buildInfo: 1 });
    const status = await client.db().command({ connectionStatus: 1 });
    const users = (status["authInfo"] as { authenticatedUsers?: { user: string }[] }).authenticatedUsers ?? [];
    report("reachable", "ok", `${String(hello["me"] ?? new URL(address).host)}, MongoDB ${String(version)}`);
    report("login", "ok", `${users[0]?.user ?? "without a user"} in ${client.db().databaseName}`);
    return hello;
  } catch (error) {
    if (isUnreachable(error)) {
      report("reachable", "missing", `cannot be reached (${messageOf(error)})`, reachRemedy(address, error));
      return null;
    }
    const named = classifyMongoError(error, "login");
    report("login", "missing", messageOf(named), remedyFor(named, "correct TU_MONGODB_URL"));
    return null;
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof MongoServerSelectionError || (error instanceof Error && Reflect.has(error, "syscall"));
}

function reachRemedy(address: string, error: unknown): string {
  const { host, protocol } = new URL(address);
  if (isCertificateError(error))
    return "start with NODE_EXTRA_CA_CERTS=FILE of the authority that signed its certificate";
  if (host.endsWith(".mongodb.net")) {
    return "put this machine's address on the project's access list (allowed_cidrs in infra/), resume the cluster if it is paused, or correct TU_MONGODB_URL";
  }
  if (protocol === "mongodb+srv:") return "correct the host in TU_MONGODB_URL: its SRV record was not found";
  if (/^(127\.|localhost|\[::1\])/u.test(host))
    return "third-umpire up starts the local one; or correct TU_MONGODB_URL";
  return "start the server, let this machine through its firewall, or correct TU_MONGODB_URL";
}

function checkReplicaSet(hello: Document, report: Report): boolean {
  const name: unknown = hello["setName"];
  if (typeof name === "string") {
    const members: unknown = hello["hosts"];
    report("replica set", "ok", `${name}, ${Array.isArray(members) ? members.length : "?"} members`);
    return true;
  }
  if (hello["msg"] === "isdbgrid") {
    report("replica set", "ok", "a sharded cluster, behind a router");
    return true;
  }
  report("replica set", "missing", "none: no transactions, no change streams", REPLICA_SET_REMEDY);
  return false;
}

async function checkWriting(db: Db, report: Report): Promise<void> {
  const missing: T20iCollection = "deliveries";
  try {
    // A transaction that writes nothing in the end: the right is asked for, and no document stays.
    await db.client.withSession(async (session) => {
      session.startTransaction();
      try {
        await db.collection(missing).insertOne({ check: true }, { session });
      } finally {
        await session.abortTransaction();
      }
    });
    report("transactions", "ok", "may insert");
  } catch (error) {
    const named = classifyMongoError(error, "insert");
    report("transactions", "missing", messageOf(named), remedyFor(named, "correct TU_MONGODB_URL"));
  }
}

async function checkWatching(db: Db, report: Report): Promise<void> {
  const stream = db.watch([], { maxAwaitTimeMS: 1 });
  try {
    await stream.tryNext();
    report("change stream", "ok", "may watch the database");
  } catch (error) {
    const named = classifyMongoError(error, "change stream");
    report("change stream", "missing", messageOf(named), remedyFor(named, "correct TU_MONGODB_URL"));
  } finally {
    await stream.close();
  }
}

/** How far back a source may have fallen and still go on without a snapshot. */
async function checkOplog(client: MongoClient, report: Report): Promise<void> {
  const oplog = client.db("local").collection("oplog.rs", { readConcern: { level: "local" } });
  const end = async (order: 1 | -1): Promise<number | null> => {
    const [entry] = await oplog
      .find({}, { projection: { wall: 1 } })
      .sort({ $natural: order })
      .limit(1)
      .toArray();
    const wall: unknown = entry?.["wall"];
    return wall instanceof Date ? wall.getTime() : null;
  };
  try {
    const [first, last] = [await end(1), await end(-1)];
    if (first === null || last === null) report("oplog window", "note", "the oplog is empty");
    else report("oplog window", "ok", `${((last - first) / 3_600_000).toFixed(1)} h`);
  } catch {
    // The free tier and a user of one database may not look; nothing depends on it.
    report("oplog window", "note", "this user may not see it");
  }
}
