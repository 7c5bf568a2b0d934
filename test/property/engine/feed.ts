import { partitionFor } from "../../../src/domain/partition.ts";
import type { TopicPartition } from "../../../src/kafka/log.ts";
import type { ModelBroker } from "../../../src/testing/index.ts";
import type { Fact } from "./reference.ts";
import { INPUTS, PARTITIONS, type Scenario } from "./scenario-types.ts";

/** Of the records written while there are surplus partitions, so many go there. */
const SURPLUS_SHARE = 0.3;

/** A record where it stands; between records there are markers and aborted ones. */
export interface Placed {
  readonly offset: number;
  readonly fact: Fact;
}

/** The sources: they write the records of a scenario, and know where each one stands. */
export class Feed {
  readonly #broker: ModelBroker;
  readonly #scenario: Scenario;
  #groupId: string;
  readonly #random: () => number;
  readonly #next: number[];
  readonly #placed = new Map<string, Placed[]>();
  /** Ends the transactions that are open. */
  #open: (() => void)[] = [];
  /** An input that was judged has been made again: its group must not go on. */
  #mustBeRefused = false;
  /** Partitions that were added to an input, and whether anybody writes to them. */
  readonly #surplus: TopicPartition[] = [];
  #usesSurplus = false;
  /** Where records of surplus partitions came from, each as often as it was sent again. */
  readonly #resent: string[] = [];
  readonly #resentAt = new Set<string>();

  constructor(broker: ModelBroker, scenario: Scenario, groupId: string, random: () => number) {
    this.#broker = broker;
    this.#scenario = scenario;
    this.#groupId = groupId;
    this.#random = random;
    this.#next = scenario.inputs.map(() => 0);
  }

  /** From now on another group judges. */
  isJudgedBy(groupId: string): void {
    this.#groupId = groupId;
    this.#mustBeRefused = false;
  }

  placed(topic: string, partition: number): readonly Placed[] {
    return this.#placed.get(`${topic}/${partition}`) ?? [];
  }

