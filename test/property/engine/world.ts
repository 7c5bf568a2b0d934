import type { Clock } from "../../../src/processor/clock.ts";
import type { Topology } from "../../../src/processor/index.ts";
import type { ModelBroker } from "../../../src/testing/index.ts";
import { Feed } from "./feed.ts";
import type { Fact } from "./reference.ts";
import { INPUTS, PARTITIONS, type Scenario } from "./scenario-types.ts";
import type { Storm } from "./storm.ts";
import { simulationTopology } from "./topology.ts";

/** What the parts of one simulated run share. */
export class World {
  readonly broker: ModelBroker;
  readonly scenario: Scenario;
  readonly random: () => number;
  readonly feed: Feed;
  readonly clock: Clock;
  readonly storm: Storm = { over: false };
  /** What broke. */
  readonly problems: string[] = [];
  #era: Era;

  constructor(broker: ModelBroker, scenario: Scenario, random: () => number) {
    this.broker = broker;
    this.scenario = scenario;
    this.random = random;
    this.#era = new Era(1, broker, scenario);
    this.feed = new Feed(broker, scenario, this.#era.groupId, random);
    this.clock = {
      now: () => broker.clock.now(),
      sleep: async (ms, signal) => {
        await broker.clock.wait(() => signal?.aborted === true, broker.clock.now() + ms);
      },
    };
  }

  get era(): Era {
    return this.#era;
  }

  /** The topology gets a new name and its processors a new group: they judge all input that there is. */
  rename(): void {
    this.#era = new Era(this.#era.number + 1, this.broker, this.scenario);
    this.feed.isJudgedBy(this.#era.groupId);
  }
}

/** One name of the topology, from its first processor on. */
export class Era {
  readonly number: number;
  readonly groupId: string;
  readonly topology: Topology<Fact>;
  /** Clean records of earlier eras, by partition. */
  readonly cleanFrom: readonly number[];
  /** Where each input begins, by topic and partition. */
  readonly #lows = new Map<string, number>();

  constructor(number: number, broker: ModelBroker, scenario: Scenario) {
    this.number = number;
    this.groupId = `sim${number}`;
    this.topology = simulationTopology(scenario, this.groupId);
    const clean = broker.readCommitted("out");
    this.cleanFrom = scenario.inputs.map(
      (_, partition) => clean.filter((record) => record.partition === partition).length,
    );
    for (const topic of INPUTS)
      for (let partition = 0; partition < PARTITIONS; partition++)
        this.#lows.set(`${topic}/${partition}`, broker.watermarks({ topic, partition }).low);
  }

  low(topic: string, partition: number): number {
    return this.#lows.get(`${topic}/${partition}`)!;
  }
}
