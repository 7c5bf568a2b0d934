import type {
  CleanFact,
  QuarantineFact,
  RawFact,
  RowFact,
  VerdictTablesFact,
  WarehouseFact,
} from "../../../src/audit/facts.ts";
import { Reconciliation } from "../../../src/audit/reconciliation.ts";
import type { AuditReport } from "../../../src/audit/index.ts";
import { eventIdText, IdentityHasher } from "../../../src/domain/review/identity.ts";
import { type Verdict, type VerdictCounts, zeroCounts } from "../../../src/domain/review/verdict.ts";
import type { VerdictBlock } from "../../../src/domain/review/verdict-block.ts";

const RAW = "raw";
const SOURCE = "odi";
const hasher = await IdentityHasher.create();

/** One row of the story: what is inserted, and the verdict its event deserves. `content` null: unreadable. */
export interface Told {
  readonly key: string;
  readonly content: string | null;
  readonly verdict: Verdict;
}

/** A replay, a wrong value with its correction and its repetition, and a row that cannot be read. */
export const STORY: readonly Told[] = [
  { key: "d/1", content: "one", verdict: "accepted" },
  { key: "d/2", content: "wrong", verdict: "accepted" },
  { key: "d/1", content: "one", verdict: "duplicate" },
  { key: "d/2", content: "right", verdict: "correction" },
  { key: "d/2", content: "wrong", verdict: "stale" },
  { key: "", content: null, verdict: "poison" },
  { key: "m/1", content: "a match", verdict: "accepted" },
];

/** All facts of a run in which everything is right, to be spoilt by a test before it is compared. */
export interface World {
  rows: RowFact[];
  raw: RawFact[];
  blocks: VerdictBlock[];
  clean: CleanFact[];
  quarantine: QuarantineFact[];
  warehouse: WarehouseFact[];
  tables: VerdictTablesFact;
  /** Next offset of the clean topic in the warehouse, where it ends, and its high watermark. */
  loaded: { end: number; high: number; next: number | null; isLoading: boolean };
  kept: { raw: number; verdicts: boolean; clean: boolean; quarantine: boolean };
}

export function eventId(key: string, content: string): string {
  const words = new Uint32Array(6);
  hasher.identify(key, content, words);
  return eventIdText(words);
}

export function block(
  from: number,
  to: number,
  verdicts: readonly (readonly [offset: number, verdict: Verdict])[],
): VerdictBlock {
  const counts: VerdictCounts = zeroCounts();
  for (const [, verdict] of verdicts) counts[verdict]++;
  const entries = verdicts
    .filter(([, verdict]) => verdict !== "accepted")
    .map(([offset, verdict]) => ({ offset, verdict, eventId: null, firstSeen: null, reason: null, completes: false }));
  return {
    topic: RAW,
    partition: 0,
    continuesFrom: null,
    fromOffset: from,
    toOffset: to,
    lost: false,
    streamTime: null,
    completing: null,
    counts,
    entries,
  };
}

/** Two source transactions with a marker between them (offset 3), two verdict blocks. */
export function rightWorld(): World {
  const offset = (index: number): number => (index < 3 ? index : index + 1);
  const told = STORY.map((entry, index) => ({ ...entry, id: index + 1, offset: offset(index) }));
  const identity = ({ key, content }: Told): { key: string; content: string } | null =>
    content === null ? null : { key, content };
  const through = told.filter(({ verdict }) => verdict === "accepted" || verdict === "correction");
  const verdicts = told.map(({ offset: at, verdict }) => [at, verdict] as const);
  return {
    rows: told.map((entry) => ({
      source: SOURCE,
      table: "deliveries",
      id: entry.id,
      payload: `row ${entry.key} ${entry.content}`,
      identity: identity(entry),
    })),
    raw: told.map((entry) => ({
      topic: RAW,
      partition: 0,
      offset: entry.offset,
      row: { table: "deliveries", id: entry.id },
      again: false,
      payload: `row ${entry.key} ${entry.content}`,
      identity: identity(entry),
      key: Buffer.from(entry.key),
      value: Buffer.from(String(entry.content)),
    })),
    blocks: [block(0, 3, verdicts.slice(0, 3)), block(4, 8, verdicts.slice(3))],
    clean: through.map((entry, index) => ({
      topic: "clean",
      partition: 0,
      offset: index,
      key: "match",
      eventId: eventId(entry.key, entry.content!),
      verdict: entry.verdict,
      source: { topic: RAW, partition: 0, offset: entry.offset },
      identity: identity(entry)!,
      loaded: true,
    })),
    quarantine: [
      {
        topic: RAW,
        partition: 0,
        offset: 6,
        reason: "no",
        key: Buffer.from(""),
        value: Buffer.from("null"),
        sha256: null,
      },
    ],
    warehouse: [warehouseRow("d/1", "one"), warehouseRow("d/2", "right"), warehouseRow("m/1", "a match")],
    tables: {
      counts: new Map([["raw/0", { accepted: 3, duplicate: 1, correction: 1, stale: 1, late: 0, poison: 1 }]]),
      rows: 4,
      quarantined: 1,
    },
    loaded: { end: 4, high: 5, next: 5, isLoading: true },
    kept: { raw: 0, verdicts: true, clean: true, quarantine: true },
  };
}

export function warehouseRow(key: string, content: string): WarehouseFact {
  return { table: "deliveries", label: key, eventId: eventId(key, content), identity: { key, content } };
}

export function compare(world: World): AuditReport {
  const reconciliation = new Reconciliation({ hasher, inputs: [{ topic: RAW, source: SOURCE }] });
  reconciliation.retained(RAW, 0, world.kept);
  for (const row of world.rows) reconciliation.sourceRow(row);
  for (const record of world.raw) reconciliation.rawRecord(record);
  for (const one of world.blocks) reconciliation.verdictBlock(one);
  for (const record of world.clean) reconciliation.cleanRecord(record);
  for (const record of world.quarantine) reconciliation.quarantined(record);
  for (const row of world.warehouse) reconciliation.warehouseRow(row);
  reconciliation.verdictTables(world.tables);
  reconciliation.loaded({ topic: "clean", partition: 0, ...world.loaded });
  return reconciliation.finish();
}
