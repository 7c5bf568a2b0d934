import { parseArgs } from "node:util";

/** The parts of the benchmark, in the order in which they run. */
export const PARTS = ["throughput", "latency", "recovery", "restore", "memory"] as const;

export type Part = (typeof PARTS)[number];

export interface BenchOptions {
  /** A broker that runs already; undefined: one of our own. */
  readonly brokers: string | undefined;
  /** How often each program is measured. */
  readonly runs: number;
  readonly commitMs: number;
  /** Distinct ids of the workload; 30 % of all records repeat one of them. */
  readonly ids: number;
  /** Open-loop latency: how long is measured. */
  readonly latencySeconds: number;
  readonly parts: readonly Part[];
  readonly quick: boolean;
  readonly json: boolean;
}

const HELP = `just bench [options]: measure the engine against its budget, beside a bare loop on the same client

  --quick           a first look: 200,000 records, one run, 5 s of latency
  --runs N          how often each program is measured (default 3)
  --only A,B        some parts only: ${PARTS.join(", ")}
  --commit-ms N     commit interval (default 100)
  --brokers B       a broker that runs already; default: one of its own, on free ports, in a temporary folder
  --json            every figure as JSON on standard output`;

/** Reads the command line; prints the help and exits, or says in one line what is wrong and exits with 2. */
export function readOptions(argv: readonly string[]): BenchOptions {
  try {
    return parse(argv);
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}; see just bench --help`);
    process.exit(2);
  }
}

function parse(argv: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      brokers: { type: "string" },
      runs: { type: "string" },
      only: { type: "string" },
      "commit-ms": { type: "string", default: "100" },
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  return {
    brokers: values.brokers,
    runs: positive("runs", values.runs ?? (values.quick ? "1" : "3")),
    commitMs: positive("commit-ms", values["commit-ms"]),
    ids: values.quick ? 140_000 : 1_000_000,
    latencySeconds: values.quick ? 5 : 20,
    parts: partsOf(values.only),
    quick: values.quick,
    json: values.json,
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`--${name} must be a whole number from 1`);
  return value;
}

function partsOf(only: string | undefined): Part[] {
  if (only === undefined) return [...PARTS];
  const wanted = only.split(",").map((name) => name.trim());
  const unknown = wanted.find((name) => !PARTS.some((part) => part === name));
  if (unknown !== undefined) throw new RangeError(`--only: "${unknown}" is none of ${PARTS.join(", ")}`);
  return PARTS.filter((part) => wanted.includes(part));
}
