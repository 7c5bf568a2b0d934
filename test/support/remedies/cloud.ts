import type { Entry } from "./register.ts";

export const CLOUD: readonly Entry[] = [
  {
    id: "cloud/no-answer",
    says: "see whether a firewall lets this machine through, and whether the service is paused; more time with --timeout",
    by: [["test/integration/cloud/remedies.test.ts", "a server that does not answer is waited for, or woken"]],
  },
  {
    id: "cloud/partitions",
    says: "TU_PARTITIONS={}, or another cluster",
    by: [
      [
        "test/unit/cloud-check/remedies.test.ts",
        "topics of too few partitions are taken as they are, or left on their cluster",
      ],
    ],
  },
  {
    id: "cloud/kafka-unreachable",
    says: "third-umpire up starts the local one; or correct TU_KAFKA_BROKERS",
    by: [
      ["test/e2e/remedies.test.ts", "the audit and commands want the servers"],
      ["test/integration/cloud/remedies.test.ts", "of the brokers is another one"],
    ],
  },
  {
    id: "cloud/function-fails",
    says: "its log says why: /aws/lambda/{}, or the log of `third-umpire lambda`",
    by: [["test/integration/cloud/remedies.test.ts", "that fails says why in its log"]],
  },
  {
    id: "cloud/function-of-another",
    says: "correct TU_LAMBDA_FUNCTION",
    by: [["test/integration/cloud/remedies.test.ts", "that is another one"]],
  },
  {
    id: "cloud/no-function",
    says: "correct TU_LAMBDA_FUNCTION or TU_LAMBDA_REGION, or make it: just infra-apply",
    by: [["test/integration/cloud/remedies.test.ts", "that is another one"]],
    except: {
      TU_LAMBDA_REGION: "no AWS account is used by tests; the local endpoint has no regions",
      "just infra-apply": "no AWS account is used by tests; the local endpoint asks for no rights",
    },
  },
  {
    id: "cloud/attach-caller-policy",
    says: "attach the caller policy to this user or role: terraform -chdir=infra output caller_policy_arn",
    cannot: "no AWS account is used by tests; the local endpoint asks for no rights",
  },
  {
    id: "cloud/log-in-to-aws",
    says: "log in: aws sso login, or set AWS_PROFILE; the SDK looks where the AWS command line does",
    cannot: "no AWS account is used by tests; the local endpoint asks for no rights",
  },
  {
    id: "cloud/proxy-certificate",
    says: "start with NODE_EXTRA_CA_CERTS=FILE of the authority behind your proxy",
    by: [["test/integration/cloud/remedies.test.ts", "of a proxy before the function"]],
  },
  {
    id: "cloud/lambda-network",
    says: "check the network, and TU_LAMBDA_REGION",
    cannot: "no AWS account is used by tests; the local endpoint asks for no rights",
  },
  {
    id: "cloud/endpoint-gone",
    says: "third-umpire up starts the local one; or correct TU_LAMBDA_ENDPOINT",
    by: [
      ["test/e2e/remedies.test.ts", "the audit and commands want the servers"],
      ["test/integration/cloud/remedies.test.ts", "of the function is another one"],
    ],
  },
  {
    id: "cloud/no-objects-yet",
    says: "none yet; `third-umpire feed --test DIR` writes them",
    by: [["test/integration/cloud/remedies.test.ts", "without objects is given some"]],
  },
  {
    id: "cloud/mongodb-certificate",
    says: "start with NODE_EXTRA_CA_CERTS=FILE of the authority that signed its certificate",
    by: [["test/integration/cloud/remedies.test.ts", "of MongoDB"]],
  },
  {
    id: "cloud/atlas-access-list",
    says: "put this machine's address on the project's access list (allowed_cidrs in infra/), resume the cluster if it is paused, or correct TU_MONGODB_URL",
    cannot: "the tests reach no Supabase and no Atlas",
  },
  {
    id: "cloud/atlas-srv",
    says: "correct the host in TU_MONGODB_URL: its SRV record was not found",
    cannot: "the tests reach no Supabase and no Atlas",
  },
  {
    id: "cloud/mongodb-local",
    says: "third-umpire up starts the local one; or correct TU_MONGODB_URL",
    by: [
      ["test/e2e/remedies.test.ts", "the audit and commands want the servers"],
      ["test/integration/cloud/remedies.test.ts", "of MongoDB is another one, or the server is started"],
    ],
  },
  {
    id: "cloud/mongodb-remote",
    says: "start the server, let this machine through its firewall, or correct TU_MONGODB_URL",
    by: [["test/integration/cloud/remedies.test.ts", "of MongoDB is another one, or the server is started"]],
  },
  {
    id: "mongo/address",
    says: "correct TU_MONGODB_URL",
    by: [["test/integration/mongo/remedies.test.ts", "an address that is none is corrected"]],
  },
  {
    id: "cloud/passes",
    says: "the server says that this passes: run third-umpire cloud-check again",
    by: [
      ["test/integration/cloud/remedies.test.ts", "whose connections are all taken is tried again when one is free"],
    ],
  },
  {
    id: "postgres/supabase-signs",
    says: "Supabase signs its own: download the certificate in the dashboard (Database, SSL) and start with NODE_EXTRA_CA_CERTS=FILE",
    cannot: "the tests reach no Supabase and no Atlas",
  },
  {
    id: "cloud/postgres-url",
    says: "correct TU_POSTGRES_URL: its host and port, sslmode, or other parameters",
    by: [["test/integration/cloud/remedies.test.ts", "of Postgres that allows no login is corrected"]],
  },
  {
    id: "postgres/wal-level",
    says: "set wal_level = logical in postgresql.conf and restart Postgres",
    by: [["test/integration/sources/remedies.test.ts", "wal_level is raised"]],
  },
  {
    id: "postgres/replication-role",
    says: "alter role {} with replication",
    by: [["test/integration/sources/remedies.test.ts", "a role that may not replicate is allowed to"]],
  },
  {
    id: "cloud/slots",
    says: "drop a slot that is not used: select pg_drop_replication_slot('NAME'); or raise max_replication_slots and restart Postgres",
    by: [["test/integration/cloud/postgres-slots.test.ts", "whose slots are all taken gets one free, or more of them"]],
  },
  {
    id: "cloud/publication-right",
    says: 'grant create on database "{}" to the role, or run third-umpire feed once as the owner',
    by: [
      [
        "test/integration/cloud/remedies.test.ts",
        "that may not make the publication is allowed to, or the owner makes it",
      ],
    ],
  },
  {
    id: "cloud/wal-kept",
    says: "start the source, which takes a snapshot; for a pause as long as this one raise max_slot_wal_keep_size",
    by: [["test/integration/cloud/postgres-slots.test.ts", "that lost the slot of the source has another one"]],
  },
  {
    id: "cloud/slot-behind",
    says: "start the source, or raise max_slot_wal_keep_size",
    by: [
      [
        "test/integration/cloud/postgres-slots.test.ts",
        "that will soon lose the slot of the source is read, or keeps more",
      ],
    ],
  },
  {
    id: "cloud/slot-limit",
    says: "raise max_slot_wal_keep_size: with {} a short pause of the source is too long",
    by: [["test/integration/cloud/postgres-slots.test.ts", "that keeps too little for any pause keeps more"]],
  },
  {
    id: "cloud/supabase-host",
    says: "correct the host in {}; a project that is paused has no address either: wake it in the dashboard",
    cannot: "the tests reach no Supabase and no Atlas",
  },
  {
    id: "cloud/host",
    says: "correct the host in {}",
    by: [["test/integration/cloud/remedies.test.ts", "of Postgres is another one, or the server is started"]],
  },
  {
    id: "reach/run-where",
    says: "run where there is IPv6 (Docker's bridge and many networks have none), or buy Supabase's IPv4 add-on",
    cannot: "the tests reach no Supabase and no Atlas",
  },
  {
    id: "cloud/refused-local",
    says: "third-umpire up starts the local one; or correct {}",
    by: [
      ["test/e2e/remedies.test.ts", "the audit and commands want the servers"],
      ["test/integration/cloud/remedies.test.ts", "of Postgres is another one, or the server is started"],
    ],
  },
  {
    id: "cloud/refused-remote",
    says: "start the server, let this machine through its firewall, or correct {}",
    by: [["test/integration/cloud/remedies.test.ts", "of Postgres is another one, or the server is started"]],
  },
];
