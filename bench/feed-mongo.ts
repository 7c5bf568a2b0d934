/**
 * How fast the feed plays into MongoDB, in turns with a bare loop that waits for the disk after each transaction. Both write the same: one
 * document and the progress of its match in one transaction, several matches side by side, each in its own order.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Db, MongoClient } from "mongodb";
import type { Step } from "../src/feed/plan.ts";
import type { FeedTarget } from "../src/feed/target.ts";
import { type MongoContent, mongoTarget } from "../src/feed/targets/mongo.ts";
import { installMongodb, localSupervisor, mongodbService } from "../src/local/index.ts";
import { mongodbAdminUrl } from "../src/local/mongodb.ts";
import { ensureLocalPasswords } from "../src/local/passwords.ts";
import { freePort } from "../src/local/ports.ts";
import { closeMongo, openMongo } from "../src/mongo/client.ts";
import { loadSettings, parseSettings } from "../src/settings.ts";
import { spreadOf } from "./figures.ts";
import { describeMachine } from "./machine.ts";
import { slowDisk } from "./slow-disk.ts";

const HELP = `just bench-feed [options]: measure what the feed plays into MongoDB, in turns with a loop that waits for the disk each time

  --runs N       how often each is measured (default 7)
  --seconds N    how long a run takes (default 5)
  --matches N    matches side by side (default 16)
  --flush-ms N   each flush of mongod's disk takes so much longer (default 0; needs Linux and a C compiler)`;

const PLAN = { seed: 1, replayRate: 0, correctionRate: 0 };
const WAYS = ["one by one", "feed"] as const;
type Way = (typeof WAYS)[number];

interface Options {
  readonly runs: number;
  readonly seconds: number;
  readonly matches: number;
  readonly flushMs: number;
}

/** One document of about 500 bytes, as a ball of a match has. */
function step(matchId: string, n: number): Step<MongoContent> {
  const delivery = { batter: "A", bowler: "B", non_striker: "C", runs: { batter: 1, extras: 0, total: 1 }, n };
  const document = { match_id: matchId, innings: 1, over: n, ball: 1, team: "N", delivery, filling: "x".repeat(300) };
  return { content: { kind: "delivery", document }, cause: "file", line: n, bytes: 500 };
}

/** Inserts the documents of one match until `end`. Resolves with those that were acknowledged by then. */
type Player = (matchId: string, end: number) => Promise<number>;

/** As many under way as the feed has. */
function feedPlayer(target: FeedTarget<MongoContent>): Player {
  return async (matchId, end) => {
    const connection = await target.connect();
    await connection.begin(matchId, PLAN, "");
    const flying: Promise<void>[] = [];
    let acknowledged = 0;
    for (let n = 0; performance.now() < end; n += 1) {
      const result = connection.insert({ matchId, pass: 0, step: n }, step(matchId, n));
      flying.push(
        result.then((inserted) => {
          if (inserted && performance.now() < end) acknowledged += 1;
        }),
      );
      if (flying.length >= connection.windowRows) await flying.shift();
    }
    await Promise.all(flying);
    await connection.close();
    return acknowledged;
  };
}

/** The next transaction begins when the last one is on disk. */
function barePlayer(client: MongoClient): Player {
  const db = client.db();
  const progress = db.collection<{ _id: string; next_step: number }>("feed_progress");
  return async (matchId, end) => {
    const session = client.startSession();
    await progress.insertOne({ _id: matchId, next_step: 0 });
    let n = 0;
    for (; performance.now() < end; n += 1) {
      session.startTransaction({ writeConcern: { w: "majority", journal: true } });
      await progress.updateOne({ _id: matchId, next_step: n }, { $inc: { next_step: 1 } }, { session });
      await db.collection("deliveries").insertOne({ ...step(matchId, n).content.document }, { session });
      await session.commitTransaction();
    }
    await session.endSession();
    return n;
  };
}

