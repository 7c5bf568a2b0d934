import { ReplacedError } from "../../../src/domain/errors.ts";
import { runProcessor } from "../../../src/processor/index.ts";
import { ModelKilledError } from "../../../src/testing/index.ts";
import { freezeSometimes, RevocationKilledLog } from "./storm.ts";
import { type Watch, watchStateNotAhead } from "./watches.ts";
import type { World } from "./world.ts";

/** Asks the operator for what a processor that stopped for good says; false: it should not have stopped. */
export type Ask = (error: unknown) => Promise<boolean>;

/** The processes of a run. Each is started again whenever it dies, unless a newer one has taken its place. */
export class Crew {
  readonly #world: World;
  readonly #ask: Ask;
  readonly #stop = new AbortController();
  readonly #kills = new Set<() => void>();
  readonly #replaced: string[] = [];
  readonly #watches = new Map<string, Watch>();
  #processes: Promise<void>[] = [];
  #isHeld = false;

  constructor(world: World, ask: Ask) {
    this.#world = world;
    this.#ask = ask;
  }

  start(): void {
    const { processes, twin } = this.#world.scenario;
    this.#processes = Array.from({ length: processes }, (_, index) => this.#run(`p${index}`, `p${index}`, index));
    // Somebody starts a second process by hand and does not think of its name.
    if (twin) this.#processes.push(this.#run("twin", "p0", 2));
  }

  /** Rejects with what ended a process that should live. */
  async failed(): Promise<never> {
    return await Promise.race(this.#processes.map((each) => each.then(() => new Promise<never>(() => undefined))));
  }

  /** Processes have instance ids of their own, or of two with one the older has ended. */
  isSingle(): boolean {
    return this.#replaced.length === (this.#world.scenario.twin ? 1 : 0);
  }

  kill(): void {
    for (const kill of this.#kills) kill();
  }

  /** Nobody runs until `release`. */
  hold(): void {
    this.#isHeld = true;
    this.kill();
  }

  release(): void {
    this.#isHeld = false;
    this.#world.broker.clock.changed();
  }

  stop(): Promise<unknown> {
    this.#stop.abort();
    return Promise.all(this.#processes);
  }

  async #run(name: string, instanceId: string, index: number): Promise<void> {
    const { broker, random } = this.#world;
    // Later members take partitions over from living ones, whose last markers may still be on their way.
    if (index > 0) await broker.clock.sleep(Math.floor(random() * 1_500));
    // One after the other, so that partitions are handed over while records come.
    await broker.clock.sleep(index * Math.floor(random() * 2_000));
    const { signal } = this.#stop;
    for (let life = 0; !signal.aborted; life++) {
      await broker.clock.wait(() => !this.#isHeld || signal.aborted, Infinity);
      if (await this.#live(`${name}.${life}`, instanceId)) return;
    }
  }

  /** One life of a process; true: there is no other. */
  async #live(clientId: string, instanceId: string): Promise<boolean> {
    const { broker, scenario, random, storm, clock, era } = this.#world;
    const log = new RevocationKilledLog(broker, clientId, scenario.killInRevocation, random, storm);
    const kill = (): void => log.kill();
    this.#kills.add(kill);
    const thaw = freezeSometimes(broker, log, scenario, random, storm);
    const watch = this.#watch(era.groupId);
    try {
      await runProcessor({
        log,
        topology: era.topology,
        groupId: era.groupId,
        instanceId,
        incarnation: log.clientId,
        stateDir: "unused",
        skipProbe: true,
        signal: this.#stop.signal,
        clock,
        commitIntervalMs: 20,
        commitMaxRecords: scenario.commitMaxRecords,
        onCommitted: (partition, position) => watch(log.clientId, partition, position),
      });
      return true;
    } catch (error) {
      if (error instanceof ReplacedError) {
        this.#replaced.push(log.clientId);
        return true;
      }
      if (error instanceof ModelKilledError || log.isKilled)
        await broker.clock.sleep(Math.floor(random() * (random() < 0.5 ? 100 : 5_000)));
      else if (!(await this.#ask(error))) throw error;
      return false;
    } finally {
      this.#kills.delete(kill);
      thaw();
    }
  }

  #watch(groupId: string): Watch {
    const known = this.#watches.get(groupId) ?? watchStateNotAhead(this.#world, groupId);
    this.#watches.set(groupId, known);
    return known;
  }
}
