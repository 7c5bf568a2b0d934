import { FatalError, FencedError, RetryableError } from "../../../src/domain/errors.ts";
import { rebuildState } from "../../../src/processor/rebuild.ts";
import { resendSurplus } from "../../../src/processor/surplus.ts";
import { ModelLog } from "../../../src/testing/index.ts";
import type { Crew } from "./crew.ts";
import type { Calamity } from "./scenario-types.ts";
import type { World } from "./world.ts";

const KILLS_MAX = 3;
const TRIES_MAX = 10;

interface Remedy {
  readonly name: string;
  readonly says: RegExp;
  readonly calamities: readonly Calamity[];
  readonly act: (operator: Operator) => Promise<void>;
}

const REMEDIES: readonly Remedy[] = [
  {
    name: "rebuild",
    says: /^state is corrupt: .*(are gone, those of the other inputs are there|but no committed offset)/,
    calamities: ["some offsets", "all offsets", "input made again"],
    act: (operator) => operator.rebuild(),
  },
  {
    name: "rename",
    says: /^topic \w+ was deleted and made again/,
    calamities: ["input made again"],
    act: (operator) => operator.rename(),
  },
  {
    name: "resend",
    says: /records outside the \d+ partitions/,
    calamities: ["partitions added"],
    act: (operator) => operator.resend(),
  },
];

/** Does what the processors ask for, as their messages say it, and only what the scenario's calamity may ask for. */
export class Operator {
  readonly #world: World;
  /** The processes that are to be stopped and started. */
  crew: Crew | undefined;
  /** What was done, in order. */
  readonly acts: string[] = [];
  #work: Promise<boolean> | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  /** False for an error that this scenario must not bring. */
  async mend(error: unknown): Promise<boolean> {
    this.#work ??= this.#act(error).finally(() => {
      this.#work = undefined;
    });
    return await this.#work;
  }

  async #act(error: unknown): Promise<boolean> {
    if (!(error instanceof FatalError)) return false;
    const { calamity } = this.#world.scenario;
    const remedy = REMEDIES.find(({ says, calamities }) => calamities.includes(calamity) && says.test(error.message));
    if (remedy === undefined || this.acts.length > TRIES_MAX) return false;
    this.acts.push(remedy.name);
    try {
      await remedy.act(this);
      return true;
    } catch (next) {
      // One remedy may lead to another: a rebuild says that an input was made again.
      const isMended = await this.#act(next);
      if (!isMended) this.#world.problems.push(`${remedy.name} ended with ${String(next)}`);
      return isMended;
    }
  }

  async rebuild(): Promise<void> {
    const { clock, era } = this.#world;
    this.crew!.hold();
    await this.#tool("rebuild", (log) =>
      rebuildState({
        log,
        topology: era.topology,
        groupId: era.groupId,
        clock,
        incarnation: log.clientId,
        onProgress: () => undefined,
      }),
    );
    this.crew!.release();
  }

  rename(): Promise<void> {
    this.crew!.hold();
    this.#world.rename();
    this.crew!.release();
    return Promise.resolve();
  }

  /** Processors may run meanwhile. */
  async resend(): Promise<void> {
    const { clock, era } = this.#world;
    await this.#tool("resend", (log) =>
      resendSurplus({ log, topology: era.topology, groupId: era.groupId, clock, onProgress: () => undefined }),
    );
  }

  /** Runs a command until it succeeds: it may be killed at any moment. */
  async #tool(name: string, run: (log: ModelLog) => Promise<unknown>): Promise<void> {
    const { broker } = this.#world;
    for (let life = 0; ; life++) {
      const log = new ModelLog(broker, { clientId: `${name}.${life}` });
      const spare = life < KILLS_MAX ? this.#killSometimes(log) : (): void => undefined;
      try {
        await run(log);
        return;
      } catch (error) {
        const isHopeless = life >= TRIES_MAX || !(error instanceof RetryableError || error instanceof FencedError);
        if (!log.isKilled && isHopeless) throw error;
        await broker.clock.sleep(1_000);
      } finally {
        spare();
      }
    }
  }

  #killSometimes(log: ModelLog): () => void {
    const { broker, scenario, random } = this.#world;
    if (scenario.killTools === 0) return () => undefined;
    const removes = (["*", "append"] as const).map((operation) =>
      broker.faults.before(operation, ({ client }) => {
        if (client.clientId === log.clientId && random() < scenario.killTools) client.kill();
      }),
    );
    return () => {
      for (const remove of removes) remove();
    };
  }
}
