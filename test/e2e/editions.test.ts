/** Files are corrected after they were played: real servers, the command line, and what a person sees. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AuditReport } from "../../src/audit/index.ts";
import { cardsById, type CliStack, cliStack } from "../support/cli.ts";
import { csv1Text, csv2Text, jsonText, write, yamlText } from "../unit/feed/files.ts";

const PLAY_MS = 300_000;

let stack: CliStack;
let files: string;
let dirs: Readonly<Record<"odi" | "t20i" | "test", string>>;

beforeAll(async () => {
  stack = await cliStack();
  files = mkdtempSync(join(tmpdir(), "third-umpire-editions-"));
  dirs = { odi: join(files, "odi"), t20i: join(files, "t20i"), test: join(files, "test") };
  for (const dir of Object.values(dirs)) mkdirSync(dir);
});

afterAll(async () => {
  await stack.remove();
  rmSync(files, { recursive: true, force: true });
});

const FULL = 60;
const ABOUT = ["team,A", "team,B", "gender,male", "season,2024", "date,2024/01/01", "venue,V", "outcome,no result"]; // prettier-ignore

/** A match in every form, each of so many balls; the full ones have penalty runs in the original CSV. */
function put(balls: number): void {
  const about = ABOUT.map((line) => `info,${line}\n`).join("");
  write(dirs.odi, "41.csv", csv2Text("41", balls));
  write(dirs.odi, "41_info.csv", `version,2.3.0\n${about}info,player,A,X\ninfo,player,A,Y\ninfo,player,B,Z\n`);
  const original = csv1Text(balls).replace("info,team,A\ninfo,team,B\n", about);
  write(dirs.odi, "42.csv", balls === FULL ? original : original.replace("penalty_runs,1,post,5\n", ""));
  const json = JSON.parse(jsonText(balls)) as { info: object };
  const info = { ...json.info, dates: ["2024-01-01"], gender: "male", match_type: "T20", outcome: { result: "no result" }, venue: "V" }; // prettier-ignore
  write(dirs.t20i, "43.json", JSON.stringify({ ...json, info }));
  write(dirs.test, "44.yaml", yamlText(balls));
}

interface Summary {
  readonly complete: boolean;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly audit: { readonly unexplained: number } | null;
}

async function play(): Promise<Summary> {
  const folders = ["--odi", dirs.odi, "--t20i", dirs.t20i, "--test", dirs.test];
  const unreliable = ["--replay-rate", "0.3", "--correction-rate", "0.1"];
  return await stack.json<Summary>(["play", "--interval", "0", "--exit-when-done", ...folders, ...unreliable], PLAY_MS);
}

/** Match → deliveries of its first innings, and its penalty runs. */
async function innings(): Promise<Record<string, string>> {
  const { code, stdout, stderr } = await stack.run(["scorecards", "--jsonl"]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const cards = cardsById(stdout) as ReadonlyMap<string, { innings: { deliveries: number; penalty_post: number }[] }>;
  return Object.fromEntries(
    [...cards].map(
      ([
        id,
        {
          innings: [one],
        },
      ]) => [id, `${one?.deliveries}+${one?.penalty_post}`],
    ),
  );
}

test(
  "what the new files do not have any more leaves the cards, in every form, and comes back with newer ones",
  { timeout: 3 * PLAY_MS },
  async () => {
    put(FULL);
    expect(await play()).toMatchObject({ complete: true, audit: { unexplained: 0 } });
    const all = { "41": "60+0", "42": "60+5", "43": "60+0", "44": "60+0" };
    expect(await innings()).toEqual(all);

    put(57);
    expect(await play()).toMatchObject({ complete: true, audit: { unexplained: 0 } });
    expect(await innings()).toEqual({ "41": "57+0", "42": "57+0", "43": "57+0", "44": "57+0" });

    put(FULL);
    expect(await play()).toMatchObject({ complete: true, audit: { unexplained: 0 } });
    expect(await innings()).toEqual(all);
    expect(await play()).toMatchObject({ complete: true, audit: { unexplained: 0 } });

    await stack.run(["up"], PLAY_MS);
    const report = await stack.json<AuditReport>(["audit"], PLAY_MS);
    expect(report.differences).toEqual([]);
  },
);
