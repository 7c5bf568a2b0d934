/**
 * What a MongoDB error asks for. The reaction follows from the server's code, the driver's error labels or the class of a
 * network error, never from the wording.
 */
import { MongoError, MongoNetworkError, MongoParseError, MongoServerError, MongoServerSelectionError } from "mongodb";
import { FatalError, RetryableError } from "../domain/errors.ts";

/** The server's numeric code of anything thrown; undefined for what no server reported. */
export function mongoCode(error: unknown): number | undefined {
  if (!(error instanceof MongoServerError)) return undefined;
  if (typeof error.code === "number") return error.code;
  // The driver wraps what a server without a replica set says in an error of its own.
  return mongoCode(Reflect.get(error, "originalError"));
}

/** Change stream: the oplog no longer holds where a token stands, the token is none of this server's, or the stream was invalidated. */
export const HISTORY_LOST: ReadonlySet<number> = new Set([286, 280, 260, 136]);
/** A document, or the event that carries it, is over the server's limit. */
export const OBJECT_TOO_LARGE = 10_334;
export const DUPLICATE_KEY = 11_000;

/**
 * Codes after which the same call may succeed: the server starts, stops, steps down, elects, is busy, or ended our transaction,
 * session or cursor.
 */
const RETRY_CODES = new Set([
  6, 7, 24, 43, 46, 50, 64, 79, 89, 91, 94, 112, 117, 133, 134, 189, 202, 206, 211, 225, 234, 237, 239, 244, 246, 251,
  256, 262, 290, 317, 358, 9001, 10_107, 11_000, 11_600, 11_601, 11_602, 13_388, 13_435, 13_436,
]);

const RETRY_LABELS = [
  "TransientTransactionError",
  "UnknownTransactionCommitResult",
  "RetryableWriteError",
  "ResumableChangeStreamError",
];

/** What Node itself says of sockets and names; the driver lets some of it through as it is. */
const NETWORK_CODE =
  /^(ECONN(REFUSED|RESET|ABORTED)|EPIPE|ETIMEDOUT|ETIMEOUT|E(HOST|NET)UNREACH|EHOSTDOWN|ENOTFOUND|ENODATA|ESERVFAIL|EREFUSED|EAI_AGAIN)$/u;

/** What a server without a replica set needs. */
export const REPLICA_SET_REMEDY: string =
  "start mongod with --replSet rs0 and run rs.initiate() once; a server of its own has neither transactions nor change streams";
const CREDENTIALS = "correct user and password in the connection address (TU_MONGODB_URL), and its authSource";
const RIGHTS =
  'give the user the role readWrite on this database: db.grantRolesToUser("<user>", [{ role: "readWrite", db: "<database>" }]); or correct the database in TU_MONGODB_URL';

const SERVER_REMEDY =
  "mend what MongoDB names in the message; mongodb.com/docs/manual/reference/error-codes says more of its number";

const REMEDIES: Readonly<Record<number, string>> = {
  13: RIGHTS,
  18: CREDENTIALS,
  // Atlas's proxy says "bad auth" so.
  8000: `${CREDENTIALS}; in Atlas see also the cluster's state and access list`,
  20: REPLICA_SET_REMEDY,
  40573: REPLICA_SET_REMEDY,
  // A name of a database that MongoDB does not allow.
  73: "correct the name of the database in the connection address (TU_MONGODB_URL)",
};

/**
 * Names a MongoDB or network error by its reaction: `RetryableError` when the server may come back, `FatalError` with its remedy when
 * a person must act. Our own errors, and what neither server nor network reported (a bug), come back as they are.
 */
export function classifyMongoError(error: unknown, doing: string): unknown {
  if (!(error instanceof Error)) return error;
  const message = firstLine(error);
  const code = mongoCode(error);
  const remedy = code === undefined ? undefined : REMEDIES[code];
  if (remedy !== undefined) return new FatalError(`${doing}: ${message} (code ${code})`, { cause: error, remedy });
  if (error instanceof MongoServerSelectionError || error instanceof MongoNetworkError || isNetworkError(error)) {
    return new RetryableError(`${doing}: MongoDB cannot be reached (${message})`, { cause: error });
  }
  const labelled = error instanceof MongoError && RETRY_LABELS.some((label) => error.hasErrorLabel(label));
  if (labelled || (code !== undefined && RETRY_CODES.has(code))) {
    const suffix = code === undefined ? "" : ` (code ${code})`;
    return new RetryableError(`${doing}: ${message}${suffix}`, { cause: error });
  }
  // The driver's own word for a client that was closed, or lost its server, under a call.
  if (
    error.name === "MongoTopologyClosedError" ||
    error.name === "MongoNotConnectedError" ||
    error.name === "MongoExpiredSessionError"
  ) {
    return new RetryableError(`${doing}: the connection was closed`, { cause: error });
  }
  if (code !== undefined) {
    return new FatalError(`${doing}: ${message} (code ${code})`, { cause: error, remedy: SERVER_REMEDY });
  }
  if (error instanceof MongoParseError) {
    return new FatalError(`${doing}: the address of MongoDB cannot be read: ${message}`, {
      cause: error,
      remedy: "correct TU_MONGODB_URL",
    });
  }
  return error;
}

function isNetworkError(error: Error): boolean {
  const code: unknown = Reflect.get(error, "code");
  return typeof code === "string" && NETWORK_CODE.test(code);
}

/** The server repeats what it was given, which may be a name of a thousand parts. */
const LONGEST_MESSAGE = 300;

function firstLine(error: Error): string {
  return (error.message.split("\n")[0] ?? "").trim().slice(0, LONGEST_MESSAGE);
}
