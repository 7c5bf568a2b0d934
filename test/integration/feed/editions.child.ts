import {
  type FeedOptions,
  type FeedTarget,
  odiScripts,
  postgresTarget,
  runFeed,
  t20iScripts,
} from "../../../src/feed/index.ts";
import type { T20iContent } from "../../../src/feed/formats/json.ts";
import { mongoTarget } from "../../../src/feed/targets/mongo.ts";

/* A feed that ends itself with SIGKILL as soon as so many deletions are in. Arguments: folder, address of the server, their number. */
const [dir = "", connection = "", number = "0"] = process.argv.slice(2);

function killedAfter<C>(target: FeedTarget<C>, deletions: number): FeedTarget<C> {
  let left = deletions;
  return {
    ...target,
    connect: async () => {
      const connected = await target.connect();
      const insert: typeof connected.insert = async (at, step) => {
        const inserted = await connected.insert(at, step);
        if (inserted && step.cause === "deletion" && --left === 0) process.kill(process.pid, "SIGKILL");
        return inserted;
      };
      // What a connection does besides may use its own state.
      return new Proxy(connected, {
        get: (on, name) => {
          if (name === "insert") return insert;
          const value: unknown = Reflect.get(on, name, on);
          return typeof value === "function" ? (value.bind(on) as unknown) : value;
        },
      });
    },
  };
}

const options: FeedOptions = {
  ...{ seed: 1, replayRate: 0.3, correctionRate: 0.2, intervalMs: 0, acceptDeletions: true },
  signal: new AbortController().signal,
  onStatus: () => undefined,
};

await (connection.startsWith("mongodb")
  ? runFeed({
      ...options,
      scripts: await t20iScripts([dir]),
      target: killedAfter(mongoTarget<T20iContent>({ connection }), Number(number)),
    })
  : runFeed({
      ...options,
      scripts: await odiScripts([dir]),
      target: killedAfter(postgresTarget({ connection }), Number(number)),
    }));
process.exit(0);
