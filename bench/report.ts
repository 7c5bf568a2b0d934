import { type Spread, spreadOf } from "./figures.ts";
import { type Results, scoredRuns } from "./results.ts";
import { isRight } from "./score.ts";
import type { Contender, ThroughputRun } from "./throughput.ts";

const MB = 1e6;

interface Row {
  readonly figure: string;
  readonly spread: Spread;
  readonly digits?: number;
  /** The bound, and which side of it is right; absent: for information. */
  readonly budget?: { readonly atLeast: number } | { readonly atMost: number };
}

/** The table for people: each figure with its spread, its budget, and whether it is kept. */
export function renderReport(results: Results): string {
  const rows = [...throughputRows(results), ...latencyRows(results), ...restartRows(results), ...memoryRows(results)];
  const cells = [
    ["figure", "median", "min … max", "budget", ""],
    ...rows.map((row) => [
      row.figure,
      number(row.spread.median, row.digits),
      row.spread.min === row.spread.max
        ? ""
        : `${number(row.spread.min, row.digits)} … ${number(row.spread.max, row.digits)}`,
      budgetText(row),
      verdict(row),
    ]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
  const table = cells.map((line) =>
    line
      .map((cell, column) =>
        column === 0 || column === 4 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join("  ")
      .trimEnd(),
  );
  return [...head(results), "", ...table, "", ...correctness(results)].join("\n");
}

function head(results: Results): string[] {
  const { records, ids, commitMs } = results;
  return [
    `${results.startedAt.slice(0, 16).replace("T", " ")} UTC · ${results.machine}`,
    `${results.broker} · program under test ${results.pinned ? "on a core of its own" : "NOT pinned to a core"}`,
    `${number(records)} records of about 200 bytes, ${number(ids)} ids, commits every ${commitMs} ms`,
    `other processes used ${results.others.toFixed(2)} cores on average${results.others > 0.3 ? ": these figures are rough" : ""}`,
    ...(results.quick ? ["quick: a first look; the budget is meant for the whole workload"] : []),
  ];
}

function throughputRows({ throughput }: Results): Row[] {
  if (throughput === undefined) return [];
  const of = (program: Contender, pick: (run: ThroughputRun) => number): Spread =>
    spreadOf(throughput.runs.filter((run) => run.program === program).map(pick));
  return [
    {
      figure: "engine, records per core-second",
      spread: of("engine", (run) => run.perCoreSecond),
      budget: { atLeast: 100_000 },
    },
    { figure: "  the same with the start of the process", spread: of("engine", (run) => run.perCoreSecondWithStart) },
    { figure: "bare loop, records per core-second", spread: of("bare-loop", (run) => run.perCoreSecond) },
    { figure: "engine / bare loop of the same round", spread: spreadOf(throughput.ratios), digits: 2 },
    { figure: "engine, records per second", spread: of("engine", (run) => run.perSecond) },
    { figure: "bare loop, records per second", spread: of("bare-loop", (run) => run.perSecond) },
    { figure: "engine, start to first commit, ms", spread: of("engine", (run) => run.firstCommitMs) },
    {
      figure: "engine, most memory resident, MB",
      spread: of("engine", (run) => run.peakRss / MB),
      budget: { atMost: 220 },
    },
    { figure: "bare loop, most memory resident, MB", spread: of("bare-loop", (run) => run.peakRss / MB) },
    {
      figure: "others' cores during these runs",
      spread: spreadOf(throughput.runs.map((run) => run.others)),
      digits: 2,
    },
  ];
}

function latencyRows({ latency }: Results): Row[] {
  if (latency === undefined) return [];
  const rows = (["engine", "bare-loop"] as const).flatMap((program): Row[] => {
    const runs = latency.filter((run) => run.program === program);
    const name = program === "engine" ? "engine" : "bare loop";
    return [
      { figure: `${name}, latency at 5,000/s, p50 ms`, spread: spreadOf(runs.map((run) => run.p50)) },
      {
        figure: `${name}, latency at 5,000/s, p99 ms`,
        spread: spreadOf(runs.map((run) => run.p99)),
        ...(program === "engine" ? { budget: { atMost: 150 } } : {}),
      },
    ];
  });
  return [
    ...rows,
    { figure: "harness itself late, p99 ms", spread: spreadOf(latency.map((run) => run.harnessLateP99)) },
  ];
}

function restartRows({ recovery, restart }: Results): Row[] {
  const rows: Row[] = [];
  if (recovery !== undefined) {
    const ids = number(spreadOf(recovery.map((run) => run.knownIds)).median);
    rows.push({
      figure: `SIGKILL to first new commit, ${ids} ids, ms`,
      spread: spreadOf(recovery.map((run) => run.firstCommitMs)),
      budget: { atMost: 2_500 },
    });
  }
  if (restart !== undefined) {
    const ids = number(spreadOf(restart.map(({ restore }) => restore.ids)).median);
    rows.push(
      {
        figure: `restore of ${ids} ids, ms`,
        spread: spreadOf(restart.map(({ restore }) => restore.ms)),
        budget: { atMost: 2_000 },
      },
      {
        figure: "  start of the engine to its first commit, ms",
        spread: spreadOf(restart.map((run) => run.firstCommitMs)),
      },
    );
  }
  return rows;
}

function memoryRows({ memory }: Results): Row[] {
  const [small, large] = memory ?? [];
  if (small === undefined || large === undefined) return [];
  const more = large.ids - small.ids;
  const one = (value: number): Spread => spreadOf([value]);
  return [
    {
      figure: `memory an id: tables at ${number(small.ids)} ids, bytes`,
      spread: one(small.stateBytes / small.ids),
      digits: 1,
      budget: { atMost: 80 },
    },
    {
      figure: `  resident, from ${number(small.ids)} to ${number(large.ids)} ids, bytes`,
      spread: one((large.rss - small.rss) / more),
      digits: 1,
      budget: { atMost: 80 },
    },
    {
      figure: "  all array buffers, the same, bytes",
      spread: one((large.arrayBuffers - small.arrayBuffers) / more),
      digits: 1,
    },
  ];
}

function correctness(results: Results): string[] {
  const runs = scoredRuns(results);
  const wrong = runs.filter(({ score }) => !isRight(score));
  const lines = wrong.map(({ name, score }) => {
    const { lost, repeated, reordered, changed, wrongWindows } = score;
    return `WRONG, ${name}: ${lost} lost, ${repeated} repeated, ${reordered} out of order, ${changed} changed, ${wrongWindows} wrong windows`;
  });
  const digests = results.restart?.filter(({ restore }) => !restore.digestsMatch).length ?? 0;
  if (digests > 0) lines.push(`WRONG: ${digests} restores have another digest than the committed offset (EO-4)`);
  if (runs.length > wrong.length) {
    const good = runs.filter(({ score }) => isRight(score));
    const records = good.reduce((sum, { score }) => sum + score.read, 0);
    lines.push(
      `${good.length} of ${runs.length} runs right: ${number(records)} records compared, 0 lost, 0 repeated, order and windows kept`,
    );
  }
  return lines;
}

function budgetText({ budget, digits }: Row): string {
  if (budget === undefined) return "";
  return "atLeast" in budget ? `≥ ${number(budget.atLeast, digits && 0)}` : `≤ ${number(budget.atMost, digits && 0)}`;
}

function verdict({ budget, spread }: Row): string {
  if (budget === undefined) return "";
  const kept = "atLeast" in budget ? spread.median >= budget.atLeast : spread.median <= budget.atMost;
  return kept ? "pass" : "MISS";
}

function number(value: number, digits = 0): string {
  return value.toLocaleString("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
