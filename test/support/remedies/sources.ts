import type { Entry } from "./register.ts";

export const SOURCES: readonly Entry[] = [
  {
    id: "aws/aws-configure",
    says: "aws configure, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in .env",
    by: [["test/unit/object-store/s3-remedies.test.ts", "credentials that are not there are set"]],
  },
  {
    id: "aws/sign-again",
    says: "sign in again (aws sso login), then start again",
    cannot: "no AWS account is used by tests; the local endpoint asks for no rights",
  },
  {
    id: "aws/correct-object-store",
    says: "correct TU_OBJECT_STORE, or create it: just infra-apply",
    by: [["test/unit/object-store/s3-remedies.test.ts", "a bucket that is not there is another one"]],
    except: { "just infra-apply": "no AWS account is used by tests; the local endpoint asks for no rights" },
  },
  {
    id: "aws/correct-lambda-region",
    says: "correct TU_LAMBDA_REGION",
    cannot: "no AWS account is used by tests; the local endpoint asks for no rights",
  },
  {
    id: "aws/name-folder",
    says: "name a folder that can be written in TU_OBJECT_STORE",
    by: [["test/unit/object-store/s3-remedies.test.ts", "a folder that cannot be written is another one"]],
  },
  {
    id: "mongo/no-replica-set",
    says: "start mongod with --replSet rs0 and run rs.initiate() once; a server of its own has neither transactions nor change streams",
    by: [["test/integration/mongo/remedies.test.ts", "a server of its own becomes a replica set"]],
  },
  {
    id: "mongo/no-database",
    says: "put it behind the host in TU_MONGODB_URL: mongodb+srv://user:password@host/database",
    by: [["test/integration/mongo/remedies.test.ts", "an address without a database gets one"]],
  },
  {
    id: "mongo/right",
    says: 'give the user the role readWrite on this database: db.grantRolesToUser("<user>", [{ role: "readWrite", db: "<database>" }]); or correct the database in TU_MONGODB_URL',
    by: [
      [
        "test/integration/mongo/remedies.test.ts",
        "a user without the rights is granted them, or the database is corrected",
      ],
    ],
  },
  {
    id: "mongo/password",
    says: "correct user and password in the connection address (TU_MONGODB_URL), and its authSource",
    by: [["test/integration/mongo/remedies.test.ts", "a wrong password is corrected"]],
  },
  {
    id: "mongo/atlas-login",
    says: "correct user and password in the connection address (TU_MONGODB_URL), and its authSource; in Atlas see also the cluster's state and access list",
    cannot: "the tests reach no Supabase and no Atlas",
  },
  {
    id: "mongo/database-name",
    says: "correct the name of the database in the connection address (TU_MONGODB_URL)",
    by: [["test/integration/mongo/remedies.test.ts", "a name that MongoDB does not allow is corrected"]],
  },
  {
    id: "mongo/see-mongodb",
    says: "mend what MongoDB names in the message; mongodb.com/docs/manual/reference/error-codes says more of its number",
    by: [["test/integration/mongo/remedies.test.ts", "what only MongoDB can name stands in the message and is mended"]],
  },
  {
    id: "object-store/other-folder",
    says: "name another folder in TU_OBJECT_STORE, or remove that one",
    by: [["test/unit/object-store/remedies.test.ts", "a folder that holds something else is left, or removed"]],
  },
  {
    id: "object-store/no-folder",
    says: "name another folder in TU_OBJECT_STORE",
    by: [["test/unit/object-store/remedies.test.ts", "a folder that cannot be made is another one"]],
  },
  {
    id: "function/poll-after-ms-must",
    says: "TU_POLL_AFTER_MS must be a whole number of ms",
    by: [["test/unit/sources/remedies.test.ts", "a wait between polls is a number"]],
  },
  {
    id: "object-store/no-bucket",
    says: "write TU_OBJECT_STORE as s3://bucket/prefix, or name a folder",
    by: [["test/unit/object-store/remedies.test.ts", "a bucket has a name, or is a folder"]],
  },
  {
    id: "writer-lock/start-again",
    says: "stop every feed of this store, remove that file, and start again: a feed makes it anew",
    by: [["test/unit/object-store/remedies.test.ts", "a lock file that keeps nothing is removed"]],
  },
  {
    id: "postgres/password",
    says: "correct user and password in the connection address (TU_POSTGRES_URL)",
    by: [["test/integration/sources/remedies.test.ts", "a wrong password is corrected"]],
  },
  {
    id: "postgres/login",
    says: "allow this user in pg_hba.conf and give it LOGIN, or correct the connection address (TU_POSTGRES_URL)",
    by: [
      ["test/integration/sources/remedies.test.ts", "a role that may not log in is allowed to, or another is named"],
    ],
  },
  {
    id: "postgres/database",
    says: "create the database, or correct its name in the connection address (TU_POSTGRES_URL)",
    by: [
      [
        "test/integration/sources/remedies.test.ts",
        "a database that is not there is created, and the feed fills it; or its name is corrected",
      ],
    ],
  },
  {
    id: "postgres/right",
    says: "grant the right that is named, for a source also: alter role … with replication",
    by: [["test/integration/sources/remedies.test.ts", "a right that is missing is granted"]],
  },
  {
    id: "postgres/schema",
    says: "create the schema first: `third-umpire feed` does it",
    by: [["test/integration/sources/remedies.test.ts", "a schema that is not there is made by the feed"]],
  },
  {
    id: "postgres/slots",
    says: "raise max_replication_slots in postgresql.conf and restart Postgres, or drop a slot that is not used",
    by: [["test/integration/sources/remedies.test.ts", "slots that are all in use are dropped, or more are allowed"]],
  },
  {
    id: "postgres/statement",
    says: "see the Postgres log for the statement",
    by: [
      [
        "test/integration/sources/remedies.test.ts",
        "what Postgres alone can name stands in its log with the statement",
      ],
    ],
  },
  {
    id: "source/position",
    says: "give the source another id, or write a tombstone for its key to the positions topic; either takes a new snapshot",
    by: [
      [
        "test/integration/sources/remedies.test.ts",
        "a stored position that cannot be read is removed, or the source has another id",
      ],
    ],
  },
  {
    id: "source/partitions",
    says: "set TU_PARTITIONS={}, or use another topic",
    by: [["test/integration/sources/remedies.test.ts", "a topic of another partition count is taken as it is"]],
  },
  {
    id: "answers/correct-lambda-function",
    says: "correct TU_LAMBDA_FUNCTION, or deploy the function of this version: just infra-apply",
    by: [["test/unit/sources/remedies.test.ts", "a function that is another one is the right one"]],
    except: { "just infra-apply": "no AWS account is used by tests; the local endpoint asks for no rights" },
  },
  {
    id: "lambda/create-just",
    says: "create it with `just infra-apply`, or correct TU_LAMBDA_FUNCTION and TU_LAMBDA_REGION",
    cannot: "no AWS account is used by tests; the local endpoint asks for no rights",
  },
  {
    id: "lambda/correct-lambda-function-local",
    says: "correct TU_LAMBDA_FUNCTION: the local endpoint serves the function of that name",
    by: [["test/unit/sources/remedies.test.ts", "a function of another name is the one that is there"]],
  },
  {
    id: "lambda/allow-lambda",
    says: "allow lambda:InvokeFunction on it to these credentials: just infra-apply",
    cannot: "no AWS account is used by tests; the local endpoint asks for no rights",
  },
  {
    id: "lambda/deploy-function",
    says: "deploy the function of this version: just infra-apply",
    by: [["test/unit/sources/remedies.test.ts", "a function of another version is this one"]],
    except: { "just infra-apply": "no AWS account is used by tests; the local endpoint asks for no rights" },
  },
  {
    id: "lambda/network-there",
    says: "is the network there, and TU_LAMBDA_REGION right?",
    cannot: "no AWS account is used by tests; the local endpoint asks for no rights",
  },
  {
    id: "lambda/third-umpire-lambda",
    says: "is `third-umpire lambda` running?",
    by: [["test/unit/sources/remedies.test.ts", "an endpoint that does not run is started"]],
  },
  {
    id: "postgres/pooler",
    says: "name the server itself in TU_POSTGRES_URL: for Supabase the host db.{}.supabase.co, port 5432, user postgres; it has IPv6 only (or the paid IPv4 add-on)",
    cannot: "the tests reach no Supabase and no Atlas",
  },
  {
    id: "postgres/publication",
    says: "start `third-umpire feed`, which creates it, or: create publication {} for table {}",
    by: [
      ["test/integration/sources/remedies.test.ts", "a publication that is not there is made, by the feed or by hand"],
    ],
  },
  {
    id: "postgres/publication-operations",
    says: "alter publication {} set (publish = 'insert, update, delete, truncate')",
    by: [
      ["test/integration/sources/remedies.test.ts", "a publication that leaves out a table or an operation is altered"],
    ],
  },
  {
    id: "postgres/publication-tables",
    says: "alter publication {} add table {}",
    by: [
      ["test/integration/sources/remedies.test.ts", "a publication that leaves out a table or an operation is altered"],
    ],
  },
  {
    id: "postgres/slot-of-another",
    says: "choose another slot name",
    by: [["test/integration/sources/remedies.test.ts", "a slot of another program is left to it"]],
  },
  {
    id: "postgres/publication-part",
    says: "alter publication {} drop table {}; alter publication {} add table {}",
    by: [
      [
        "test/integration/sources/remedies.test.ts",
        "a publication that leaves out rows or columns takes the whole table again",
      ],
    ],
  },
  {
    id: "postgres/publication-partitions",
    says: "alter publication {} set (publish_via_partition_root = true)",
    by: [["test/integration/sources/remedies.test.ts", "a table in partitions is published as one"]],
  },
];
