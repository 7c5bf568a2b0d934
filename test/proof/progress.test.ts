/**
 * Two processors go on while everything is killed. The bundled matches are played ball by ball for a quarter of an hour, with some 75
 * kills. One long run: `just prove-progress`; TEST_MINUTES makes it shorter, with as many kills a minute.
 */
import { afterEach, expect, test } from "vitest";
import { CRICKET_GROUP } from "../../src/domain/cricket/topics.ts";
import { packageFile } from "../../src/local/paths.ts";
import { type CliStack, cliStack } from "../support/cli.ts";
import { matchFiles, readAnyMatch } from "../support/cricket-files.ts";
import { committedSeconds, UpSeconds } from "./commit-seconds.ts";

const MINUTES = Number(process.env["TEST_MINUTES"] ?? 15);
const SEED = Date.now() % 1_000_000;
const SOURCES = ["odi", "t20i", "test"] as const;
/** About five kills a minute. */
const CRASHES = [
  ["processor", "37s"],
  ["source", "41s"],
  ["loader", "113s"],
  ["mongo", "83s"],
  ["postgres", "97s"],
  ["lambda", "101s"],
  ["kafka", "109s"],
] as const;

/** Deliveries of the longest bundled match. */
function longestMatch(): number {
  const dir = packageFile("data/test");
  return Math.max(...matchFiles(dir).map((file) => readAnyMatch(dir, file).deliveries.length));
}

let stack: CliStack | undefined;
let up: UpSeconds | undefined;
afterEach(async () => {
  up?.stop();
  await stack?.remove();
});

test(
  `EO-12: one of two processors commits in nine of ten seconds in which Kafka, a source and a processor are up (seed ${SEED})`,
  { timeout: MINUTES * 60_000 + 600_000 },
  async () => {
    stack = await cliStack();
    up = new UpSeconds(stack.settings);
    const end = performance.now() + MINUTES * 60_000;
    // The longest match ends with the time that is to be played. Where all end before, they are played again.
    const interval = Math.ceil((MINUTES * 60_000) / longestMatch());
    let kills = 0;
    for (let round = 0; performance.now() < end; round += 1) {
      const play = stack.start([
        "play",
        ...SOURCES.flatMap((source) => [`--${source}`, `data/${source}`]),
        ...["--interval", `${interval}ms`, "--seed", String(SEED), "--replay-rate", "0.3", "--correction-rate", "0.02"],
        ...["--processors", "2", "--lambda-faults", "0.01"],
        ...CRASHES.flatMap(([target, every]) => ["--crash", `${target}:${every}`]),
        ...(round === 0 ? [] : ["--again"]),
      ]);
      const stopped = setTimeout(() => play.child.kill("SIGINT"), end - performance.now());
      const { code, stderr } = await play.ended;
      clearTimeout(stopped);
      expect(code, stderr.slice(-2_000)).toBe(0);
      kills += play.out().split(" killed by --crash").length - 1;
    }
    up.stop();

    const started = await stack.run(["up"], 120_000);
    expect(started.code, started.stderr).toBe(0);
    const committed = await committedSeconds(stack.settings, CRICKET_GROUP);
    const [first, last] = [Math.min(...committed), Math.max(...committed)];
    const could = up.seconds().filter((second) => second > first && second < last);
    const did = could.filter((second) => committed.has(second));
    console.log(
      `${kills} kills in ${last - first} s; up in ${could.length} of them, committed in ${did.length} of those: ${((100 * did.length) / could.length).toFixed(1)} %`,
    );
    expect(last - first).toBeGreaterThan(MINUTES * 45);
    expect(kills).toBeGreaterThanOrEqual(Math.floor(((last - first) / 60) * 4));
    expect(did.length / could.length).toBeGreaterThanOrEqual(0.9);
    const audit = await stack.run(["audit"], 300_000);
    expect(audit.stdout).toContain("Nothing was lost, nothing was counted twice");
  },
);
