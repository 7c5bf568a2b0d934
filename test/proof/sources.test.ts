/**
 * All matches at hand, in every format, side by side from three sources that repeat themselves, err, and are killed
 * while they play. What is left must be what an undisturbed run leaves. One long run: `just prove-sources`.
 */
import { afterEach, expect, test } from "vitest";
import type { PlaySummary } from "../../src/cli/play/play.ts";
import { cardsById, type CliStack, cliStack } from "../support/cli.ts";
import { proofSets } from "./sets.ts";

const RUN_MS = 2_400_000;
const SEED = Date.now() % 1_000_000;
/** What is killed, and how often: no two at the same pace, so that they meet in every order. */
const CRASHES = [
  ["mongo", "23s"],
  ["postgres", "29s"],
  ["lambda", "19s"],
  ["source-t20i", "31s"],
  ["source-odi", "37s"],
  ["source-test", "27s"],
  ["processor", "33s"],
  ["loader", "61s"],
  ["feed", "43s"],
  ["kafka", "97s"],
] as const;
const SOURCES = ["source-t20i", "source-odi", "source-test"] as const;

let stack: CliStack | undefined;
afterEach(async () => stack?.remove());

test(
  `EO-1, EO-2, EO-9, EO-11: three sources in six sets of files end with every scorecard right, 0 lost, 0 twice (seed ${SEED})`,
  { timeout: RUN_MS },
  async () => {
    stack = await cliStack();
    const sets = proofSets();
    const result = await stack.run(
      [
        "play",
        ...sets.flatMap(({ source, dir }) => [`--${source}`, dir]),
        ...["--interval", "0", "--seed", String(SEED), "--replay-rate", "0.3", "--correction-rate", "0.02"],
        ...["--processors", "2", "--lambda-faults", "0.01"],
        ...CRASHES.flatMap(([target, every]) => ["--crash", `${target}:${every}`]),
        ...["--exit-when-done", "--json"],
      ],
      RUN_MS,
    );
    expect(result.code, result.stderr.slice(-2000)).toBe(0);
    const summary = JSON.parse(result.stdout) as PlaySummary;
    const cards = cardsById((await stack.run(["scorecards", "--jsonl"], 300_000)).stdout);
    console.log(
      `${cards.size} matches in ${summary.seconds} s; killed ${JSON.stringify(summary.kills)}; verdicts ${JSON.stringify(summary.verdicts)}; ` +
        (summary.audit?.arrows ?? [])
          .map(({ from, to }) => `${from.count} ${from.what} → ${to.count} ${to.what}`)
          .join("; "),
    );
    expect(summary.audit?.differences).toEqual([]);
    expect(summary.audit).toMatchObject({ proved: true, unexplained: 0, unchecked: [] });
    for (const name of SOURCES) expect(summary.kills[name], name).toBeGreaterThanOrEqual(2);
    const ids = new Set(sets.flatMap(({ expected }) => [...expected.keys()]));
    expect([...cards.keys()].toSorted()).toEqual([...ids].toSorted());
    for (const id of ids) {
      // A match that is in two sets came in two formats: its card is that of one of them.
      const candidates = sets.flatMap(({ expected }) => (expected.has(id) ? [expected.get(id)] : []));
      if (candidates.length === 1) expect(cards.get(id), `match ${id}`).toEqual(candidates[0]);
      else expect(candidates, `match ${id}`).toContainEqual(cards.get(id));
    }
  },
);
