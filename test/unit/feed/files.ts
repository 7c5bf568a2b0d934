/** Small matches in every format, and what the tests of the feed do with scripts. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { type MatchScript, type PlanOptions, type ScriptRow, type Step } from "../../../src/feed/index.ts";
import { CSV2_COLUMNS } from "../../../src/pipelines/cricket/sources/odi.ts";
import { planMatch } from "../../../src/feed/plan.ts";

/** A folder that goes with the test file. */
export function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "tu-feed-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export function write(dir: string, name: string, content: string | Buffer): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The match record and the rows of a script. */
export async function rowsOf<C>(script: MatchScript<C>): Promise<ScriptRow<C>[]> {
  return [await script.record(), ...(await collect(script.rows()))];
}

export function stepsOf<C>(script: MatchScript<C>, options: PlanOptions, pass = 0): Promise<Step<C>[]> {
  return collect(planMatch(script, pass, options));
}

/** Runs off the bat of ball `n`; every seventh is a wide. */
const runs = (n: number): number => (n % 7 === 0 ? 0 : n % 5);
const isWide = (n: number): boolean => n % 7 === 0;
const label = (n: number): string => `${Math.floor(n / 6)}.${(n % 6) + 1}`;
const numbers = (balls: number): number[] => Array.from({ length: balls }, (_, n) => n);

export function csv2Text(id: string, balls: number): string {
  const lines = numbers(balls).map(
    (n) =>
      `${id},2024,2024-01-01,V,1,${label(n)},${label(n)},A,B,X,Y,Z,${runs(n)},${isWide(n) ? "1,1" : "0,"}${",".repeat(12)}`,
  );
  return `${CSV2_COLUMNS.join(",")}\n${lines.join("\n")}\n`;
}

export function csv1Text(balls: number): string {
  const lines = numbers(balls).map((n) => `ball,1,${label(n)},A,X,Y,Z,${runs(n)},${isWide(n) ? 1 : 0},"",""`);
  return ["version,1.3.0", "info,team,A", "info,team,B", ...lines, "penalty_runs,1,post,5", ""].join("\n");
}

export function jsonText(balls: number): string {
  const delivery = (n: number): object => ({
    batter: "X",
    bowler: "Z",
    ...(isWide(n) ? { extras: { wides: 1 } } : {}),
    non_striker: "Y",
    runs: { batter: runs(n), extras: isWide(n) ? 1 : 0, total: runs(n) + (isWide(n) ? 1 : 0) },
  });
  const overs = numbers(Math.ceil(balls / 6)).map((over) => ({
    over,
    deliveries: numbers(Math.min(6, balls - over * 6)).map((n) => delivery(over * 6 + n)),
  }));
  const match = {
    meta: { data_version: "1.1.0", created: "2024-01-01", revision: 1 },
    info: { balls_per_over: 6, season: 2024, teams: ["A", "B"] },
    innings: [{ team: "A", overs, powerplays: [{ from: 0.1, to: 5.6, type: "mandatory" }] }],
  };
  return JSON.stringify(match, null, 2);
}

export function yamlText(balls: number): string {
  const deliveries = numbers(balls).map(
    (n) => `    - ${label(n)}:
        batsman: X
        bowler: Z
${isWide(n) ? "        extras:\n          wides: 1\n" : ""}        non_striker: Y
        runs:
          batsman: ${runs(n)}
          extras: ${isWide(n) ? 1 : 0}
          total: ${runs(n) + (isWide(n) ? 1 : 0)}
`,
  );
  return `---
meta:
  data_version: 0.92
  created: 2024-01-01
info:
  dates:
  - 2024-01-01
  registry:
    people:
      X: '64495506'
  teams: [A, B]
innings:
- 1st innings:
    team: A
    deliveries:
${deliveries.join("")}    declared: 'yes'
- 2nd innings:
    team: B
    forfeited: 'yes'
`;
}
