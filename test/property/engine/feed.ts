import type { ModelBroker } from "../../../src/testing/index.ts";
import type { Fact } from "./reference.ts";
import { INPUTS, type Scenario } from "./scenario-types.ts";

/** A record where it stands; between records there are markers and aborted ones. */
export interface Placed {
  readonly offset: number;
  readonly fact: Fact;
}

/** The sources: they write the records of a scenario, and know where each one stands. */
export class Feed {
  readonly #broker: ModelBroker;
  readonly #scenario: Scenario;
  readonly #groupId: string;
  readonly #random: () => number;
  readonly #next: number[];
  readonly #placed = new Map<string, Placed[]>();
  /** Ends the transactions that are open. */
  #open: (() => void)[] = [];

  constructor(broker: ModelBroker, scenario: Scenario, groupId: string, random: () => number) {
    this.#broker = broker;
    this.#scenario = scenario;
    this.#groupId = groupId;
    this.#random = random;
    this.#next = scenario.inputs.map(() => 0);
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
      this.#put(INPUTS[input]!, partition, fact);
      if (afterMs > 0) await this.#broker.clock.sleep(afterMs);
      if (compact && this.#random() < 0.05)
        for (const topic of ["sim.dedupe", "sim.state.last", "sim.state.totals"]) this.#broker.compact(topic);
      if (shortInputs && this.#random() < 0.1) this.#deleteJudged();
    }
    this.#end();
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

  #everyInput(holds: (topic: string, partition: number, committed: number) => boolean): boolean {
    return this.#scenario.inputs.every((_, partition) =>
      INPUTS.every((topic) =>
        holds(topic, partition, this.#broker.committedOffset(this.#groupId, { topic, partition })?.offset ?? 0),
      ),
    );
  }

  #put(topic: string, partition: number, fact: Fact): void {
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
    this.#placed.set(name, [...this.placed(topic, partition), { offset, fact }]);
    this.#broker.clock.changed();
  }

  #end(): void {
    for (const end of this.#open) end();
    this.#open = [];
    this.#broker.clock.changed();
  }

  #deleteJudged(): void {
    this.#everyInput((topic, partition, committed) => {
      this.#broker.truncate(topic, partition, committed);
      return true;
    });
  }
}
