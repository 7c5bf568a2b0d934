// The health check of compose.yaml, for mongosh: makes replica set and user step by step where they are missing, and succeeds
// when the server is primary and lets that user in. src/local/mongodb-ready.ts does the same and says why.
const fs = require("node:fs");
const crypto = require("node:crypto");

const { TU_MONGODB_USER: user, TU_MONGODB_PASSWORD: password, TU_MONGODB_DATABASE: database } = process.env;
const port = 27117;
const key = fs.readFileSync("/data/configdb/keyfile", "utf8").trim();
const admin = {
  user: "third-umpire-admin",
  password: crypto.createHash("sha256").update(`third-umpire administrator\n${key}`).digest("hex"),
};

function connected(login, name) {
  const who = login === null ? "" : `${login.user}:${encodeURIComponent(login.password)}@`;
  return new Mongo(`mongodb://${who}127.0.0.1:${port}/${name}?directConnection=true`).getDB(name);
}

function logsIn(login, name) {
  try {
    connected(login, name).runCommand({ ping: 1 });
    return true;
  } catch (error) {
    if (error.code !== 18) throw error;
    return false;
  }
}

const open = connected(null, "admin");
const hello = open.runCommand({ hello: 1 });
if (hello.setName === undefined) {
  open.runCommand({ replSetInitiate: { _id: "rs0", members: [{ _id: 0, host: `127.0.0.1:${port}` }] } });
  quit(1);
}
if (!hello.isWritablePrimary) quit(1);
if (logsIn({ user, password }, database)) quit(0);
if (!logsIn(admin, "admin")) open.runCommand({ createUser: admin.user, pwd: admin.password, roles: ["root"] });
const db = connected(admin, "admin").getSiblingDB(database);
const account = { pwd: password, roles: [{ role: "readWrite", db: database }] };
try {
  db.runCommand({ createUser: user, ...account });
} catch (error) {
  if (error.code !== 51003) throw error;
  db.runCommand({ updateUser: user, ...account });
}
quit(1);