/** Plays for so long, by `player`. Resolves with documents a second. */
async function play(player: Player, name: string, { seconds, matches }: Options): Promise<number> {
  const end = performance.now() + seconds * 1000;
  const counts = await Promise.all(Array.from({ length: matches }, (_, index) => player(`${name} ${index}`, end)));
  return counts.reduce((sum, count) => sum + count, 0) / seconds;
}

/** Each match has a document for each step of its progress: one transaction a document, none twice. */
async function check(db: Db): Promise<void> {
  for await (const { _id, next_step: steps } of db.collection("feed_progress").find()) {
    const documents = await db.collection("deliveries").countDocuments({ match_id: String(_id) });
    if (documents !== steps)
      throw new Error(`match ${String(_id)} has ${documents} documents for ${String(steps)} steps`);
  }
}

async function measure(url: string, options: Options): Promise<void> {
  const client = openMongo(url, { applicationName: "third-umpire bench", max: 40 });
  const target = mongoTarget<MongoContent>({ connection: url });
  await target.prepare();
  const players: Readonly<Record<Way, Player>> = { "one by one": barePlayer(client), feed: feedPlayer(target) };
  const rates: Record<Way, number[]> = { "one by one": [], feed: [] };
  for (let run = 0; run < options.runs; run += 1) {
    for (const way of run % 2 === 0 ? WAYS : WAYS.toReversed())
      rates[way].push(await play(players[way], `${way} ${run}`, options));
  }
  await check(client.db());
  await target.close();
  await closeMongo(client);
  const ratios = rates.feed.map((rate, run) => rate / (rates["one by one"][run] ?? Number.NaN));
  console.log(
    `${describeMachine()}; ${options.matches} matches, ${options.runs} runs of ${options.seconds} s each, a flush ${options.flushMs} ms slower\n`,
  );
  for (const [figure, values, digits] of [
    ["one by one, documents per second", rates["one by one"], 0],
    ["feed, documents per second", rates.feed, 0],
    ["feed / one by one of the same round", ratios, 2],
  ] as const) {
    const { median, min, max } = spreadOf(values);
    console.log(
      `${figure.padEnd(40)}${median.toFixed(digits).padStart(8)}   ${min.toFixed(digits)} … ${max.toFixed(digits)}`,
    );
  }
}

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "7" },
    seconds: { type: "string", default: "5" },
    matches: { type: "string", default: "16" },
    "flush-ms": { type: "string", default: "0" },
    help: { type: "boolean", short: "h", default: false },
  },
});
const options = {
  runs: Number(values.runs),
  seconds: Number(values.seconds),
  matches: Number(values.matches),
  flushMs: Number(values["flush-ms"]),
};
if (values.help || Object.entries(options).some(([name, value]) => !(name === "flushMs" ? value >= 0 : value > 0))) {
  console.log(HELP);
  process.exit(values.help ? 0 : 2);
}
const project = loadSettings();
await installMongodb(project, (line) => process.stderr.write(`${line}\n`));
const dir = mkdtempSync(join(tmpdir(), "third-umpire-bench-"));
ensureLocalPasswords(dir);
const settings = parseSettings({ TU_LOCAL_DIR: dir, TU_MONGODB_PORT: String(await freePort()) }, dir);
const supervisor = localSupervisor(settings);
// Ctrl-C, or an error on the way: no server may stay behind.
process.once("exit", () => {
  for (const { name } of supervisor.list()) supervisor.kill(name, "SIGKILL");
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});
const mongod = mongodbService(settings, { binaries: project });
let disk: Readonly<Record<string, string>> = {};
try {
  if (options.flushMs > 0) disk = slowDisk(options.flushMs, dir);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
await supervisor.start({ ...mongod, env: { ...mongod.env, ...disk } });
const url = new URL(mongodbAdminUrl(settings));
url.pathname = "/bench";
url.searchParams.set("authSource", "admin");
await measure(url.href, options);
await supervisor.stopAll();
process.exit(0);
