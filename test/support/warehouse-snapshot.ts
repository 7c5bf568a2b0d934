/**
 * A warehouse of real matches without a stream: clean records as the processor writes them, loaded and published by the
 * loader's own code.
 */
import { join } from "node:path";
import type { CleanDelivery, CleanMatch, Delivery, Match, Provenance } from "../../src/domain/cricket/types.ts";
import { VerdictBlockBuilder } from "../../src/domain/review/verdict-block.ts";
import { planLoad } from "../../src/loader/plan.ts";
import { publishSnapshot } from "../../src/loader/publish.ts";
import { Warehouse } from "../../src/loader/warehouse.ts";
import { expectedCards } from "./cricket.ts";
import { idOf, matchFiles, type ReadMatch, readAnyMatch } from "./cricket-files.ts";
import { json, recordBatch, type TestRecord, topicsNamed } from "./clean-records.ts";
import { largerSets } from "./larger-sets.ts";
import { loadPlan } from "./load-plan.ts";

const ROOT: string = join(import.meta.dirname, "../..");

/** The bundled matches with the cards they must give. */
const SETS = [
  ["odi", "data/odi", ["odi_csv1.jsonl", "odi.jsonl"]],
  ["t20i", "data/t20i", ["t20i.jsonl"]],
  ["test", "data/test", ["test.jsonl"]],
] as const;
export type SourceName = (typeof SETS)[number][0];

export interface SnapshotMatch extends ReadMatch {
  readonly source: SourceName;
  /** Undefined where there is no independent card. */
  readonly card: unknown;
}

/** Every bundled match. */
export function bundledMatches(): readonly SnapshotMatch[] {
  return SETS.flatMap(([source, dir, files]) => {
    const cards = new Map(files.flatMap((file) => [...expectedCards(join(ROOT, "test/fixtures/expected", file))]));
    return matchFiles(join(ROOT, dir)).map((name) => ({
      source,
      ...readAnyMatch(join(ROOT, dir), name),
      card: cards.get(idOf(name)),
    }));
  });
}

/** Of each larger set that is asked for, `perSet` matches that the bundled ones do not have. */
export function furtherMatches(perSet: number): readonly SnapshotMatch[] {
  const known = new Set(bundledMatches().map(({ match }) => match.matchId));
  const sources = { odi_csv2: "odi", t20i_json: "t20i", test_yaml: "test" } as const;
  const names = Object.keys(sources) as (keyof typeof sources)[];
  return largerSets(names.map((name) => [name, name])).flatMap(({ name, dir, cards: file }) => {
    const cards = expectedCards(file);
    const files = matchFiles(dir).filter((each) => !known.has(idOf(each)) && cards.has(idOf(each)));
    const source = sources[name as keyof typeof sources];
    return files.slice(0, perSet).map((each) => ({ source, ...readAnyMatch(dir, each), card: cards.get(idOf(each)) }));
  });
}

const topics = topicsNamed("snapshot");
const PARTITIONS: readonly SourceName[] = ["odi", "t20i", "test"];

/** Writes a warehouse as a loader does, one partition a source. Close it at the end. */
export class SnapshotWriter {
  readonly #dir: string;
  readonly #warehouse: Warehouse;
  /** Next offset of each clean partition, and of each raw one. */
  readonly #offsets = new Map<string, number>();

  private constructor(dir: string, warehouse: Warehouse) {
    this.#dir = dir;
    this.#warehouse = warehouse;
  }

  static async open(warehouseDir: string): Promise<SnapshotWriter> {
    const warehouse = await Warehouse.open(warehouseDir, 0);
    const names = Object.values(topics).flatMap((topic: string) => PARTITIONS.map((_, index) => `${topic}/${index}`));
    await warehouse.start(new Map(names.map((name) => [name, 0])), []);
    return new SnapshotWriter(warehouseDir, warehouse);
  }

  /** The match with its record and these deliveries; the n-th at `timeOf(n)`, ms since the Unix epoch. */
  async match({ source, match, deliveries }: SnapshotMatch, timeOf: (n: number) => number): Promise<void> {
    await this.#load(source, match, [], timeOf(0));
    await this.balls(source, deliveries, timeOf);
  }

