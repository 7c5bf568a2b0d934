import { odiScripts, postgresTarget, runFeed } from "../../../src/feed/index.ts";

/** A feed that a test may kill. Arguments: folder, Postgres address, plan as JSON. */
const [dir = "", connection = "", plan = "{}"] = process.argv.slice(2);
const { seed, replayRate, correctionRate } = JSON.parse(plan) as {
  seed: number;
  replayRate: number;
  correctionRate: number;
};

await runFeed({
  scripts: await odiScripts([dir]),
  target: postgresTarget({ connection }),
  ...{ seed, replayRate, correctionRate },
  intervalMs: 0,
  connections: 3,
  signal: new AbortController().signal,
  onStatus: (status) => process.send?.(status),
});
process.exit(0);
