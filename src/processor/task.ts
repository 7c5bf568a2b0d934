import type { IdentityHasher } from "../domain/review/identity.ts";
import { EventOverlay } from "../domain/review/event-overlay.ts";
import { KnownEvents } from "../domain/review/known-events.ts";
import { VerdictBlockBuilder } from "../domain/review/verdict-block.ts";
import { type VerdictCounts, zeroCounts } from "../domain/review/verdict.ts";
import { digestText, isFirstVersion } from "./digest-text.ts";
import { CommittedStore, type StoreOverlay, StoreView } from "./store.ts";
import type { StoreSpec, Topology } from "./topology.ts";

/** No event time yet. */
export const NO_STREAM_TIME: number = -Infinity;

/**
 * The committed state of one partition of the topology: known events, stores, stream time, totals, and the next
 * offset of each input. It changes only by `apply`, after the commit has succeeded (EO-5).
 */
export class Task {
  readonly partition: number;
  readonly topology: Topology;
  readonly known: KnownEvents;
  readonly stores: readonly CommittedStore[];
  /** Next offset to read, by input index. */
  positions: number[];
  /** By input index: records before this offset were deleted before they were judged, and nobody waits for them. */
  readonly lostTo: number[];
  streamTime: number = NO_STREAM_TIME;
  counts: VerdictCounts = zeroCounts();
  /** Number of the last commit; 0: none yet. */
  commit = 0;
  /** The broker's ids of the inputs, by topic. */
  topicIds: ReadonlyMap<string, string> = new Map();
  /** False while state is being restored: its partitions are paused. */
  running = false;
  /** The first commit after an assignment makes us the owner in the offset metadata. */
  claimed = false;
  /** Clock of the last commit, ms. */
  committedAt: number = -Infinity;
  readonly #spareOverlays: EventOverlay[] = [];

  constructor(topology: Topology, partition: number, hasher: IdentityHasher) {
    this.topology = topology;
    this.partition = partition;
    const { retention } = topology.review;
    this.known = new KnownEvents(retention === "unbounded" ? null : retention.ms);
    this.stores = (topology.stores ?? []).map((spec) => new CommittedStore(spec, hasher));
    this.positions = topology.inputs.map(() => 0);
    this.lostTo = topology.inputs.map(() => 0);
  }

  /** Digest of the committed state, as the offset metadata carries it. */
  get digest(): string {
    return digestText(
      this.known.digest,
      this.stores.map((store) => store.digest),
    );
  }

  /** Whether a committed digest is this state's. One of the first version is compared in that version. */
  isDigest(committed: string): boolean {
    if (!isFirstVersion(committed)) return committed === this.digest;
    return committed === [this.known.legacyDigest, ...this.stores.map((store) => store.digest)].join(".");
  }

  /** An empty overlay; give it back with `recycle`. */
  overlay(): EventOverlay {
    return this.#spareOverlays.pop() ?? new EventOverlay();
  }

  recycle(overlay: EventOverlay): void {
    overlay.clear();
    this.#spareOverlays.push(overlay);
  }
}

/**
 * One transaction's view of one task: its own changes, on top of those of the transaction that is being committed
 * (`parent`), on top of the committed state. Dropping it undoes everything.
 */
export class Frame {
  readonly task: Task;
  readonly events: EventOverlay;
  readonly positions: number[];
  streamTime: number;
  readonly counts: VerdictCounts;
  /** The number that this transaction's commit has for the task. */
  readonly commit: number;
  /**
   * In the order of judgement: a new one whenever the input changes, so that the verdicts topic tells who came first, or
   * when one is full. Blocks of one input form a chain either way.
   */
  readonly blocks: VerdictBlockBuilder[] = [];
  /** Records judged in this transaction; must equal the sum of its verdicts (EO-1). */
  records = 0;
  parent: Frame | undefined;
  readonly #overlays = new Map<StoreSpec<unknown>, { overlay: StoreOverlay; view: StoreView }>();

  constructor(task: Task, parent: Frame | undefined) {
    this.task = task;
    this.parent = parent;
    this.events = task.overlay();
    const from = parent ?? task;
    this.positions = [...from.positions];
    this.streamTime = from.streamTime;
    this.counts = { ...from.counts };
    this.commit = from.commit + 1;
    for (const base of task.stores) {
      const overlay: StoreOverlay = new Map();
      const view = new StoreView(overlay, () => this.parent?.overlayOf(base.spec), base);
      this.#overlays.set(base.spec, { overlay, view });
    }
  }

  block(inputIndex: number, offset: number): VerdictBlockBuilder {
    const topic = this.task.topology.inputs[inputIndex]!;
    const last = this.blocks.at(-1);
    if (last?.topic === topic && !last.isFull) return last;
    return this.#newBlock(inputIndex, offset);
  }

  /** The position of an input moves on over what is no record, or no longer there; a block says so. */
  pass(inputIndex: number, position: number): void {
    if (position <= this.positions[inputIndex]!) return;
    const topic = this.task.topology.inputs[inputIndex]!;
    const last = this.blocks.findLast((block) => block.topic === topic) ?? this.#newBlock(inputIndex, position);
    last.passTo(position);
    this.positions[inputIndex] = position;
  }

  overlayOf(spec: StoreSpec<unknown>): StoreOverlay {
    return this.#of(spec).overlay;
  }

  view(spec: StoreSpec<unknown>): StoreView {
    return this.#of(spec).view;
  }

  #newBlock(inputIndex: number, offset: number): VerdictBlockBuilder {
    const { task } = this;
    const continuesFrom = this.positions[inputIndex]!;
    const lost = continuesFrom < task.lostTo[inputIndex]!;
    const topic = task.topology.inputs[inputIndex]!;
    const block = new VerdictBlockBuilder(topic, task.partition, continuesFrom, offset, lost);
    this.blocks.push(block);
    return block;
  }

  #of(spec: StoreSpec<unknown>): { overlay: StoreOverlay; view: StoreView } {
    const found = this.#overlays.get(spec);
    if (found === undefined)
      throw new RangeError(`store "${spec.name}" is not declared by topology "${this.task.topology.name}"`);
    return found;
  }
}
