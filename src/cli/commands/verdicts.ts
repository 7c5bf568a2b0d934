import { type Command, InvalidArgumentError } from "commander";
import type { Verdict } from "../../domain/review/verdict.ts";
import { UsageError } from "../errors.ts";
import { collect, parseInteger } from "../options.ts";
import { aboutRecord, chosenPipeline } from "../pipeline.ts";
import type { JudgedRecord, PartitionTotals } from "../verdict-report.ts";

interface Options {
  readonly partition?: number;
  readonly verdict?: readonly Verdict[];
  readonly offset?: number;
  readonly limit: number;
  readonly json?: boolean;
}

const NOT_ACCEPTED: readonly Verdict[] = ["duplicate", "correction", "stale", "late", "poison"];

export function register(program: Command): void {
  program
    .command("verdicts")
    .description("records that were not simply accepted, what they repeated, and the totals")
    .option("-p, --partition <number>", "only this input partition", parseInteger(0))
    .option(
      "-v, --verdict <name>",
      `only this verdict, may be repeated (${NOT_ACCEPTED.join(", ")})`,
      collect(parseVerdict),
    )
    .option("-o, --offset <number>", "begin at this input offset (default: the newest records)", parseInteger(0))
    .option("-n, --limit <number>", "show at most so many records, 0 = all", parseInteger(0), 50)
    .option("--json", "print JSON")
    .action(showVerdicts);
}

function parseVerdict(text: string): Verdict {
  const verdict = NOT_ACCEPTED.find((candidate) => candidate === text);
  if (verdict === undefined)
    throw new InvalidArgumentError(`one of ${NOT_ACCEPTED.join(", ")}; accepted records are in the clean stream.`);
  return verdict;
}

async function showVerdicts(options: Options, command: Command): Promise<void> {
  const [{ loadSettings }, { confluentLog }, { decodeVerdictBlock }, topics, { VerdictReport }, pipeline, out] =
    await Promise.all([
      import("../../settings.ts"),
      import("../../kafka/confluent/index.ts"),
      import("../../domain/review/verdict-block.ts"),
      import("../read-topic.ts"),
      import("../verdict-report.ts"),
      chosenPipeline(command),
      import("../output.ts"),
    ]);
  const settings = loadSettings();
  const log = confluentLog({ brokers: settings.brokers, clientId: "verdicts" });
  const topology = pipeline.topology(settings);
  const partitions = await topics.partitionsOf(log, topology.topics.verdicts);
  const { partition } = options;
  if (partition !== undefined && !partitions.includes(partition)) {
    throw new UsageError(`there is no partition ${partition}`, `choose one from 0 to ${partitions.length - 1}`);
  }
  const filter = { verdicts: options.verdict ?? [], fromOffset: options.offset, limit: options.limit };
  const report = new VerdictReport(filter, topology.inputs);
  await topics.readTopic(
    log,
    topology.topics.verdicts,
    (batch) => {
      for (let index = 0; index < batch.length; index++) {
        const value = batch.value(index);
        if (value === null) continue;
        report.add(decodeVerdictBlock(value));
      }
    },
    { partitions: partition === undefined ? partitions : [partition] },
  );
  const found = await topics.lookUp(log, report.records);
  const rows = report.records.map((record): Row => {
    const original = found.get(topics.positionId(record));
    return { ...record, about: original === undefined ? null : aboutRecord(pipeline, original) };
  });
  if (options.json === true) {
    out.printJson({ inputs: report.inputs, matching: report.matching, totals: report.totals, records: rows });
    return;
  }
  if (report.inputs === 0) out.print("Nothing has been judged yet.");
  else out.print(...recordLines(rows, report.matching, out), "", ...totalLines(report.totals, out));
}

type Row = JudgedRecord & { readonly about: string | null };
type Output = typeof import("../output.ts");

function recordLines(rows: readonly Row[], matching: number, { table, count }: Output): string[] {
  if (rows.length === 0) return ["No record with such a verdict."];
  const lines = table<Row>(
    [
      { title: "RECORD", value: (row) => `${row.topic}/${row.partition}/${row.offset}` },
      { title: "VERDICT", value: (row) => row.verdict },
      { title: "ABOUT", value: (row) => row.about ?? "(no longer kept)" },
      { title: "FIRST SEEN AT", value: firstSeen },
      { title: "EVENT ID", value: (row) => row.eventId?.slice(0, 12) ?? "-" },
      { title: "REASON", value: (row) => row.reason?.replace(/[\p{Cc}\p{Cf}]+/gu, " ") ?? "" },
    ],
    rows,
  );
  return rows.length < matching
    ? [...lines, `${count(rows.length)} of ${count(matching)} shown; --limit 0 shows all.`]
    : lines;
}

function firstSeen(row: Row): string {
  if (row.firstSeen === null) return "-";
  return row.firstSeen.topic === row.topic
    ? `offset ${row.firstSeen.offset}`
    : `${row.firstSeen.topic} offset ${row.firstSeen.offset}`;
}

function totalLines(totals: readonly PartitionTotals[], { table, count }: Output): string[] {
  const right = true;
  const lines = table<PartitionTotals>(
    [
      { title: "INPUT PARTITION", value: (row) => `${row.topic}/${row.partition}` },
      { title: "accepted", right, value: (row) => count(row.counts.accepted) },
      ...NOT_ACCEPTED.map((verdict) => ({
        title: verdict,
        right,
        value: (row: PartitionTotals) => count(row.counts[verdict]),
      })),
      { title: "transactions", right, value: (row) => count(row.blocks) },
      { title: "judged to", right, value: (row) => `offset ${row.toOffset}` },
    ],
    totals,
  );
  const sum = totals.reduce(
    (all, row) => all + row.counts.accepted + NOT_ACCEPTED.reduce((part, verdict) => part + row.counts[verdict], 0),
    0,
  );
  return [...lines, `${count(sum)} records, each with one verdict.`];
}