  /** Writes so many records, or all that are left. */
  async write(count: number = Infinity): Promise<void> {
    const { inputs, compact, shortInputs } = this.#scenario;
    for (let written = 0; written < count; written++) {
      const open = this.#next.flatMap((at, partition) => (at < inputs[partition]!.length ? [partition] : []));
      if (open.length === 0) break;
      const partition = open[Math.floor(this.#random() * open.length)]!;
      const { fact, input, afterMs } = inputs[partition]![this.#next[partition]!++]!;
      this.#put(this.#placeFor(INPUTS[input]!, partition), fact);
      if (afterMs > 0) await this.#broker.clock.sleep(afterMs);
      if (compact && this.#random() < 0.05) this.#clean();
      if (shortInputs && this.#random() < 0.1) this.#deleteJudged();
    }
    this.#end();
  }

  /** The log cleaner comes by. A topology that got a new name has no topics until its first processor has made them. */
  #clean(): void {
    for (const topic of ["dedupe", "state.last", "state.totals"].map((name) => `${this.#groupId}.${name}`))
      if (this.#broker.exists(topic)) this.#broker.compact(topic);
  }

  /** Somebody adds partitions to an input. */
  grow(): void {
    const topic = INPUTS[Math.floor(this.#random() * INPUTS.length)]!;
    const count = PARTITIONS + 1 + Math.floor(this.#random() * 2);
    this.#broker.addPartitions(topic, count);
    for (let partition = PARTITIONS; partition < count; partition++) this.#surplus.push({ topic, partition });
  }

  /** From now on some sources know the partitions that were added. */
  useSurplus(): void {
    this.#usesSurplus = true;
  }

  /** Somebody deletes an input and makes it again. */
  remake(topic: string): void {
    this.#end();
    this.#broker.deleteTopic(topic);
    this.#broker.createTopic({ name: topic, partitions: PARTITIONS });
    for (const name of [...this.#placed.keys()].filter((each) => each.startsWith(`${topic}/`))) {
      this.#placed.delete(name);
      this.#mustBeRefused = true;
    }
  }

  /** Every source dies in a transaction: what it wrote becomes an aborted record and a marker, and nothing else comes. */
  die(): void {
    if (!this.#scenario.transactionalInputs) return;
    this.#everyInput((topic, partition) => {
      const aborted = { commits: false };
      const timestamp = this.#broker.clock.now();
      const log = this.#broker.partition({ topic, partition });
      log.append({ timestamp, key: null, value: null, headers: undefined }, aborted);
      log.appendMarker(aborted, timestamp);
      return true;
    });
    this.#broker.clock.changed();
  }

  /** Everything that was written has been judged. */
  isJudged(): boolean {
    this.#findResent();
    if (this.#mustBeRefused || this.#sentToSurplus().length > this.#resent.length) return false;
    return this.#everyInput((topic, partition, committed) => {
      const last = this.placed(topic, partition).at(-1);
      return last === undefined || committed > last.offset;
    });
  }

  /** The group's positions stand behind the last marker of every input. */
  isPassed(): boolean {
    return this.#everyInput(
      (topic, partition, committed) => committed === this.#broker.watermarks({ topic, partition }).high,
    );
  }

  /** Retention of inputs on which nothing has come for long. */
  deleteAll(): void {
    this.#everyInput((topic, partition) => {
      this.#broker.truncate(topic, partition, Infinity);
      return true;
    });
  }

  /** Each record of a surplus partition must have been sent again, once. */
  surplusProblems(): string[] {
    const [sent, resent] = [this.#sentToSurplus().toSorted().join(), this.#resent.toSorted().join()];
    return sent === resent ? [] : [`EO-2: sent again are ${resent}, expected ${sent}`];
  }

  #sentToSurplus(): string[] {
    return this.#surplus.flatMap(({ topic, partition }) =>
      this.placed(topic, partition).map(({ offset }) => `${topic}/${partition}/${offset}`),
    );
  }

  /** What came from surplus partitions is a record like others, and stands where its key belongs. */
  #findResent(): void {
    if (!this.#usesSurplus) return;
    for (const topic of INPUTS) {
      for (const { partition, offset, key, value, headers } of this.#broker.readCommitted(topic)) {
        const from = headers.find(([name]) => name === "tu_resent_from")?.[1].toString();
        const at = `${topic}/${partition}/${offset}`;
        if (from === undefined || this.#resentAt.has(at)) continue;
        this.#resentAt.add(at);
        const belongs = partition === partitionFor(key!, PARTITIONS) && from.startsWith(`${topic}/`);
        this.#resent.push(belongs ? from : `${from} to ${at}`);
        this.#place(topic, partition, offset, JSON.parse(value!.toString()));
      }
    }
  }

  #placeFor(topic: string, partition: number): TopicPartition {
    const known = this.#surplus.filter((place) => this.#usesSurplus && place.topic === topic);
    if (known.length === 0 || this.#random() >= SURPLUS_SHARE) return { topic, partition };
    return known[Math.floor(this.#random() * known.length)]!;
  }

  #everyInput(holds: (topic: string, partition: number, committed: number) => boolean): boolean {
    return this.#scenario.inputs.every((_, partition) =>
      INPUTS.every((topic) =>
        holds(topic, partition, this.#broker.committedOffset(this.#groupId, { topic, partition })?.offset ?? 0),
      ),
    );
  }

  #put({ topic, partition }: TopicPartition, fact: Fact): void {
    const random = this.#random;
    const log = this.#broker.partition({ topic, partition });
    const timestamp = this.#broker.clock.now();
    const record = {
      timestamp,
      key: Buffer.from(`k/${fact.key}`),
      value: Buffer.from(JSON.stringify(fact)),
      headers: undefined,
    };
    if (!this.#scenario.transactionalInputs) {
      this.#place(topic, partition, log.append(record, null), fact);
      return;
    }
    if (random() < 0.5) this.#end();
    if (random() < 0.2) {
      const aborted = { commits: false };
      log.append(record, aborted);
      log.appendMarker(aborted, timestamp);
    }
    const transaction = { commits: true };
    this.#place(topic, partition, log.append(record, transaction), fact);
    this.#open.push(() => log.appendMarker(transaction, this.#broker.clock.now()));
  }

  #place(topic: string, partition: number, offset: number, fact: Fact): void {
    const name = `${topic}/${partition}`;
    const all = [...this.placed(topic, partition), { offset, fact }];
    this.#placed.set(
      name,
      all.toSorted((a, b) => a.offset - b.offset),
    );
    this.#broker.clock.changed();
  }

  #end(): void {
    for (const end of this.#open) end();
    this.#open = [];
    this.#broker.clock.changed();
  }

  #deleteJudged(): void {
    // What was sent again is known by where it stood.
    this.#findResent();
    this.#everyInput((topic, partition, committed) => {
      this.#broker.truncate(topic, partition, committed);
      return true;
    });
  }
}