  /** Deliveries of a match that is known. Every twentieth came twice. */
  async balls(source: SourceName, deliveries: readonly Delivery[], timeOf: (n: number) => number): Promise<void> {
    await this.#load(
      source,
      null,
      deliveries.map((delivery, n) => ({ delivery, time: timeOf(n) })),
      timeOf(deliveries.length),
    );
  }

  /** A record that could not be read. */
  async poison(source: SourceName, time: number): Promise<void> {
    const offset = this.#take(`raw/${source}`, 1);
    const block = new VerdictBlockBuilder(`cricket.${source}.raw`, 0, offset, offset);
    block.reject(offset, "poison", null, -1, 0, "not JSON: unexpected end");
    const partition = PARTITIONS.indexOf(source);
    await this.#plan([
      recordBatch(topics.verdicts, partition, [this.#record("verdicts", partition, Buffer.from(block.encode(time)))]),
      recordBatch(topics.quarantine, partition, [
        {
          ...this.#record("quarantine", partition, Buffer.from("{")),
          headers: [
            ["tu_reason", Buffer.from("not JSON: unexpected end")],
            ["tu_topic", Buffer.from(`cricket.${source}.raw`)],
            ["tu_partition", Buffer.from("0")],
            ["tu_offset", Buffer.from(String(offset))],
            ["tu_at", Buffer.from(new Date(time).toISOString())],
          ],
        },
      ]),
    ]);
  }

  async publish(): Promise<void> {
    await this.#warehouse.checkpoint();
    await publishSnapshot(this.#dir);
  }

  close(): void {
    this.#warehouse.close();
  }

  async #load(
    source: SourceName,
    match: Match | null,
    balls: readonly { readonly delivery: Delivery; readonly time: number }[],
    now: number,
  ): Promise<void> {
    if (match === null && balls.length === 0) return;
    const partition = PARTITIONS.indexOf(source);
    const raw = `cricket.${source}.raw`;
    const first = this.#take(`raw/${source}`, 0);
    const block = new VerdictBlockBuilder(raw, 0, first, first);
    const provenance = (time: number): Provenance => {
      const offset = this.#take(`raw/${source}`, 1);
      block.accept(offset);
      const eventId = `${PARTITIONS.indexOf(source)}${offset.toString(16)}`.padStart(32, "0");
      return {
        eventId,
        verdict: "accepted",
        supersedes: null,
        source: { topic: raw, partition: 0, offset, id: String(offset), time },
      };
    };
    const matches: CleanMatch[] = match === null ? [] : [{ ...provenance(now), match }];
    const deliveries = balls.map(({ delivery, time }, n): CleanDelivery => {
      const clean = { ...provenance(time), delivery };
      if (n % 20 === 19) {
        const again = this.#take(`raw/${source}`, 1);
        block.reject(again, "duplicate", [0, 0, partition, clean.source.offset], 0, clean.source.offset, null);
      }
      return clean;
    });
    await this.#plan([
      this.#batch("matches", partition, matches),
      this.#batch("deliveries", partition, deliveries),
      recordBatch(topics.verdicts, partition, [this.#record("verdicts", partition, Buffer.from(block.encode(now)))]),
    ]);
  }

  #batch(kind: "matches" | "deliveries", partition: number, values: readonly object[]): ReturnType<typeof recordBatch> {
    return recordBatch(
      topics[kind],
      partition,
      values.map((value) => this.#record(kind, partition, json(value))),
    );
  }

  #record(kind: keyof typeof topics, partition: number, value: Buffer): TestRecord {
    return { offset: this.#take(`${kind}/${partition}`, 1), value };
  }

  async #plan(batches: Parameters<typeof planLoad>[0]): Promise<void> {
    await loadPlan(this.#warehouse, planLoad(batches, this.#warehouse.progress, topics));
  }

  #take(name: string, count: number): number {
    const next = this.#offsets.get(name) ?? 0;
    this.#offsets.set(name, next + count);
    return next;
  }
}
