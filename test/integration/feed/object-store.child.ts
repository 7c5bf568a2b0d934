import { runFeed, testScripts, type FeedTarget, type TestContent } from "../../../src/feed/index.ts";
import { objectStoreTarget } from "../../../src/feed/targets/object-store.ts";

/** A feed into an object store that kills itself after so many inserts, others being under way. Arguments: folder, store, inserts. */
const [dir = "", location = "", inserts = "0"] = process.argv.slice(2);

await runFeed({
  scripts: await testScripts([dir]),
  target: mortal(objectStoreTarget({ location }), Number(inserts)),
  intervalMs: 0,
  seed: 11,
  replayRate: 0.3,
  correctionRate: 0.02,
  signal: new AbortController().signal,
  onStatus: () => undefined,
});
process.exit(0);

function mortal(target: FeedTarget<TestContent>, lives: number): FeedTarget<TestContent> {
  let left = lives;
  return {
    ...target,
    connect: async () => {
      const connection = await target.connect();
      return {
        ...connection,
        insert: async (at, step) => {
          const isIn = await connection.insert(at, step);
          left -= 1;
          if (left === 0) process.kill(process.pid, "SIGKILL");
          return isIn;
        },
      };
    },
  };
}
