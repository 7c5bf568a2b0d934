/** Who the server is: what must be true of it before a source can run, and what tells it from another one. */
import type { Binary, Db } from "mongodb";
import { FatalError, RetryableError } from "../../domain/errors.ts";
import { REPLICA_SET_REMEDY } from "../../mongo/errors.ts";
import { logTime } from "./change-cursor.ts";
import type { LogTime } from "./position.ts";

export interface ServerFacts {
  readonly database: string;
  /** "" behind a router. */
  readonly replicaSet: string;
  /** `<name>=<uuid> <name>=<uuid>` */
  readonly collections: string;
  readonly logEnd: LogTime;
  /** Several servers behind one address: their logs have no common end. */
  readonly isRouter: boolean;
}

/**
 * The replica set's own id is for administrators alone; the ids of the collections are for everyone who may read them, and
 * tell as much: a database that was dropped, restored from a dump, or is another one, has others.
 *
 * `names`: of the collections that are read.
 *
 * @throws FatalError for a server without a replica set, RetryableError for one that starts up; errors of the driver as they are.
 */
export async function readServer(db: Db, names: readonly string[]): Promise<ServerFacts> {
  const hello = await db.command({ hello: 1 });
  const isRouter = hello["msg"] === "isdbgrid";
  const replicaSet: unknown = hello["setName"];
  const logEnd = logTime(hello["operationTime"]);
  // It starts up, and has not read its configuration yet; or was never initiated.
  if (hello["isreplicaset"] === true) throw new RetryableError("the replica set of MongoDB is not initiated (yet)");
  if (typeof replicaSet !== "string" && !isRouter) {
    throw new FatalError("MongoDB runs without a replica set, and so without change streams", {
      remedy: REPLICA_SET_REMEDY,
    });
  }
  // A member that recovers or elects has no log to speak of yet.
  if (logEnd === null) throw new RetryableError("MongoDB starts up");
  const infos = await db.listCollections({ name: { $in: [...names] } }).toArray();
  const ids = new Map(infos.map(({ name, ...info }) => [name, uuidOf(info)]));
  const collections = names.map((name) => `${name}=${ids.get(name) ?? "none"}`).join(" ");
  return {
    database: db.databaseName,
    replicaSet: typeof replicaSet === "string" ? replicaSet : "",
    collections,
    logEnd,
    isRouter,
  };
}

function uuidOf(info: object): string {
  const uuid = (info as { info?: { uuid?: Binary } }).info?.uuid;
  return uuid === undefined ? "none" : uuid.toString("hex");
}
