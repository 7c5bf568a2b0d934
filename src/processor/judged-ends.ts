import { FatalError } from "../domain/errors.ts";
import type { CommittedOffset, LogReader } from "../kafka/log.ts";
import { readTo } from "../kafka/read-to.ts";
import { type JudgedOrder, READ_STALL_MS } from "./judged-order.ts";
import { decodeOffsetMetadata, type OffsetMetadata } from "./offset-metadata.ts";
import { POSITION_SHIFT } from "./reviewer.ts";
import { NO_STREAM_TIME, type Task } from "./task.ts";
import type { Topology } from "./topology.ts";

/** How far one input of a partition was judged: the position behind it. */
export interface JudgedEnd {
  readonly topic: string;
  readonly offset: number;
}

/**
 * How far the inputs of a partition were judged. The committed offsets say so; where they are gone, the verdict blocks do,
 * which were committed in the same transactions.
 */
export class JudgedEnds {
  readonly #topology: Topology;
  readonly #partition: number;
  readonly #judged: JudgedOrder;
  readonly #committed: OffsetMetadata | undefined;
  readonly #hasOffsets: boolean;
  readonly #fingerprint: string;
  readonly #ends: Map<string, number>;

  constructor(of: {
    readonly topology: Topology;
    readonly partition: number;
    readonly known: readonly CommittedOffset[];
    readonly judged: JudgedOrder;
    readonly fingerprint: string;
  }) {
    this.#topology = of.topology;
    this.#partition = of.partition;
    this.#judged = of.judged;
    this.#hasOffsets = of.known.length > 0;
    this.#fingerprint = of.fingerprint;
    this.#committed = of.known[0] && decodeOffsetMetadata(of.known[0].metadata);
    this.#ends = new Map(of.known.map(({ topic, offset }) => [topic, offset]));
  }

  /** Inputs without a committed offset. */
  get missing(): readonly string[] {
    return this.#topology.inputs.filter((topic) => !this.#ends.has(topic));
  }

  get offsets(): readonly JudgedEnd[] {
    return [...this.#ends].map(([topic, offset]) => ({ topic, offset }));
  }

  /** The state is that of another topology, or of another program: an input without an offset may be new. */
  get isForeign(): boolean {
    return this.#hasOffsets && this.#committed?.fingerprint !== this.#fingerprint;
  }

  /** The state is what the last commit says: there is nothing to rebuild. */
  fits(task: Task): boolean {
    if (this.#committed === undefined || this.isForeign) return false;
    return task.isDigest(this.#committed.digest);
  }

  /** What the last commit said of the task, by its offsets or else by its verdicts. */
  describe(task: Task): void {
    task.streamTime = this.#committed?.streamTime ?? this.#judged.streamTime ?? newestTime(task);
    task.counts = this.#committed?.counts ?? this.#judged.counts;
  }

  /** Nobody has ever committed anything for the partition. */
  isNew(task: Task): boolean {
    const { runs, incomplete } = this.#judged;
    return !this.#hasOffsets && runs.length === 0 && !incomplete && !hasState(task);
  }

  /** Says for inputs that neither offsets nor verdicts tell of how far they were judged at least. */
  addNewest(newest: ReadonlyMap<string, number>): void {
    for (const topic of this.missing) {
      if (!this.#judged.runs.some((run) => run.topic === topic)) this.#ends.set(topic, newest.get(topic) ?? 0);
    }
  }

  /** All inputs; one that was never judged ends where it begins (`lows`, by input). Throws FatalError where nothing tells. */
  complete(task: Task, lows: readonly number[]): readonly JudgedEnd[] {
    const { runs, incomplete } = this.#judged;
    const mayBeJudged = !this.isForeign && (incomplete || (runs.length === 0 && hasState(task)));
    return this.#topology.inputs.map((topic, index) => {
      const offset = this.#ends.get(topic) ?? runs.findLast((run) => run.topic === topic)?.to;
      if (offset === undefined && mayBeJudged) throw untold(`${topic}/${this.#partition}`);
      return { topic, offset: offset ?? lows[index]! };
    });
  }
}

function untold(input: string): FatalError {
  return new FatalError(`nothing says how far ${input} was judged: its offset is gone, and so are its verdicts`, {
    remedy:
      "go on behind the newest record that state and quarantine know, with `third-umpire state rebuild --judge-again`: no record is lost and none accepted twice, but what was a repetition or poison behind it gets a verdict again",
  });
}

/** The position behind the newest record of each input that the state or the quarantine knows. */
export async function newestKnown(
  task: Task,
  reader: LogReader,
  now: () => number,
): Promise<ReadonlyMap<string, number>> {
  const { topology, partition, known } = task;
  const newest = new Map<string, number>();
  const add = (topic: string | undefined, position: number): void => {
    if (topic !== undefined) newest.set(topic, Math.max(position, newest.get(topic) ?? 0));
  };
  for (let entry = 0; entry < known.table.end; entry++) {
    // Owner 0 marks an entry that expired.
    if (known.table.owner(entry) === 0) continue;
    const position = known.table.position(entry);
    const input = Math.floor(position / POSITION_SHIFT);
    add(topology.inputs[input], position - input * POSITION_SHIFT + 1);
  }
  const quarantine = { topic: topology.topics.quarantine, partition };
  const { low, high } = await reader.watermarks(quarantine, READ_STALL_MS);
  await readTo(
    reader,
    [{ ...quarantine, offset: low, high }],
    (batch) => {
      for (let index = 0; index < batch.length; index++) {
        const headers = new Map(batch.headers(index)?.map(([name, value]) => [name, value.toString()]));
        add(headers.get("tu_topic"), Number(headers.get("tu_offset")) + 1);
      }
    },
    { now, stallMs: READ_STALL_MS },
  );
  return newest;
}

/** The largest event time of the known events. */
function newestTime({ known }: Task): number {
  let newest = NO_STREAM_TIME;
  for (let entry = 0; entry < known.table.end; entry++)
    if (known.table.owner(entry) !== 0) newest = Math.max(newest, known.table.time(entry));
  return newest;
}

function hasState({ known, stores }: Task): boolean {
  return known.table.size > 0 || stores.some((store) => store.size > 0);
}
